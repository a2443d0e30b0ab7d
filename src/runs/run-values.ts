import type { ExpressionLanguage, ExpressionValues } from '../definitions/expressions/language.ts'
import type { Json } from '../definitions/container.ts'
import type { Run } from './run.ts'

/** What expressions need beside the run. */
export interface RunExpressions {
  language: ExpressionLanguage
  /** The Repository's, for a run that is not pinned yet: one that is has its own. */
  vars: Readonly<Record<string, string>>
  /** The followed branch. */
  branch: string
}

/** Values of the variables that are known for the whole of a run. `end` is what it has come to, once its steps have ended. */
export function runValues(
  { metadata, spec, status }: Pick<Run, 'metadata' | 'spec' | 'status'>,
  params: Readonly<Record<string, unknown>>,
  { vars, branch }: RunExpressions,
  end: Record<'result' | 'reason' | 'message', Json> | null = null,
): ExpressionValues {
  const { workflow, commit, trigger } = spec
  const run = { name: metadata.name, workflow, commit, ...end }
  return { params, vars: status?.vars ?? vars, trigger, run, repository: { name: spec.repository, namespace: metadata.namespace, branch } }
}

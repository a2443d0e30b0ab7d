import { formatTimestamp } from '../clock.ts'
import type { Context } from '../context.ts'
import type { Evaluated } from '../definitions/expressions/language.ts'
import { renderText } from '../definitions/expressions/render.ts'
import { scopeAt } from '../definitions/expressions/scope.ts'
import type { RunDefinition, Workflow } from '../definitions/workflow.ts'
import { GitError } from '../git/ports.ts'
import { initialSteps } from '../runs/plan-run.ts'
import { factsOf } from '../runs/plan/expressions.ts'
import type { Run, RunStatus, StoredRun } from '../runs/run.ts'
import type { RunExpressions } from '../runs/run-values.ts'
import { runValues } from '../runs/run-values.ts'
import { resolveParams } from '../triggers/params.ts'
import { definitionsAt } from './look.ts'
import type { RepositoryState } from './repository.ts'

/** The first status of a run: its definition as it stands at its commit. Without one the run ends at once. Throws while git is away. */
export async function pinDefinition(context: Context, state: RepositoryState, expressions: RunExpressions, run: StoredRun): Promise<RunStatus> {
  const nowMs = context.clock.now()
  const { workflow: name, commit } = run.spec
  const version = state.versions?.workflows.get(name)
  if (version?.commit === commit) return pinnedStatus(version.definition, run, expressions, nowMs)
  try {
    const definitions = await definitionsAt(state, commit)
    const workflow = definitions.workflows.find((one) => one.name === name)
    if (workflow !== undefined) return pinnedStatus(workflow, run, expressions, nowMs)
    const invalid = definitions.invalidWorkflows.includes(name)
    return endedStatus(nowMs, 'DefinitionInvalid', `workflow ${name} ${invalid ? 'is invalid' : 'does not exist'} at ${commit}`)
  } catch (error) {
    // Whatever may pass is waited for: only a commit that is gone for good ends the run.
    if (!(error instanceof GitError && error.kind === 'ObjectNotFound')) throw error
    return endedStatus(nowMs, 'DefinitionUnavailable', error.message)
  }
}

/** The first status of a run of this workflow, which waits to be admitted; a run without what the params ask for ends at once. */
export function pinnedStatus(workflow: Workflow, run: StoredRun, expressions: RunExpressions, nowMs: number): RunStatus {
  const params = resolveParams(workflow.params, run.spec.params)
  if (params.kind === 'Invalid') return endedStatus(nowMs, 'InvalidParams', params.problems.join('; '))
  const definition = runDefinition(workflow)
  const group = groupTextOf(workflow, run, params.values, expressions)
  if (group.kind === 'Failed') return endedStatus(nowMs, 'ExpressionFailed', `concurrency.group: ${group.message}`)
  return {
    phase: 'Pending',
    definition,
    ...(group.value === '' ? {} : { group: group.value }),
    params: params.values,
    vars: expressions.vars,
    steps: initialSteps(definition, run.spec),
  }
}

/** What `concurrency.group` comes to for a run with these params; '' where there is none. */
export function groupTextOf(
  workflow: Pick<Workflow, 'concurrency' | 'params' | 'steps' | 'finally'>,
  run: Pick<Run, 'metadata' | 'spec'>,
  params: Readonly<Record<string, unknown>>,
  expressions: RunExpressions,
): Evaluated<string> {
  const { group } = workflow.concurrency
  if (group === null) return { kind: 'Value', value: '' }
  const scope = scopeAt({ kind: 'Run' }, factsOf(workflow))
  return renderText(group, { language: expressions.language, scope, values: runValues(run, params, expressions) })
}

/** What of a workflow a run carries. */
function runDefinition(workflow: Workflow): RunDefinition {
  const { labels, params, timeoutSeconds, retention, failFast, maxParallel, concurrency, steps, finally: last } = workflow
  return { labels, params, timeoutSeconds, retention, failFast, maxParallel, concurrency, steps, finally: last }
}

function endedStatus(nowMs: number, reason: string, message: string): RunStatus {
  return { phase: 'Finished', steps: [], startedAt: formatTimestamp(nowMs), finishedAt: formatTimestamp(nowMs), result: 'Failed', reason, message }
}

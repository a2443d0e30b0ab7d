import { formatTimestamp } from '../clock.ts'
import type { Context } from '../context.ts'
import type { RunDefinition, Workflow } from '../definitions/workflow.ts'
import { GitError } from '../git/ports.ts'
import { initialSteps } from '../runs/plan-run.ts'
import type { RunStatus, StoredRun } from '../runs/run.ts'
import { resolveParams } from '../triggers/params.ts'
import { definitionsAt } from './look.ts'
import type { RepositoryState } from './repository.ts'

/** The first status of a run: its definition as it stands at its commit. Without one the run ends at once. Throws while git is away. */
export async function pinDefinition(context: Context, state: RepositoryState, run: StoredRun): Promise<RunStatus> {
  const nowMs = context.clock.now()
  const { workflow: name, commit } = run.spec
  const version = state.versions?.workflows.get(name)
  if (version?.commit === commit) return pinnedStatus(version.definition, run, nowMs)
  try {
    const definitions = await definitionsAt(state, commit)
    const workflow = definitions.workflows.find((one) => one.name === name)
    if (workflow !== undefined) return pinnedStatus(workflow, run, nowMs)
    const invalid = definitions.invalidWorkflows.includes(name)
    return endedStatus(nowMs, 'DefinitionInvalid', `workflow ${name} ${invalid ? 'is invalid' : 'does not exist'} at ${commit}`)
  } catch (error) {
    // Whatever may pass is waited for: only a commit that is gone for good ends the run.
    if (!(error instanceof GitError && error.kind === 'ObjectNotFound')) throw error
    return endedStatus(nowMs, 'DefinitionUnavailable', error.message)
  }
}

/** The first status of a run of this workflow; a run without what the params ask for ends at once. */
export function pinnedStatus(workflow: Workflow, run: StoredRun, nowMs: number): RunStatus {
  const params = resolveParams(workflow.params, run.spec.params)
  if (params.kind === 'Invalid') return endedStatus(nowMs, 'InvalidParams', params.problems.join('; '))
  const definition = runDefinition(workflow)
  return { phase: 'Running', definition, params: params.values, steps: initialSteps(definition), startedAt: formatTimestamp(nowMs) }
}

/** What of a workflow a run carries. */
function runDefinition(workflow: Workflow): RunDefinition {
  const { labels, params, timeoutSeconds, retention, failFast, maxParallel, steps, finally: last } = workflow
  return { labels, params, timeoutSeconds, retention, failFast, maxParallel, steps, finally: last }
}

function endedStatus(nowMs: number, reason: string, message: string): RunStatus {
  return { phase: 'Finished', steps: [], startedAt: formatTimestamp(nowMs), finishedAt: formatTimestamp(nowMs), result: 'Failed', reason, message }
}

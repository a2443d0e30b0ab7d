import type { Context } from '../context.ts'
import { planCarryOver } from '../runs/plan-rerun.ts'
import type { StoredRun, Trigger } from '../runs/run.ts'
import { isHistoryFull } from './records.ts'
import type { RepositoryState, Wake } from './repository.ts'
import { startRun } from './repository.ts'

/** What came of the wish for a rerun. */
export type RerunAnswer =
  { kind: 'Created' | 'Exists'; run: StoredRun } | { kind: 'Refused'; reason: 'NotFinished' | 'NotBegun' | 'NothingFailed' | 'Full'; message: string }

/**
 * Runs a finished run again: at its commit, with its params, as a Run of its own that names it. With `failedOnly` what succeeded is taken over
 * with its results. The Run exists before the answer; the same key is the same rerun.
 */
export async function rerun(
  context: Context,
  state: RepositoryState,
  run: StoredRun,
  wish: { trigger: Extract<Trigger, { kind: 'Rerun' }>; failedOnly: boolean },
  wake: Wake,
): Promise<RerunAnswer> {
  const { name } = run.metadata
  const { status, spec } = run
  if (status?.phase !== 'Finished') return { kind: 'Refused', reason: 'NotFinished', message: `run ${name} has not finished: cancel it first` }
  const { definition } = status
  if (wish.failedOnly && definition === undefined) {
    return { kind: 'Refused', reason: 'NotBegun', message: `run ${name} has never begun, it has no steps to take over: run all of it again` }
  }
  if (wish.failedOnly && status.result === 'Succeeded') {
    return { kind: 'Refused', reason: 'NothingFailed', message: `run ${name} succeeded, nothing of it failed: run all of it again` }
  }
  if (await isHistoryFull(context, state))
    return { kind: 'Refused', reason: 'Full', message: 'too many finished runs wait for their record: try again later' }
  const carriedOver = wish.failedOnly && definition !== undefined ? planCarryOver(definition, status.steps) : []
  const request = { workflow: spec.workflow, commit: spec.commit, trigger: wish.trigger, params: spec.params, rerunOf: name, carriedOver }
  const { kind, object } = await startRun(context, state, request, wake)
  return { kind, run: object }
}

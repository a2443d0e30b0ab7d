import type { Context } from '../context.ts'
import type { StoredRun } from '../runs/run.ts'
import { updateCursors, withCondition } from './cursors.ts'
import type { RepositoryState } from './repository.ts'
import { noteProblem } from './repository.ts'

/** With this many finished Runs waiting for their record nothing new is started. */
const MOST_WAITING = 2000

/** What may not start for this reason is looked at again after this long. */
export const FULL_RETRY_MS = 10_000

/**
 * Whether so many Runs wait for their record that nothing new may start. Says so, in a condition too, when that changes. `known` are all Runs if they were
 * just read. What had begun to start several runs before goes on: as long as no cursor vouches for those, they have no record either.
 */
export async function isHistoryFull(context: Context, state: RepositoryState, known?: readonly StoredRun[]): Promise<boolean> {
  const { ref } = state.followed.settings
  const runs = known ?? (await context.runs.listRuns({ namespace: ref.namespace, repository: ref.name }))
  const waiting = runs.filter(isWaiting).length
  const isFull = waiting >= MOST_WAITING
  const message = isFull ? `${waiting} finished runs wait for their record: nothing new starts until they are on the status branch` : ''
  if (isFull !== state.problems.has('full')) {
    noteProblem(state, 'full', isFull ? 'full' : null, () => {
      context.report({ kind: 'HistoryFailed', repository: state.key, reason: 'HistoryFull', message })
    })
    const condition = { type: 'HistoryFull', status: isFull ? 'True' : 'False', reason: isFull ? 'TooManyWaiting' : 'Written', message } as const
    await updateCursors(context, ref, (current) => ({ ...current, conditions: withCondition(current.conditions, condition, context.clock.now()) }))
  }
  return isFull
}

/** Whether a run has finished, and its record is not known to be on the status branch. */
export function isWaiting(run: StoredRun): boolean {
  return run.status?.phase === 'Finished' && run.status.recorded === undefined
}

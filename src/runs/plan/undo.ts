import type { RunHalt } from '../run.ts'
import type { Board, Entry } from './board.ts'
import { entriesOf, newEntry, replaceEntries } from './board.ts'
import { cancellationOf, haltSteps } from './halt.ts'
import { NOTHING_TO_DO } from './expand.ts'
import { startReady } from './start.ts'

/** Lays out the undos of a run that failed or timed out: one behind each step that succeeded and can be undone. */
export function layOutUndos(board: Board): void {
  const { outcome } = board.plan.status
  if (outcome?.result !== 'Failed' && outcome?.result !== 'TimedOut') return
  for (const entry of entriesOf(board, 'Step')) {
    const { name, result, reason } = entry.status
    if (result !== 'Succeeded' || entry.step.undo === null) continue
    // A list without items: nothing has been done that could be undone.
    if (reason === NOTHING_TO_DO) continue
    replaceEntries(board, entry, [entry, newEntry(board, { name, kind: 'Undo', state: 'Waiting', attempts: [] }, entry.step)])
    // Whether there are undos must be known before the first begins: a cancellation in between would forget it.
    board.plan.storeFirst = true
  }
}

/** Runs the undos one after the other, the step that ended last first. A failing one does not keep the others; a cancellation does. Returns whether all have ended. */
export function runUndos(board: Board, undos: readonly Entry[]): boolean {
  const cancellation: RunHalt | undefined = undos.every(({ status }) => status.state === 'Ended') ? undefined : cancellationOf(board)
  if (cancellation !== undefined) {
    haltSteps(board, undos, { ...cancellation, result: 'Cancelled' })
    Object.assign(board.plan.status, { halt: cancellation, outcome: { ...board.plan.status.outcome, ...cancellation } })
  }
  const next = latestFirst(board, undos).find(({ status }) => status.state !== 'Ended')
  if (next?.status.state === 'Waiting') startReady(board, [next])
  return undos.every(({ status }) => status.state === 'Ended')
}

function latestFirst({ entries }: Board, undos: readonly Entry[]): Entry[] {
  const endOf = (undo: Entry): string => entries[entries.indexOf(undo) - 1]?.status.finishedAt ?? ''
  return [...undos].reverse().sort((one, other) => (endOf(one) === endOf(other) ? 0 : endOf(one) < endOf(other) ? 1 : -1))
}

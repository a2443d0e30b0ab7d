import { parseTimestamp } from '../../clock.ts'
import type { RunHalt, StepStop } from '../run.ts'
import type { Board, Entry } from './board.ts'
import { endStep, stopEntry } from './board.ts'

/** Notes why the whole run is to end early, if it is: a cancellation counts for more than a time-out. */
export function decideHalt(board: Board, entries: readonly Entry[]): void {
  const { status } = board.plan
  if (status.halt?.result === 'Cancelled') return
  const halt = cancellationOf(board) ?? status.halt ?? timeoutOf(board, entries)
  if (halt !== undefined) status.halt = halt
}

/** Whoever is told to end once its steps have ended, while it is undone or in its `finally` steps, ends Cancelled all the same. */
export function cancelOutcome(board: Board): void {
  const { status } = board.plan
  const cancellation = status.outcome === undefined || status.outcome.result === 'Cancelled' ? undefined : cancellationOf(board)
  if (cancellation !== undefined) Object.assign(status, { halt: cancellation, outcome: { ...status.outcome, ...cancellation } })
}

/** Stops what runs, skips what waits. */
export function haltSteps(board: Board, entries: readonly Entry[], stop: StepStop): void {
  for (const entry of entries) {
    if (entry.status.state === 'Waiting') endStep(board, entry, { ...stop, result: 'Skipped' })
    if (entry.status.state === 'Running') stopEntry(board, entry, stop)
  }
}

/** When the whole run is over time; null for never. */
export function runDeadlineMs({ run, definition }: Board): number | null {
  return definition.timeoutSeconds === null ? null : parseTimestamp(run.metadata.creationTimestamp) + definition.timeoutSeconds * 1000
}

/** Why somebody wants the run to end; undefined while nobody does. */
function cancellationOf({ run }: Board): RunHalt | undefined {
  if (run.metadata.deletionTimestamp !== undefined) return { result: 'Cancelled', reason: 'RunDeleted', message: 'the Run was deleted' }
  if (run.spec.cancel === undefined) return undefined
  const { by, reason, word } = run.spec.cancel
  return { result: 'Cancelled', reason: word ?? 'RunCancelled', message: word === undefined ? `cancelled by ${by}: ${reason}` : reason }
}

function timeoutOf(board: Board, entries: readonly Entry[]): RunHalt | undefined {
  const deadlineMs = runDeadlineMs(board)
  if (deadlineMs === null || board.nowMs < deadlineMs) return undefined
  if (entries.every(({ status }) => status.state === 'Ended')) return undefined
  return { result: 'TimedOut', reason: 'RunTimedOut', message: `the run took longer than its ${board.definition.timeoutSeconds ?? 0}s` }
}

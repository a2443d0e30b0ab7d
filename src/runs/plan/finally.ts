import { parseTimestamp } from '../../clock.ts'
import type { Board, Entry } from './board.ts'
import { entriesOf } from './board.ts'
import { cancelSteps } from './cancel-steps.ts'
import { haltSteps } from './halt.ts'
import { start } from './start.ts'

/** All `finally` steps together get this long from the first one's start: waiting for a free place among other runs' steps costs them nothing. */
const FINALLY_LIMIT_MS = 10 * 60_000

/** Moves the `finally` steps on; returns whether all have ended. */
export function runFinally(board: Board): boolean {
  const entriesNow = (): Entry[] => entriesOf(board, 'Finally')
  const overdue = board.nowMs >= (finallyDeadlineMs(entriesNow()) ?? Infinity)
  if (overdue) haltSteps(board, entriesNow(), { result: 'Failed', reason: 'Timeout', message: 'the finally steps together ran longer than 10m' })
  cancelSteps(board, entriesNow())
  start(board, entriesNow)
  return entriesNow().every(({ status }) => status.state === 'Ended')
}

/** When the `finally` steps are over time; null before the first has started. */
export function finallyDeadlineMs(entries: readonly Entry[]): number | null {
  const starts = entries.flatMap(({ status }) => (status.startedAt === undefined ? [] : [parseTimestamp(status.startedAt)]))
  return starts.length === 0 ? null : Math.min(...starts) + FINALLY_LIMIT_MS
}

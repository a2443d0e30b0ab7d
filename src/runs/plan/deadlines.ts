import { parseTimestamp } from '../../clock.ts'
import type { Board } from './board.ts'
import { entriesOf } from './board.ts'
import { finallyDeadlineMs } from './finally.ts'
import { runDeadlineMs } from './halt.ts'

/** When something ends by itself even if nothing happens; null for never. */
export function nextDeadlineMs(board: Board): number | null {
  const steps = board.entries.map(({ status, step }) => {
    if (status.state !== 'Running' || status.startedAt === undefined || step.timeoutSeconds === null) return null
    return parseTimestamp(status.startedAt) + step.timeoutSeconds * 1000
  })
  const isOver = board.plan.status.outcome !== undefined
  const whole = isOver ? finallyDeadlineMs(entriesOf(board, 'Finally')) : runDeadlineMs(board)
  const future = [...steps, whole].filter((time) => time !== null && time > board.nowMs) as number[]
  return future.length === 0 ? null : future.reduce((least, time) => Math.min(least, time))
}

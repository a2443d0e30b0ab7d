import { startDeadlineMs } from '../observe-step.ts'
import { stepDeadlineMs } from '../step-deadline.ts'
import { approvalDeadlineMs } from './approve.ts'
import type { Board, Entry } from './board.ts'
import { entriesOf } from './board.ts'
import { finallyDeadlineMs } from './finally.ts'
import { runDeadlineMs } from './halt.ts'

/** When something ends by itself even if nothing happens; null for never. */
export function nextDeadlineMs(board: Board): number | null {
  const isOver = board.plan.status.outcome !== undefined
  const whole = isOver ? finallyDeadlineMs(entriesOf(board, 'Finally')) : runDeadlineMs(board)
  const all = [whole, ...board.entries.filter(({ status }) => status.state === 'Running').flatMap(deadlinesOf)]
  const future = all.filter((time) => time !== null && time > board.nowMs) as number[]
  return future.length === 0 ? null : future.reduce((least, time) => Math.min(least, time))
}

function deadlinesOf(entry: Entry): (number | null)[] {
  const { status, step, observation } = entry
  if (step.work.kind === 'Approval' && status.kind !== 'Undo') return [approvalDeadlineMs(entry)]
  return [stepDeadlineMs(status, step.timeoutSeconds), observation === null ? null : startDeadlineMs(status, observation, step.startTimeoutSeconds)]
}

import { observeStep } from '../observe-step.ts'
import type { Board, Entry } from './board.ts'
import { readLog } from './board.ts'

/** Takes over what the cluster shows of a step's Job. */
export function observe(board: Board, entry: Entry): void {
  const { status, observation, step } = entry
  if (status.state === 'Ended' || status.kind === 'Join' || status.kind === 'Approval') return
  const before = status.state
  const decided = observeStep(status, observation, { nowMs: board.nowMs, timeoutSeconds: step.timeoutSeconds })
  if (observation === null) return
  if (decided.readLog) readLog(board.plan, status, observation.job)
  const isUntold = before !== 'Stopping' || observation.job.metadata.deletionTimestamp === undefined
  if (status.state === 'Stopping' && isUntold) board.plan.stop.push(observation.job)
}

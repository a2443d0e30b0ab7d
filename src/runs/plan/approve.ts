import { formatTimestamp, parseTimestamp } from '../../clock.ts'
import type { Board, Entry } from './board.ts'
import { endStep } from './board.ts'

/** Moves an approval on whose dependencies hold: it waits until somebody approves, or its time is over. Returns whether anything has changed. */
export function settleApproval(board: Board, entry: Entry): boolean {
  const { status, step } = entry
  const before = status.state
  if (before === 'Waiting') Object.assign(status, { state: 'Running', startedAt: formatTimestamp(board.nowMs) })
  const deadlineMs = approvalDeadlineMs(entry) ?? Infinity
  // One that comes too late counts for nothing: a pass before a crash may have gone on without it.
  const approval = board.run.spec.approvals?.find((one) => one.step === status.name && parseTimestamp(one.at) < deadlineMs)
  if (approval !== undefined) {
    status.results = { approvedBy: approval.by, approvedAt: approval.at }
    endStep(board, entry, { result: 'Succeeded', reason: 'Approved', message: `approved by ${approval.by}` })
  } else if (board.nowMs >= deadlineMs) {
    const seconds = step.work.kind === 'Approval' ? step.work.timeoutSeconds : null
    endStep(board, entry, { result: 'Failed', reason: 'Timeout', message: `nobody approved within ${seconds}s` })
  }
  return status.state !== before
}

/** When an approval that waits is given up; null for never. */
export function approvalDeadlineMs({ status, step }: Entry): number | null {
  if (step.work.kind !== 'Approval' || status.state !== 'Running' || status.startedAt === undefined || step.work.timeoutSeconds === null) return null
  return parseTimestamp(status.startedAt) + step.work.timeoutSeconds * 1000
}

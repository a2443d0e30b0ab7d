import type { Board, Entry } from './plan/board.ts'
import { entriesOf } from './plan/board.ts'
import type { RunResult, RunStatus } from './run.ts'

/** What a run has come to. */
export interface Outcome {
  result: RunResult
  reason: string
  message: string
}

/** What the steps came to: Cancelled, else TimedOut, else Failed if any step failed that may not, else Succeeded. */
export function outcomeOf(board: Board): Outcome {
  const { halt } = board.plan.status
  if (halt !== undefined) return halt
  const failed = firstFailure(entriesOf(board, 'Step', 'Join', 'Approval'))
  return failed === undefined ? { result: 'Succeeded', reason: 'Completed', message: '' } : failureOf(failed)
}

/** The end of the run: a failing `finally` step turns Succeeded into Failed and leaves every other result. */
export function concludeRun(outcome: Outcome, finallySteps: readonly Entry[]): Pick<RunStatus, 'result' | 'reason' | 'message'> {
  const failed = firstFailure(finallySteps)
  const end = outcome.result === 'Succeeded' && failed !== undefined ? failureOf(failed) : outcome
  return { result: end.result, reason: end.reason, message: end.message }
}

/** The step that failed first in time, of those whose failure counts. */
function firstFailure(entries: readonly Entry[]): Entry | undefined {
  const failed = entries.filter(({ status, step }) => status.result === 'Failed' && !step.allowFailure)
  return failed.sort((one, other) => (one.status.finishedAt ?? '').localeCompare(other.status.finishedAt ?? ''))[0]
}

function failureOf({ status }: Entry): Outcome {
  return { result: 'Failed', reason: 'StepFailed', message: `${status.name} ${status.message ?? 'failed'}` }
}

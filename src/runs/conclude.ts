import { parseTimestamp } from '../clock.ts'
import type { Board, Entry } from './plan/board.ts'
import { entriesOf } from './plan/board.ts'
import type { RunResult } from './run.ts'

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

/** The end of the run: a failing undo or `finally` step turns Succeeded into Failed and leaves every other result. What failed to undo is told. */
export function concludeRun(outcome: Outcome, undos: readonly Entry[], finallySteps: readonly Entry[]): Outcome {
  const failed = firstFailure([...finallySteps, ...undos])
  if (outcome.result === 'Succeeded' && failed !== undefined) return failureOf(failed)
  const spoilt = undos.filter(({ status }) => status.result === 'Failed').map(({ status }) => status.name)
  const more = spoilt.length === 0 ? [] : [`${spoilt.join(', ')} could not be undone`]
  return { result: outcome.result, reason: outcome.reason, message: [...(outcome.message === '' ? [] : [outcome.message]), ...more].join('; ') }
}

/** The step that failed first in time, of those whose failure counts. */
function firstFailure(entries: readonly Entry[]): Entry | undefined {
  const failed = entries.filter(({ status, step }) => status.result === 'Failed' && (!step.allowFailure || status.kind === 'Undo'))
  const endedMs = ({ status }: Entry): number => (status.finishedAt === undefined ? -Infinity : parseTimestamp(status.finishedAt))
  return failed.sort((one, other) => endedMs(one) - endedMs(other))[0]
}

function failureOf({ status }: Entry): Outcome {
  return { result: 'Failed', reason: 'StepFailed', message: `${status.name} ${status.message ?? 'failed'}` }
}

import type { RunDefinition } from '../definitions/workflow.ts'
import type { RunResult, RunStatus, StepStatus } from './run.ts'

/** What a run has come to. */
export interface Outcome {
  result: RunResult
  reason: string
  message: string
}

/** What the steps came to: Cancelled, else TimedOut, else Failed if any step failed that may not, else Succeeded. `halt` is why the run was ended early. */
export function outcomeOf(definition: RunDefinition, steps: readonly StepStatus[], halt: StepStatus['stop'] | null): Outcome {
  const stopped = halt ?? steps.find((step) => step.reason !== undefined && RUN_HALTS.has(step.reason))
  if (stopped?.reason === 'RunTimedOut') return { result: 'TimedOut', reason: 'RunTimedOut', message: stopped.message ?? '' }
  if (stopped) return { result: 'Cancelled', reason: stopped.reason ?? 'RunCancelled', message: stopped.message ?? '' }
  const failed = firstFailure(definition.steps, steps)
  if (failed !== undefined) return failureOf(failed)
  return { result: 'Succeeded', reason: 'Completed', message: '' }
}

/** The end of the run: a failing `finally` step turns Succeeded into Failed and leaves every other result. */
export function concludeRun(
  definition: RunDefinition,
  outcome: Outcome,
  finallySteps: readonly StepStatus[],
): Pick<RunStatus, 'result' | 'reason' | 'message'> {
  const failed = firstFailure(definition.finally, finallySteps)
  const end = outcome.result === 'Succeeded' && failed !== undefined ? failureOf(failed) : outcome
  return { result: end.result, reason: end.reason, message: end.message }
}

/** Reasons that a step carries when the whole run was ended, not the step alone. */
const RUN_HALTS = new Set(['RunDeleted', 'RunCancelled', 'RunTimedOut'])

/** The step that failed first in time, of those whose failure counts. */
function firstFailure(definitions: RunDefinition['steps'], steps: readonly StepStatus[]): StepStatus | undefined {
  const tolerated = new Set(definitions.filter((step) => step.allowFailure).map((step) => step.name))
  return steps
    .filter((step) => step.result === 'Failed' && !tolerated.has(step.name))
    .sort((one, other) => (one.finishedAt ?? '').localeCompare(other.finishedAt ?? ''))[0]
}

function failureOf(step: StepStatus): Outcome {
  return { result: 'Failed', reason: 'StepFailed', message: `${step.name} ${step.message ?? 'failed'}` }
}

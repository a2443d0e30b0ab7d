import { formatTimestamp, parseTimestamp } from '../clock.ts'
import { attemptsOf, decideJob, hasActivePods } from './decide-job.ts'
import type { JobObservation } from './objects.ts'
import type { StepResult, StepStatus } from './run.ts'

/**
 * Takes what the cluster shows of a step's Job over into the step (which is changed in place). Null means that no Job of ours is there:
 * nothing happened yet, or, when it had been made before, that somebody took it away, finalizer and all.
 */
export function observeStep(
  step: StepStatus,
  observation: JobObservation | null,
  at: { nowMs: number; timeoutSeconds: number | null },
): { readLog: boolean } {
  if (observation === null) {
    if (step.state !== 'Waiting') endMissing(step, at.nowMs)
    return { readLog: false }
  }
  const { job } = observation
  if (step.state === 'Waiting') {
    Object.assign(step, { state: 'Running', startedAt: job.metadata.creationTimestamp } satisfies Partial<StepStatus>)
  }
  step.attempts = attemptsOf(observation)
  if (step.state === 'Stopping') {
    if (job.metadata.deletionTimestamp !== undefined && !hasActivePods(observation)) endStopped(step, at.nowMs)
    return { readLog: false }
  }
  const decision = decideJob(observation)
  switch (decision.kind) {
    case 'Succeeded':
      end(step, 'Succeeded', finishedAt(step, at.nowMs))
      return { readLog: false }
    case 'Failed':
      end(step, 'Failed', finishedAt(step, at.nowMs), decision.reason, decision.message)
      return { readLog: true }
    case 'Disrupted':
      Object.assign(step, {
        state: 'Stopping',
        stop: { result: 'Failed', reason: 'Disrupted', message: 'its pods were lost five times' },
      } satisfies Partial<StepStatus>)
      return { readLog: true }
    case 'Active':
      return active(step, observation, at)
  }
}

function active(
  step: StepStatus,
  { job }: JobObservation,
  { nowMs, timeoutSeconds }: { nowMs: number; timeoutSeconds: number | null },
): { readLog: boolean } {
  if (job.metadata.deletionTimestamp !== undefined) {
    Object.assign(step, {
      state: 'Stopping',
      stop: { result: 'Failed', reason: 'JobDeleted', message: 'its Job was deleted' },
    } satisfies Partial<StepStatus>)
    return { readLog: true }
  }
  const overdue = timeoutSeconds !== null && nowMs >= parseTimestamp(step.startedAt ?? job.metadata.creationTimestamp) + timeoutSeconds * 1000
  if (!overdue) return { readLog: false }
  Object.assign(step, {
    state: 'Stopping',
    stop: { result: 'Failed', reason: 'Timeout', message: `ran longer than ${timeoutSeconds}s` },
  } satisfies Partial<StepStatus>)
  return { readLog: true }
}

/** The Job had been made and is not there any more: it ended as it was told to, or somebody removed it. It is never made again. */
function endMissing(step: StepStatus, nowMs: number): void {
  if (step.stop !== undefined) endStopped(step, nowMs)
  else end(step, 'Failed', formatTimestamp(nowMs), 'JobDeleted', 'its Job was deleted')
}

function endStopped(step: StepStatus, nowMs: number): void {
  const stop = step.stop ?? { result: 'Cancelled', reason: 'Stopped', message: '' }
  end(step, stop.result, formatTimestamp(nowMs), stop.reason, stop.message)
}

function end(step: StepStatus, result: StepResult, finishedAt: string, reason?: string, message?: string): void {
  Object.assign(step, { state: 'Ended', result, finishedAt, ...(reason === undefined ? {} : { reason }), ...(message ? { message } : {}) })
}

/** When the last pod ended, else now. */
function finishedAt(step: StepStatus, nowMs: number): string {
  return step.attempts.at(-1)?.finishedAt ?? formatTimestamp(nowMs)
}

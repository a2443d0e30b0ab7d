import { formatTimestamp } from '../clock.ts'
import type { ValueType } from '../definitions/workflow.ts'
import { packAttempts, unpackAttempts, withoutOwnTimes } from './attempts.ts'
import { attemptsOf, decideJob, hasActivePods, imageDigestOf } from './decide-job.ts'
import type { JobObservation } from './objects.ts'
import { resultsOf } from './results.ts'
import type { SeenAttempt, StepResult, StepStatus, StepStop } from './run.ts'
import { noteSuspension, startingSinceMs, stepDeadlineMs, whyNotStarted } from './step-deadline.ts'

/** What decides about a step beside its Job. */
export interface StepBounds {
  nowMs: number
  timeoutSeconds: number | null
  startTimeoutSeconds: number | null
  results: Readonly<Record<string, ValueType>>
}

/** What the caller has to do: a log is wanted; results came that nothing may be based on before they are stored. */
export interface Noted {
  readLog: boolean
  hasResults: boolean
  imageDigest: string | null
}

const NOTHING: Noted = { readLog: false, hasResults: false, imageDigest: null }
const WITH_LOG: Noted = { ...NOTHING, readLog: true }

/**
 * Takes what the cluster shows of a step's Job over into the step (which is changed in place). Null means that no Job of ours is there:
 * nothing happened yet, or, when it had been made before, that somebody took it away, finalizer and all.
 */
export function observeStep(step: StepStatus, observation: JobObservation | null, bounds: StepBounds): Noted {
  const { nowMs } = bounds
  if (observation === null) {
    if (step.state !== 'Waiting') endMissing(step, nowMs)
    return NOTHING
  }
  const { job } = observation
  if (step.state === 'Waiting') {
    Object.assign(step, { state: 'Running', startedAt: job.metadata.creationTimestamp } satisfies Partial<StepStatus>)
    // Its Job could not be made before.
    delete step.message
    delete step.refusedSince
  }
  const { name } = job.metadata
  const attempts = mergeAttempts(unpackAttempts(name, step), attemptsOf(observation))
  step.attempts = packAttempts(name, attempts)
  noteSuspension(step, job.spec.suspend === true, nowMs)
  if (step.state === 'Stopping') {
    if (job.metadata.deletionTimestamp !== undefined && !hasActivePods(observation)) endStopped(step, nowMs)
    return NOTHING
  }
  const decision = decideJob(observation, attempts)
  switch (decision.kind) {
    case 'Succeeded':
      return succeed(step, observation, bounds)
    case 'Failed':
      end(step, 'Failed', finishedAt(step, nowMs), decision.reason, decision.message)
      return WITH_LOG
    case 'Disrupted':
      return stop(step, { result: 'Failed', reason: 'Disrupted', message: 'its pods were lost five times' })
    case 'Active':
      return active(step, observation, bounds)
  }
}

function succeed(step: StepStatus, observation: JobObservation, { nowMs, results: declared }: StepBounds): Noted {
  const found = resultsOf(observation, declared)
  switch (found.kind) {
    case 'Pending':
      return NOTHING
    case 'Wrong':
      end(step, 'Failed', finishedAt(step, nowMs), found.reason, found.message)
      return WITH_LOG
    case 'Results':
      end(step, 'Succeeded', finishedAt(step, nowMs))
      if (Object.keys(declared).length > 0) step.results = found.values
      return { readLog: false, hasResults: step.results !== undefined, imageDigest: imageDigestOf(observation) }
  }
}

function active(step: StepStatus, observation: JobObservation, { nowMs, timeoutSeconds, startTimeoutSeconds }: StepBounds): Noted {
  if (observation.job.metadata.deletionTimestamp !== undefined) {
    return stop(step, { result: 'Failed', reason: 'JobDeleted', message: 'its Job was deleted' })
  }
  if (nowMs >= (stepDeadlineMs(step, timeoutSeconds) ?? Infinity)) {
    return stop(step, { result: 'Failed', reason: 'Timeout', message: `ran longer than ${timeoutSeconds}s` })
  }
  if (nowMs >= (startDeadlineMs(step, observation, startTimeoutSeconds) ?? Infinity)) {
    const { reason, message } = whyNotStarted(observation)
    return stop(step, { result: 'Failed', reason, message: `could not start within ${startTimeoutSeconds}s: ${message || reason}` })
  }
  return NOTHING
}

/** When a pod that has not started is given up; null for never. */
export function startDeadlineMs(step: StepStatus, observation: JobObservation, startTimeoutSeconds: number | null): number | null {
  const sinceMs = startTimeoutSeconds === null ? null : startingSinceMs(step, observation)
  return sinceMs === null || startTimeoutSeconds === null ? null : sinceMs + startTimeoutSeconds * 1000
}

function stop(step: StepStatus, why: StepStop): Noted {
  Object.assign(step, { state: 'Stopping', stop: why } satisfies Partial<StepStatus>)
  return WITH_LOG
}

/** The Job had been made and is not there any more: it ended as it was told to, or somebody removed it. It is never made again. */
function endMissing(step: StepStatus, nowMs: number): void {
  if (step.stop !== undefined) endStopped(step, nowMs)
  else end(step, 'Failed', formatTimestamp(nowMs), 'JobDeleted', 'its Job was deleted')
}

function endStopped(step: StepStatus, nowMs: number): void {
  const why = step.stop ?? { result: 'Cancelled', reason: 'Stopped', message: '' }
  end(step, why.result, formatTimestamp(nowMs), why.reason, why.message)
}

function end(step: StepStatus, result: StepResult, finishedAt: string, reason?: string, message?: string): void {
  Object.assign(step, { state: 'Ended', result, finishedAt, ...(reason === undefined ? {} : { reason }), ...(message ? { message } : {}) })
  step.attempts = withoutOwnTimes(step)
}

/** When the last pod ended, else now. */
function finishedAt(step: StepStatus, nowMs: number): string {
  return step.attempts.at(-1)?.finishedAt ?? formatTimestamp(nowMs)
}

/** Attempts seen before stay: their pods may be gone since. */
function mergeAttempts(before: readonly SeenAttempt[], seen: readonly SeenAttempt[]): SeenAttempt[] {
  const pods = new Set(seen.map((attempt) => attempt.pod))
  return [...before.filter((attempt) => !pods.has(attempt.pod)), ...seen]
}

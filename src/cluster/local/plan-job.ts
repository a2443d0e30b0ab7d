import { formatTimestamp, parseTimestamp } from '../../clock.ts'
import { conditionOf, isFinished } from '../../runs/ends.ts'
import type { Condition, StoredJob } from '../../runs/objects.ts'
import type { PodEnd } from './pod-failure-policy.ts'
import { judgeFailure } from './pod-failure-policy.ts'

/** One pod of a Job, as far as the Job's fate depends on it. */
export type PodView = { kind: 'Live' } | { kind: 'Succeeded'; endedAtMs: number } | ({ kind: 'Failed'; endedAtMs: number } & PodEnd)

/** What to do about a Job now. */
export interface JobPlan {
  /** To be added to the Job's conditions before anything else is done. */
  condition: Condition | null
  /** New pods to start. */
  start: number
  /** Live pods have to end, politely from this moment on; null when they may go on. */
  stopSinceMs: number | null
  /** When to plan again though nothing has happened; null for never. */
  wakeAtMs: number | null
}

/** Kubernetes' own default. */
const DEFAULT_BACKOFF_LIMIT = 6
/** So many pods may be lost before the Job is given up. */
const MOST_LOST_PODS = 5
const FIRST_BACKOFF_MS = 1000
const LONGEST_BACKOFF_MS = 10_000

const NOTHING: JobPlan = { condition: null, start: 0, stopSinceMs: null, wakeAtMs: null }

/**
 * Plans a Job as Kubernetes' Job controller does. A Job that fails while pods are live gets `FailureTarget` first and
 * `Failed`, with the same reason, once they are gone. Reasons are Kubernetes' own and `Disrupted`: five pods were lost.
 */
export function planJob(job: StoredJob, pods: readonly PodView[], nowMs: number): JobPlan {
  const live = pods.filter((pod) => pod.kind === 'Live').length
  const { deletionTimestamp } = job.metadata
  if (deletionTimestamp !== undefined) return { ...NOTHING, stopSinceMs: live > 0 ? parseTimestamp(deletionTimestamp) : null }
  if (isFinished(job) || job.spec.suspend === true) return NOTHING
  const doom = conditionOf(job, 'FailureTarget')
  if (doom !== undefined) return live > 0 ? { ...NOTHING, stopSinceMs: parseTimestamp(doom.lastTransitionTime) } : fail(doom, 0, nowMs)
  return planActive(job, pods, live, nowMs)
}

function planActive(job: StoredJob, pods: readonly PodView[], live: number, nowMs: number): JobPlan {
  const completions = job.spec.completions ?? 1
  const succeeded = pods.filter((pod) => pod.kind === 'Succeeded').length
  if (succeeded >= completions) {
    return { ...NOTHING, condition: condition('Complete', 'CompletionsReached', 'Reached expected number of succeeded pods', nowMs) }
  }
  const failure = failureOf(job, pods, nowMs)
  if (failure !== null) return fail(failure, live, nowMs)
  const deadlineMs = deadlineOf(job)
  const missing = Math.min(job.spec.parallelism ?? 1, completions - succeeded) - live
  if (missing <= 0) return { ...NOTHING, wakeAtMs: deadlineMs }
  const nextMs = nextTryAt(pods)
  if (nextMs > nowMs) return { ...NOTHING, wakeAtMs: Math.min(nextMs, deadlineMs ?? nextMs) }
  return { ...NOTHING, start: missing, wakeAtMs: deadlineMs }
}

/** Why the Job has failed, in the order in which Kubernetes asks; null when it has not. */
function failureOf(job: StoredJob, pods: readonly PodView[], nowMs: number): { reason: string; message: string } | null {
  const failed = pods.filter((pod) => pod.kind === 'Failed')
  const verdicts = failed.map((pod) => judgeFailure(job.spec, pod))
  const fatal = verdicts.find((verdict) => verdict.kind === 'FailJob')
  if (fatal !== undefined) return { reason: 'PodFailurePolicy', message: fatal.message }
  const counted = verdicts.filter((verdict) => verdict.kind === 'Count').length
  if (counted > (job.spec.backoffLimit ?? DEFAULT_BACKOFF_LIMIT)) {
    return { reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' }
  }
  const deadlineMs = deadlineOf(job)
  if (deadlineMs !== null && deadlineMs <= nowMs) return { reason: 'DeadlineExceeded', message: 'Job was active longer than specified deadline' }
  const lost = failed.filter((pod) => pod.disrupted).length
  return lost >= MOST_LOST_PODS ? { reason: 'Disrupted', message: `${lost} pods were lost before they could end` } : null
}

function fail(failure: { reason: string; message: string }, live: number, nowMs: number): JobPlan {
  const type = live > 0 ? 'FailureTarget' : 'Failed'
  return { ...NOTHING, condition: condition(type, failure.reason, failure.message, nowMs), stopSinceMs: live > 0 ? nowMs : null }
}

/** A second after the first failure, doubling to ten. Lost pods wait alike: what took one may take the next. */
function nextTryAt(pods: readonly PodView[]): number {
  const failed = pods.filter((pod) => pod.kind === 'Failed')
  if (failed.length === 0) return -Infinity
  const last = Math.max(...failed.map((pod) => pod.endedAtMs))
  return last + Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (failed.length - 1))
}

function deadlineOf(job: StoredJob): number | null {
  const { activeDeadlineSeconds } = job.spec
  if (activeDeadlineSeconds === undefined) return null
  return parseTimestamp(job.metadata.creationTimestamp) + activeDeadlineSeconds * 1000
}

function condition(type: string, reason: string, message: string, nowMs: number): Condition {
  return { type, status: 'True', reason, message, lastTransitionTime: formatTimestamp(nowMs) }
}

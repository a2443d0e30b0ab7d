import { formatTimestamp, parseTimestamp } from '../clock.ts'
import type { JobObservation } from './objects.ts'
import { decidingContainers, runningInits } from './pod-containers.ts'
import type { StepStatus } from './run.ts'

/** When a step that runs is over its time, all attempts together; null for never, and while its Job is suspended. */
export function stepDeadlineMs({ startedAt, suspended }: StepStatus, timeoutSeconds: number | null): number | null {
  if (timeoutSeconds === null || startedAt === undefined || suspended?.since !== undefined) return null
  return parseTimestamp(startedAt) + (suspended?.ms ?? 0) + timeoutSeconds * 1000
}

/** Counts the time for which a Job is suspended, as far as it is seen. */
export function noteSuspension(step: StepStatus, isSuspended: boolean, nowMs: number): void {
  const { ms = 0, since } = step.suspended ?? {}
  if (isSuspended && since === undefined) step.suspended = { ms, since: formatTimestamp(nowMs) }
  if (!isSuspended && since !== undefined) step.suspended = { ms: ms + Math.max(0, nowMs - parseTimestamp(since)) }
}

/**
 * Since when the newest pod of a Job has been trying to start, or, between two of its containers, to go on; null when it runs, or need not, or the
 * Job begins again and has not said when. That a sidecar runs, or one container beside another that cannot start, is no start.
 */
export function startingSinceMs({ suspended }: StepStatus, { job, pods }: JobObservation): number | null {
  if (job.spec.suspend === true) return null
  const pod = pods.at(-1)
  if (pod === undefined) {
    const since = job.status?.startTime ?? (suspended === undefined ? job.metadata.creationTimestamp : undefined)
    return since === undefined ? null : parseTimestamp(since)
  }
  if (pod.status.phase !== 'Pending' || runningInits(pod).length > 0) return null
  const ends = decidingContainers(pod).flatMap(({ state }) => state?.terminated?.finishedAt ?? [])
  return Math.max(...[pod.metadata.creationTimestamp, ...ends].map(parseTimestamp))
}

/** When a step whose Job the cluster refuses to have made is given up; null for never. */
export function refusedDeadlineMs({ state, refusedSince }: StepStatus, startTimeoutSeconds: number | null): number | null {
  if (state !== 'Waiting' || refusedSince === undefined || startTimeoutSeconds === null) return null
  return parseTimestamp(refusedSince) + startTimeoutSeconds * 1000
}

/** Reasons that a container waits for while all goes well. */
const PATIENT = new Set(['ContainerCreating', 'PodInitializing'])

/** Why the newest pod of a Job cannot start, as far as the cluster tells. */
export function whyNotStarted({ pods }: JobObservation): { reason: string; message: string } {
  const { status } = pods.at(-1) ?? {}
  const waiting = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])].flatMap(({ state }) => state?.waiting ?? [])
  const blocked = waiting.find(({ reason }) => reason !== undefined && !PATIENT.has(reason))
  if (blocked !== undefined) return { reason: blocked.reason ?? 'StartTimeout', message: blocked.message ?? '' }
  const unscheduled = status?.conditions?.find(({ type, status: value }) => type === 'PodScheduled' && value === 'False')
  if (unscheduled !== undefined) return { reason: unscheduled.reason ?? 'Unschedulable', message: unscheduled.message ?? '' }
  return { reason: 'StartTimeout', message: status === undefined ? 'no pod was made for it' : 'its pod did not start' }
}

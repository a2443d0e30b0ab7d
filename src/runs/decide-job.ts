import { conditionOf, isPodEnded } from './ends.ts'
import type { ContainerStatus, JobObservation, Pod } from './objects.ts'
import { decidingContainers, mainContainer } from './pod-containers.ts'
import type { SeenAttempt } from './run.ts'

/** Lost pods of one step that make it fail. */
const MOST_LOST_PODS = 5

/** What containers end with by themselves: the exit code says it all. */
const PLAIN_ENDS = new Set(['Error', 'Completed'])

/** What a Job has come to, as far as Fusee is concerned. `Disrupted` may still have to be stopped. */
export type JobDecision = { kind: 'Active' } | { kind: 'Succeeded' } | { kind: 'Failed'; reason: string; message: string } | { kind: 'Disrupted' }

/**
 * Decides a Job from its own conditions or, a second earlier on a real cluster, from its pods: with one completion a pod that
 * succeeded decides the Job, since its tracking finalizer holds it until the Job has counted it. A pod that was deleted does not: only the Job
 * controller knows whether it counts, as it does not when its Job was suspended. `attempts` are all that were ever seen, also of pods that are gone.
 */
export function decideJob(observation: JobObservation, attempts: readonly SeenAttempt[]): JobDecision {
  const { job, pods } = observation
  if (conditionOf(job, 'Complete') !== undefined) return { kind: 'Succeeded' }
  const failed = conditionOf(job, 'Failed')
  const lost = attempts.filter((attempt) => attempt.lost === true).length
  if (lost >= MOST_LOST_PODS) return { kind: 'Disrupted' }
  if (failed !== undefined) return failure(failed.reason, failed.message, pods, attempts)
  const single = (job.spec.completions ?? 1) === 1 && (job.spec.parallelism ?? 1) === 1
  if (!single) return { kind: 'Active' }
  if (pods.some((pod) => pod.status.phase === 'Succeeded')) return { kind: 'Succeeded' }
  const counted = pods.filter((pod) => pod.status.phase === 'Failed' && pod.metadata.deletionTimestamp === undefined && !isLost(pod)).length
  const plain = ignoresDisruptionsOnly(job.spec['podFailurePolicy']) && job.spec.backoffLimit === 0
  return plain && counted === 1 ? failure('BackoffLimitExceeded', '', pods, attempts) : { kind: 'Active' }
}

/** Whether the policy, if there is one, says no more of a pod than that a lost one does not count. */
function ignoresDisruptionsOnly(policy: unknown): boolean {
  const { rules = [] } = (policy ?? {}) as { rules?: { action?: string; onExitCodes?: unknown; onPodConditions?: { type?: string }[] }[] }
  return rules.every(
    ({ action, onExitCodes, onPodConditions = [] }) =>
      action === 'Ignore' && onExitCodes === undefined && onPodConditions.every(({ type }) => type === 'DisruptionTarget'),
  )
}

/** Whether the pod was taken away (drain, pre-emption, eviction, a lost process) and so says nothing about the step. */
function isLost(pod: Pod): boolean {
  return pod.status.conditions?.some((condition) => condition.type === 'DisruptionTarget' && condition.status === 'True') ?? false
}

/** Whether no process of the Job runs any more. */
export function hasActivePods(observation: JobObservation): boolean {
  return !observation.pods.every(isPodEnded)
}

/** One entry a pod that has ended, in the order of the pods: those that go on are no news that would be worth writing. */
export function attemptsOf(observation: JobObservation): SeenAttempt[] {
  return observation.pods.filter(isPodEnded).map((pod) => {
    const terminated = decidingContainer(pod)?.state?.terminated
    const reason = terminated === undefined ? pod.status.reason : terminated.reason
    return {
      pod: pod.metadata.name,
      exitCode: isLost(pod) ? null : (terminated?.exitCode ?? null),
      startedAt: terminated?.startedAt ?? pod.status.startTime ?? null,
      finishedAt: terminated?.finishedAt ?? null,
      ...(isLost(pod) ? { lost: true } : reason === undefined || PLAIN_ENDS.has(reason) ? {} : { reason }),
    }
  })
}

/** The container that decides the pod: the first that failed, in the order in which they run, else the last that ended. */
function decidingContainer(pod: Pod): ContainerStatus | undefined {
  const ended = decidingContainers(pod).filter((one) => one.state?.terminated !== undefined)
  return ended.find((one) => one.state?.terminated?.exitCode !== 0) ?? (pod.status.phase === 'Succeeded' ? ended.at(-1) : undefined)
}

function failure(reason: string, message: string, pods: readonly Pod[], attempts: readonly SeenAttempt[]): JobDecision {
  if (reason === 'DeadlineExceeded') return { kind: 'Failed', reason: 'Timeout', message: 'ran longer than its time-out' }
  const last = pods.findLast((pod) => pod.status.phase === 'Failed' && !isLost(pod))
  if (last === undefined) return earlierFailure(reason, message, attempts)
  const terminated = decidingContainer(last)?.state?.terminated
  if (terminated === undefined) return { kind: 'Failed', reason: last.status.reason ?? reason, message: last.status.message ?? message }
  return endedWith(terminated.exitCode, terminated.reason, terminated.message)
}

/** The pod is gone: what was seen of its end still says more than that the Job has given up. */
function earlierFailure(reason: string, message: string, attempts: readonly SeenAttempt[]): JobDecision {
  const last = attempts.findLast((attempt) => attempt.lost !== true && (attempt.reason !== undefined || attempt.exitCode !== null))
  return last === undefined ? { kind: 'Failed', reason, message } : endedWith(last.exitCode, last.reason)
}

function endedWith(exitCode: number | null, reason = 'Error', message = ''): JobDecision {
  return PLAIN_ENDS.has(reason)
    ? { kind: 'Failed', reason: 'ExitCode', message: `exited with ${String(exitCode)}` }
    : { kind: 'Failed', reason, message: `ended with ${reason}${message === '' ? '' : `: ${message}`}` }
}

/** Digest of the image that ran, of the pod's main container; null where the cluster tells none. */
export function imageDigestOf({ pods }: JobObservation): string | null {
  const pod = pods.findLast(({ status }) => status.phase === 'Succeeded')
  const id = (pod === undefined ? undefined : mainContainer(pod)?.imageID) ?? ''
  return /sha256:[0-9a-f]{64}$/.exec(id)?.[0] ?? null
}

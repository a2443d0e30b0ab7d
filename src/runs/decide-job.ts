import type { ContainerStatus, JobObservation, Pod } from './objects.ts'
import type { Attempt } from './run.ts'

/** Lost pods of one step that make it fail. */
const MOST_LOST_PODS = 5

/** What a Job has come to, as far as Fusee is concerned. `Disrupted` may still have to be stopped. */
export type JobDecision = { kind: 'Active' } | { kind: 'Succeeded' } | { kind: 'Failed'; reason: string; message: string } | { kind: 'Disrupted' }

/**
 * Decides a Job from its own conditions or, a second earlier on a real cluster, from its pods: with one completion a pod that
 * succeeded decides the Job, since its tracking finalizer holds it until the Job has counted it.
 */
export function decideJob(observation: JobObservation): JobDecision {
  const { job, pods } = observation
  const condition = (type: string) => job.status?.conditions?.find((one) => one.type === type && one.status === 'True')
  if (condition('Complete') !== undefined) return { kind: 'Succeeded' }
  const failed = condition('Failed')
  const lost = pods.filter(isLost).length
  if (lost >= MOST_LOST_PODS) return { kind: 'Disrupted' }
  if (failed !== undefined) return failure(failed.reason, failed.message, pods)
  const single = (job.spec.completions ?? 1) === 1 && (job.spec.parallelism ?? 1) === 1
  if (!single) return { kind: 'Active' }
  if (pods.some((pod) => pod.status.phase === 'Succeeded')) return { kind: 'Succeeded' }
  const counted = pods.filter((pod) => pod.status.phase === 'Failed' && !isLost(pod)).length
  const plain = ignoresDisruptionsOnly(job.spec['podFailurePolicy']) && job.spec.backoffLimit === 0
  return plain && counted === 1 ? failure('BackoffLimitExceeded', '', pods) : { kind: 'Active' }
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

function isEnded({ status }: Pod): boolean {
  return status.phase === 'Succeeded' || status.phase === 'Failed'
}

/** Whether no process of the Job runs any more. */
export function hasActivePods(observation: JobObservation): boolean {
  return !observation.pods.every(isEnded)
}

/** One entry a pod that has ended, in the order of the pods: those that go on are no news that would be worth writing. */
export function attemptsOf(observation: JobObservation): Attempt[] {
  return observation.pods.filter(isEnded).map((pod) => {
    const terminated = decidingContainer(pod)?.state?.terminated
    return {
      pod: pod.metadata.name,
      exitCode: isLost(pod) ? null : (terminated?.exitCode ?? null),
      startedAt: terminated?.startedAt ?? pod.status.startTime ?? null,
      finishedAt: terminated?.finishedAt ?? null,
    }
  })
}

/** The container that decides the pod: the first that failed, in the order in which they run, else the last that ended. */
function decidingContainer(pod: Pod): ContainerStatus | undefined {
  const ended = [...(pod.status.initContainerStatuses ?? []), ...(pod.status.containerStatuses ?? [])].filter(
    (one) => one.state?.terminated !== undefined,
  )
  return ended.find((one) => one.state?.terminated?.exitCode !== 0) ?? (pod.status.phase === 'Succeeded' ? ended.at(-1) : undefined)
}

function failure(reason: string, message: string, pods: readonly Pod[]): JobDecision {
  if (reason === 'DeadlineExceeded') return { kind: 'Failed', reason: 'Timeout', message: 'ran longer than its time-out' }
  const last = pods.findLast((pod) => pod.status.phase === 'Failed' && !isLost(pod))
  const terminated = last === undefined ? undefined : decidingContainer(last)?.state?.terminated
  if (terminated === undefined) return { kind: 'Failed', reason: last?.status.reason ?? reason, message: last?.status.message ?? message }
  if (terminated.reason !== undefined && !['Error', 'Completed'].includes(terminated.reason)) {
    return {
      kind: 'Failed',
      reason: terminated.reason,
      message: `ended with ${terminated.reason}${terminated.message ? `: ${terminated.message}` : ''}`,
    }
  }
  return { kind: 'Failed', reason: 'ExitCode', message: `exited with ${terminated.exitCode}` }
}

/** Digest of the image that ran, of the pod's main container; null where the cluster tells none. */
export function imageDigestOf({ pods }: JobObservation): string | null {
  const id = pods.findLast(({ status }) => status.phase === 'Succeeded')?.status.containerStatuses?.[0]?.imageID ?? ''
  return /sha256:[0-9a-f]{64}$/.exec(id)?.[0] ?? null
}

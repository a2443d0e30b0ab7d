import { formatTick } from '../../clock.ts'
import type { ContainerStatus, Pod, StoredJob, StoredMeta } from '../../runs/objects.ts'

/** How a pod came to its end. */
export interface PodEnd {
  exitCode: number
  /** Of containers that end otherwise, by name. */
  exitCodes?: Readonly<Record<string, number>>
  /** Termination message of the first container. */
  message?: string
  /** The pod went with its node or was evicted: Kubernetes says so by condition DisruptionTarget. */
  isDisruption: boolean
}

/** A new pod of the Job, not started yet. */
export function pendingPod(job: StoredJob, meta: Pick<StoredMeta, 'name' | 'uid' | 'resourceVersion' | 'creationTimestamp'>): Pod {
  const { template } = job.spec
  return {
    metadata: {
      ...meta,
      namespace: job.metadata.namespace,
      labels: {
        ...template.metadata?.labels,
        'batch.kubernetes.io/job-name': job.metadata.name,
        'batch.kubernetes.io/controller-uid': job.metadata.uid,
      },
      annotations: { ...template.metadata?.annotations },
      ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: job.metadata.name, uid: job.metadata.uid, controller: true }],
    },
    spec: template.spec,
    status: { phase: 'Pending' },
  }
}

/** The pod, which cannot start: its containers wait, and say why. */
export function blockedPod(pod: Pod, reason: string): Pod {
  const containerStatuses = containerNames(pod, 'containers').map((name): ContainerStatus => ({ name, state: { waiting: { reason } } }))
  return { ...pod, status: { ...pod.status, containerStatuses } }
}

/**
 * The pod, its init containers ended and its containers running since `nowMs`; or failed, when an init container ends
 * otherwise than well: those after it, and the containers, then never run.
 */
export function startedPod(pod: Pod, nowMs: number, exitCodes: Readonly<Record<string, number>>): Pod {
  const startedAt = formatTick(nowMs)
  const initNames = containerNames(pod, 'initContainers')
  const failing = initNames.findIndex((name) => (exitCodes[name] ?? 0) !== 0)
  const ended = failing < 0 ? initNames : initNames.slice(0, failing + 1)
  const initContainerStatuses = ended.map((name) => terminated({ name, state: { running: { startedAt } } }, nowMs, exitCodes[name] ?? 0))
  const status = { ...pod.status, startTime: startedAt, ...(initNames.length === 0 ? {} : { initContainerStatuses }) }
  const containers = containerNames(pod, 'containers')
  if (failing >= 0) {
    const waiting = containers.map((name): ContainerStatus => ({ name, state: { waiting: { reason: 'PodInitializing' } } }))
    return { ...pod, status: { ...status, phase: 'Failed', containerStatuses: waiting } }
  }
  const running = containers.map((name): ContainerStatus => ({ name, imageID: 'simulated', state: { running: { startedAt } } }))
  return { ...pod, status: { ...status, phase: 'Running', containerStatuses: running } }
}

/** The pod, ended. One that never ran has no container states, as in Kubernetes. */
export function endedPod(pod: Pod, nowMs: number, end: PodEnd): Pod {
  const conditions = end.isDisruption
    ? [
        ...(pod.status.conditions ?? []),
        { type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI', message: 'the node is drained' },
      ]
    : pod.status.conditions
  const codeOf = (name: string): number => end.exitCodes?.[name] ?? end.exitCode
  const isGood = pod.status.phase === 'Running' && !end.isDisruption && containerNames(pod, 'containers').every((name) => codeOf(name) === 0)
  const phase = isGood ? 'Succeeded' : 'Failed'
  const status: Pod['status'] = { ...pod.status, phase }
  if (conditions !== undefined) status.conditions = conditions
  if (pod.status.containerStatuses !== undefined)
    status.containerStatuses = pod.status.containerStatuses.map((container, index) =>
      terminated(container, nowMs, codeOf(container.name), index === 0 ? end.message : undefined),
    )
  return { ...pod, status }
}

function terminated(container: ContainerStatus, nowMs: number, exitCode: number, message?: string): ContainerStatus {
  const startedAt = container.state?.running?.startedAt
  return {
    ...container,
    state: {
      terminated: {
        exitCode,
        reason: exitCode === 0 ? 'Completed' : 'Error',
        ...(message === undefined || message === '' ? {} : { message }),
        ...(startedAt === undefined ? {} : { startedAt }),
        finishedAt: formatTick(nowMs),
      },
    },
  }
}

/** Whether the pod was lost rather than failing by itself. */
export function isDisrupted(pod: Pod): boolean {
  return (pod.status.conditions ?? []).some(({ type, status }) => type === 'DisruptionTarget' && status === 'True')
}

/** Exit code of the first container that ended otherwise than well, else 0; null when none has ended. */
export function exitCodeOf(pod: Pod): number | null {
  const containers = [...(pod.status.initContainerStatuses ?? []), ...(pod.status.containerStatuses ?? [])]
  const codes = containers.flatMap(({ state }) => state?.terminated?.exitCode ?? [])
  return codes.length === 0 ? null : (codes.find((code) => code !== 0) ?? 0)
}

function containerNames(pod: Pod, field: 'containers' | 'initContainers'): string[] {
  const containers = (pod.spec?.[field] ?? []) as { name?: string }[]
  return containers.map(({ name }, index) => name ?? `container-${index}`)
}

import type { ContainerStatus, Pod } from './objects.ts'

/**
 * The containers that decide what becomes of a pod, in the order in which they run. Sidecars (init containers with `restartPolicy: Always`) are none
 * of them: they run beside the others, are killed when these have ended, and how they end says nothing. kubelet sorts what it shows by name.
 */
export function decidingContainers({ spec, status }: Pod): ContainerStatus[] {
  const sidecars = new Set(listOf(spec, 'initContainers').flatMap(({ name, restartPolicy }) => (restartPolicy === 'Always' ? [name] : [])))
  const inits = (status.initContainerStatuses ?? []).filter(({ name }) => !sidecars.has(name))
  return [...inits, ...(status.containerStatuses ?? [])]
}

/** The container that the step is: the first of the pod's spec. Undefined while nothing is known of it. */
export function mainContainer({ spec, status }: Pod): ContainerStatus | undefined {
  const [main] = listOf(spec, 'containers')
  const statuses = status.containerStatuses ?? []
  return statuses.find(({ name }) => name === main?.name) ?? statuses[0]
}

/** Init containers of the step that run now. */
export function runningInits(pod: Pod): ContainerStatus[] {
  const mains = new Set(pod.status.containerStatuses?.map(({ name }) => name))
  return decidingContainers(pod).filter(({ name, state }) => state?.running !== undefined && !mains.has(name))
}

function listOf(spec: Pod['spec'], field: 'containers' | 'initContainers'): { name?: string; restartPolicy?: string }[] {
  const list = spec?.[field]
  return Array.isArray(list) ? (list as { name?: string; restartPolicy?: string }[]) : []
}

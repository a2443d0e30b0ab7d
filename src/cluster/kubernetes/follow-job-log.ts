import { isFinished, isPodEnded } from '../../runs/ends.ts'
import type { Pod, StoredJob } from '../../runs/objects.ts'
import type { ApiClient } from './api-client.ts'
import { pause } from './api-client.ts'
import { followContainerLog } from './pod-logs.ts'

/** New pods of the Job are looked for this often; the look costs no request. */
const INTERVAL_MS = 100

/** What a follower needs; `pods` and `current` are asked anew each time. */
export interface FollowedJob {
  client: ApiClient
  pods: () => Pod[]
  /** Whether these pods are all that is asked for: no other is waited for. */
  isOnly: boolean
  /** The Job as it is now; null when it is gone. */
  current: () => StoredJob | null
  hear: (text: string) => void
  signal: AbortSignal
}

/** Tells what all containers of all pods of a Job print. Resolves when the Job is over and all is told, or the signal aborts. */
export async function followJobLog({ client, pods, isOnly, current, hear, signal }: FollowedJob): Promise<void> {
  const followed = new Map<string, Promise<void>>()
  while (!signal.aborted) {
    const present = pods()
    // Looked at before what is new is followed: a pod that comes later is seen by the next turn.
    const job = current()
    const isOver = job === null || (present.every(isPodEnded) && (isOnly || isDecided(job, present)))
    for (const pod of present) {
      for (const container of containersOf(pod)) {
        const key = `${pod.metadata.uid}/${container}`
        const find = (): Pod | undefined => pods().find((one) => one.metadata.uid === pod.metadata.uid)
        const begin = (): Promise<void> =>
          followContainerLog({ client, pod, container, hear, signal, isOver: () => isContainerOver(find(), container) })
        followed.set(key, followed.get(key) ?? begin())
      }
    }
    if (isOver) break
    await pause(INTERVAL_MS, signal).catch(() => undefined)
  }
  await Promise.all(followed.values())
}

/** Whether no further pod will come. */
function isDecided(job: StoredJob, pods: readonly Pod[]): boolean {
  return isFinished(job) || (pods.length > 0 && job.spec.backoffLimit === 0 && (job.spec.completions ?? 1) === 1)
}

/** Those that have begun, in the order in which they run. */
function containersOf({ status }: Pod): string[] {
  const all = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]
  return all.filter(({ state }) => state?.running !== undefined || state?.terminated !== undefined).map(({ name }) => name)
}

function isContainerOver(pod: Pod | undefined, container: string): boolean {
  if (pod === undefined || isPodEnded(pod)) return true
  const statuses = [...(pod.status.initContainerStatuses ?? []), ...(pod.status.containerStatuses ?? [])]
  return statuses.find(({ name }) => name === container)?.state?.terminated !== undefined
}

import { maskCutText, maskSecrets, secretsOf } from '../runs/mask.ts'
import type { ContainerStatus, Pod, StoredJob } from '../runs/objects.ts'

/** Kubernetes keeps no more of a container's termination message: the end of what was written, or the beginning of the log's last lines. */
const MOST_MESSAGE_BYTES = 4096
const MOST_LOG_MESSAGE_BYTES = 2048

/** Messages that are masked once: each pass over a run looks at all its pods. */
const MOST_KEPT = 1000

/** Keeps the values of the Secrets that Jobs name out of what is shown of these Jobs. */
export interface JobMasks {
  /** The values of all Secrets that the Job names. */
  valuesOf(job: StoredJob): Promise<string[]>
  /** The last lines of a log, masked. */
  maskTail(job: StoredJob, text: string): Promise<string>
  /** The pods with their messages masked: what containers leave as results, why they ended, why they do not start. */
  maskPods(job: StoredJob, pods: Pod[]): Promise<Pod[]>
}

/** `readValues` reads all values of one Secret as the Job's pods see it, none when it is not there; its errors are those of the masks. */
export function createJobMasks(readValues: (job: StoredJob, secret: string) => Promise<string[]>): JobMasks {
  const masked = new Map<string, string>()
  const named = new WeakMap<object, string[]>()

  /** The Secrets that a Job names; each pass asks again, of a spec that stays as it is. */
  function secretsNamedBy({ spec: { template } }: StoredJob): string[] {
    const names = named.get(template) ?? secretsOf(template.spec)
    named.set(template, names)
    return names
  }

  async function valuesOf(job: StoredJob): Promise<string[]> {
    return (await Promise.all(secretsNamedBy(job).map((name) => readValues(job, name)))).flat()
  }

  async function maskMessage(job: StoredJob, text: string): Promise<string> {
    const key = `${job.metadata.uid} ${text}`
    const known = masked.get(key) ?? maskBounded(text, await valuesOf(job))
    if (masked.size >= MOST_KEPT) masked.clear()
    masked.set(key, known)
    return known
  }

  async function maskContainer(job: StoredJob, status: ContainerStatus): Promise<ContainerStatus> {
    const { waiting, terminated } = status.state ?? {}
    if (waiting?.message !== undefined) {
      return { ...status, state: { waiting: { ...waiting, message: await maskMessage(job, waiting.message) } } }
    }
    if (terminated?.message !== undefined) {
      return { ...status, state: { terminated: { ...terminated, message: await maskMessage(job, terminated.message) } } }
    }
    return status
  }

  async function maskPod(job: StoredJob, pod: Pod): Promise<Pod> {
    const status = { ...pod.status }
    if (status.message !== undefined) status.message = await maskMessage(job, status.message)
    for (const field of ['initContainerStatuses', 'containerStatuses'] as const) {
      const containers = status[field]
      if (containers !== undefined) status[field] = await Promise.all(containers.map((container) => maskContainer(job, container)))
    }
    return { ...pod, status }
  }

  return {
    valuesOf,
    maskTail: async (job, text) => (text === '' ? '' : maskCutText(text, await valuesOf(job))),
    maskPods: async (job, pods) => (secretsNamedBy(job).length === 0 ? pods : Promise.all(pods.map((pod) => maskPod(job, pod)))),
  }
}

/** A message may have been cut, within a value too. One that is too long for results stays so: what is missing at its end is made up by empty lines. */
function maskBounded(text: string, values: readonly string[]): string {
  const bytes = Buffer.byteLength(text)
  if (bytes < MOST_LOG_MESSAGE_BYTES) return maskSecrets(text, values)
  const masked = maskCutText(text, values)
  return bytes < MOST_MESSAGE_BYTES ? masked : masked + '\n'.repeat(Math.max(0, bytes - Buffer.byteLength(masked)))
}

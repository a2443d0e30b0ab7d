import { isFinished, isPodEnded } from '../../runs/ends.ts'
import type { Pod, StoredJob } from '../../runs/objects.ts'
import type { ApiClient } from './api-client.ts'
import { collectionPath } from './resources.ts'

/** The label by which the Job controller names the Job of a pod, since Kubernetes 1.27. */
const CONTROLLER_LABEL = 'batch.kubernetes.io/controller-uid'

/** Pods of Jobs that have finished: two watches keep no order, so that a Job may be known to be over before its pods are. */
export interface MissingPods {
  /** Asks once for the pods of a Job that has counted more ends than are known. Fails as a request does, and asks again then. */
  fetch(job: StoredJob, known: readonly Pod[]): Promise<void>
  /** The Job is gone. */
  forgetJob(jobUid: string): void
}

/** None asked for yet. `put` hears of every pod that is found. */
export function createMissingPods(client: ApiClient, put: (pod: Pod) => void): MissingPods {
  const asked = new Map<string, Promise<void>>()

  async function ask({ metadata }: StoredJob): Promise<void> {
    const path = collectionPath('pods', metadata.namespace)
    const { items = [] } = await client.request<{ items?: Pod[] }>({ path, query: { labelSelector: `${CONTROLLER_LABEL}=${metadata.uid}` } })
    for (const pod of items) put(pod)
  }

  return {
    async fetch(job, known) {
      if (!isFinished(job) || known.filter(isPodEnded).length >= (job.status?.succeeded ?? 0) + (job.status?.failed ?? 0)) return
      const { uid } = job.metadata
      const asking = asked.get(uid) ?? ask(job)
      asked.set(uid, asking)
      try {
        await asking
      } catch (error) {
        asked.delete(uid)
        throw error
      }
    },
    forgetJob(jobUid) {
      asked.delete(jobUid)
    },
  }
}

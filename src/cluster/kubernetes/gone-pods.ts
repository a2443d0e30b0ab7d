import { isPodEnded } from '../../runs/ends.ts'
import type { Pod } from '../../runs/objects.ts'

/** Pods that are gone while their Job is not: what became of them still says something about the step. */
export interface GonePods {
  note(jobUid: string, pod: Pod): void
  of(jobUid: string): Pod[]
  /** The Job is gone too. */
  forgetJob(jobUid: string): void
}

/** Most pods of one Job that are kept in mind; five lost ones decide it, and retries are few. */
const MOST_PODS = 50

/**
 * No pods yet. `isJobThere` tells by uid: pods that outlive their Job say nothing to anybody any more, and there are as many of them as steps
 * were ever swept.
 */
export function createGonePods(isJobThere: (jobUid: string) => boolean): GonePods {
  const byJob = new Map<string, Map<string, Pod>>()
  return {
    note(jobUid, pod) {
      if (!isJobThere(jobUid)) return
      const pods = byJob.get(jobUid) ?? new Map<string, Pod>()
      byJob.set(jobUid, pods)
      if (pods.size < MOST_PODS) pods.set(pod.metadata.uid, ended(pod))
    },
    of: (jobUid) => [...(byJob.get(jobUid)?.values() ?? [])],
    forgetJob(jobUid) {
      byJob.delete(jobUid)
    },
  }
}

/**
 * A pod that was removed before it ended has not succeeded, whatever it was last seen as; and it was deleted, even if nobody has told: whether
 * it counts is for its Job to say. When is not known; all that asks for the time asks whether there is one.
 */
function ended(pod: Pod): Pod {
  if (isPodEnded(pod)) return pod
  const { metadata, status } = pod
  return {
    ...pod,
    metadata: { ...metadata, deletionTimestamp: metadata.deletionTimestamp ?? metadata.creationTimestamp },
    status: { reason: 'Deleted', message: 'its pod was deleted', ...status, phase: 'Failed' },
  }
}

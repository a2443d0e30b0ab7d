import type { ObjectRef, Pod, StoredJob } from '../../runs/objects.ts'
import type { PodView } from './plan-job.ts'
import type { PodFacts } from './pod-facts.ts'
import type { PodManifest } from './pod-status.ts'
import { describePod, outcomeOf, viewPod } from './pod-status.ts'

/** A pod of a Job of this data folder, live or ended. */
export interface LocalPod {
  job: ObjectRef
  jobUid: string
  /** Absolute path. */
  folder: string
  manifest: PodManifest
  /** As last read. */
  facts: PodFacts
  /** When its end was noticed, on the clock that plans; null while it is live. */
  endedAtMs: number | null
}

/** Whether something of it may still run. */
export function isLive(job: StoredJob, pod: LocalPod): boolean {
  return outcomeOf(job, pod.manifest, pod.facts) === null
}

/** The pod as a Job's plan sees it. */
export function viewOf(job: StoredJob, pod: LocalPod): PodView {
  return viewPod(job, pod.manifest, pod.facts, pod.endedAtMs)
}

/** The pod as Kubernetes would show it. */
export function toPod(job: StoredJob, pod: LocalPod): Pod {
  return describePod(job, pod.manifest, pod.facts)
}

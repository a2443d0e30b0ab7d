import type { Timestamp } from '../clock.ts'
import type { Container, JsonObject } from '../definitions/container.ts'

/** Group and version of Fusee's own documents and objects. */
export const API_VERSION = 'fusee.dev/v1alpha1'

/** Finalizer that holds a Job until its result is in the Run, and a Run until its record is on the status branch. */
export const FINALIZER = 'fusee.dev/record'

/** Labels that all objects of a run carry. */
export const LABELS = {
  managedBy: 'app.kubernetes.io/managed-by',
  repository: 'fusee.dev/repository',
  workflow: 'fusee.dev/workflow',
  run: 'fusee.dev/run',
  step: 'fusee.dev/step',
} as const

/** Labels and annotations of ours begin with it. */
export const OWN_PREFIX = 'fusee.dev/'

/** Annotation of a Run that Fusee made: when, as a `Timestamp`. A cluster may keep whole seconds only in `creationTimestamp`. */
export const CREATED_ANNOTATION = 'fusee.dev/created-at'

/** Whether only Fusee says this label. */
export function isOwnLabel(name: string): boolean {
  return name === LABELS.managedBy || name.startsWith(OWN_PREFIX)
}

/** A reference to a controlling object, as in metav1. */
export interface OwnerReference {
  apiVersion: string
  kind: string
  name: string
  uid: string
  controller?: boolean
  blockOwnerDeletion?: boolean
}

/** metav1.ObjectMeta as a request carries it; the cluster fills in `uid`, `resourceVersion` and `creationTimestamp`. */
export interface ObjectMeta {
  name: string
  namespace: string
  uid?: string
  resourceVersion?: string
  creationTimestamp?: Timestamp
  deletionTimestamp?: Timestamp
  labels?: Record<string, string>
  annotations?: Record<string, string>
  finalizers?: string[]
  ownerReferences?: OwnerReference[]
}

/** ObjectMeta as the cluster returns it. `resourceVersion` changes with every write of the object. */
export type StoredMeta = ObjectMeta & Required<Pick<ObjectMeta, 'uid' | 'resourceVersion' | 'creationTimestamp'>>

/** Names one object. */
export interface ObjectRef {
  namespace: string
  name: string
}

/** A condition as in metav1. */
export interface Condition {
  type: string
  status: 'True' | 'False' | 'Unknown'
  reason: string
  message: string
  lastTransitionTime: Timestamp
}

/** batch/v1 Job as raw JSON: what Fusee reads is named, the rest passes through. */
export interface Job {
  apiVersion: 'batch/v1'
  kind: 'Job'
  metadata: ObjectMeta
  spec: JobSpec
  status?: JobStatus
}

/** The fields of a `batch/v1` JobSpec that Fusee reads or writes; all others pass through unchanged. */
export interface JobSpec {
  backoffLimit?: number
  activeDeadlineSeconds?: number
  completions?: number
  parallelism?: number
  suspend?: boolean
  template: { metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> }; spec: PodSpec }
  [field: string]: unknown
}

/** The fields of a PodSpec that Fusee reads or writes; all others pass through unchanged. */
export interface PodSpec {
  containers: Container[]
  initContainers?: Container[]
  volumes?: JsonObject[]
  restartPolicy?: string
  terminationGracePeriodSeconds?: number
  [field: string]: unknown
}

/** The fields of a JobStatus that Fusee reads. */
export interface JobStatus {
  startTime?: Timestamp
  completionTime?: Timestamp
  active?: number
  succeeded?: number
  failed?: number
  conditions?: Condition[]
  [field: string]: unknown
}

/** A Job as the cluster returns it. */
export type StoredJob = Job & { metadata: StoredMeta }

/** State of one container of a Pod, as in core/v1. */
export interface ContainerStatus {
  name: string
  imageID?: string
  state?: {
    waiting?: { reason?: string; message?: string }
    running?: { startedAt?: Timestamp }
    terminated?: { exitCode: number; signal?: number; reason?: string; message?: string; startedAt?: Timestamp; finishedAt?: Timestamp }
  }
}

/** core/v1 Pod as raw JSON: what Fusee reads is named, the rest passes through. */
export interface Pod {
  metadata: StoredMeta
  spec?: { [field: string]: unknown }
  status: {
    phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown'
    reason?: string
    message?: string
    startTime?: Timestamp
    conditions?: { type: string; status: string; reason?: string; message?: string }[]
    initContainerStatuses?: ContainerStatus[]
    containerStatuses?: ContainerStatus[]
  }
}

/** What the cluster shows of one step at one moment. `pods` are those that the Job controls, oldest first. */
export interface JobObservation {
  job: StoredJob
  pods: Pod[]
}

import type { Job, OwnerReference, StoredJob } from '../../runs/objects.ts'
import { LABELS } from '../../runs/objects.ts'

/** Annotation that says who owns a Job whose Run is no object of the cluster. */
const OWNER_ANNOTATION = 'fusee.dev/owner'

/** Pods that are taken away by a drain, a pre-emption or an eviction are replaced and do not count as tries. */
const IGNORE_DISRUPTIONS = { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }

/** Where Runs live: as objects beside the Jobs, or in this process only. */
export type RunsLive = 'InTheCluster' | 'InThisProcess'

/**
 * What the API server is sent for a Job. A policy for lost pods is added where Kubernetes allows one; labels that the pods lack are given to
 * them too. Where Runs live in this process, nobody would lift a finalizer after it, and the garbage collector would end what an unknown owner owns.
 */
export function prepareJob(job: Job, runsLive: RunsLive): Job {
  const { template } = job.spec
  const labels = { [LABELS.managedBy]: 'fusee', ...job.metadata.labels }
  const canIgnore = job.spec['podFailurePolicy'] === undefined && template.spec.restartPolicy === 'Never'
  const prepared: Job = {
    ...job,
    metadata: { ...job.metadata, labels },
    spec: {
      ...job.spec,
      ...(canIgnore ? { podFailurePolicy: { rules: [IGNORE_DISRUPTIONS] } } : {}),
      template: { ...template, metadata: { ...template.metadata, labels: { ...template.metadata?.labels, ...ownLabels(labels) } } },
    },
  }
  return runsLive === 'InTheCluster' ? prepared : withoutRun(prepared)
}

/** The Job as the engine knows it: with the owner that only this process knows. */
export function restoreOwner(job: StoredJob): StoredJob {
  const annotation = job.metadata.annotations?.[OWNER_ANNOTATION]
  if (annotation === undefined) return job
  const ownerReferences = [...(job.metadata.ownerReferences ?? []), JSON.parse(annotation) as OwnerReference]
  return { ...job, metadata: { ...job.metadata, ownerReferences } }
}

function withoutRun(job: Job): Job {
  const { ownerReferences = [], finalizers: _, annotations = {}, ...metadata } = job.metadata
  const owner = ownerReferences.find((one) => one.controller === true)
  return {
    ...job,
    metadata: { ...metadata, annotations: { ...annotations, ...(owner === undefined ? {} : { [OWNER_ANNOTATION]: JSON.stringify(owner) }) } },
  }
}

function ownLabels(labels: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => name === LABELS.managedBy || name === LABELS.run || name === LABELS.step))
}

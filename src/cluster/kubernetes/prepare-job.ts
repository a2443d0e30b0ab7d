import type { Job, ObjectMeta, OwnerReference, StoredJob } from '../../runs/objects.ts'
import { LABELS } from '../../runs/objects.ts'
import { NAMESPACE_ANNOTATION } from '../../runs/render-job.ts'

/** Annotation that says who owns a Job whose Run is no object of the cluster, or one of another namespace. */
const OWNER_ANNOTATION = 'fusee.dev/owner'

/** Annotation of Jobs and pods that lie in another namespace than their Run: its namespace. */
const RUN_NAMESPACE_ANNOTATION = 'fusee.dev/run-namespace'

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
  // Kubernetes takes no policy for lost pods beside pods that are replaced while they still end.
  const isReplacedEarly = job.spec['podReplacementPolicy'] === 'TerminatingOrFailed'
  const canIgnore = job.spec['podFailurePolicy'] === undefined && template.spec.restartPolicy === 'Never' && !isReplacedEarly
  const prepared: Job = {
    ...job,
    metadata: { ...job.metadata, labels },
    spec: {
      ...job.spec,
      ...(canIgnore ? { podFailurePolicy: { rules: [IGNORE_DISRUPTIONS] } } : {}),
      template: { ...template, metadata: { ...template.metadata, labels: { ...template.metadata?.labels, ...ownLabels(labels) } } },
    },
  }
  const placed = namespaceFor(job) === job.metadata.namespace ? prepared : elsewhere(prepared)
  return runsLive === 'InTheCluster' ? placed : withoutRun(placed)
}

/** Where the Job is to be made. */
export function namespaceFor({ metadata }: Job): string {
  return metadata.annotations?.[NAMESPACE_ANNOTATION] ?? metadata.namespace
}

/** Namespace of the Run that a Job, or a pod of one, belongs to. */
export function runNamespaceOf({ annotations, namespace }: ObjectMeta): string {
  return annotations?.[RUN_NAMESPACE_ANNOTATION] ?? namespace
}

/** Owners are of one namespace with what they own: the garbage collector would end what is owned from another. */
function elsewhere(job: Job): Job {
  const { metadata, spec } = withOwnerNoted(job)
  const mark = { [RUN_NAMESPACE_ANNOTATION]: job.metadata.namespace }
  const template = {
    ...spec.template,
    metadata: { ...spec.template.metadata, annotations: { ...spec.template.metadata?.annotations, ...mark } },
  }
  return {
    ...job,
    metadata: { ...metadata, namespace: namespaceFor(job), annotations: { ...metadata.annotations, ...mark } },
    spec: { ...spec, template },
  }
}

/** The Job as the engine knows it: with the owner that only this process knows. */
export function restoreOwner(job: StoredJob): StoredJob {
  const owner = ownerNoted(job)
  if (owner === null) return job
  return { ...job, metadata: { ...job.metadata, ownerReferences: [...(job.metadata.ownerReferences ?? []), owner] } }
}

/** Whoever may make Jobs may write anything there: what is no owner is nobody's. */
function ownerNoted({ metadata }: StoredJob): OwnerReference | null {
  try {
    const owner = JSON.parse(metadata.annotations?.[OWNER_ANNOTATION] ?? 'null') as Partial<OwnerReference> | null
    return typeof owner?.uid === 'string' && typeof owner.name === 'string' && typeof owner.kind === 'string' ? (owner as OwnerReference) : null
  } catch {
    return null
  }
}

/** Whether the Run of a Job is an object of the cluster, rather than known to the process alone that made it. */
export function hasRunObject({ metadata }: Job): boolean {
  return metadata.annotations?.[OWNER_ANNOTATION] === undefined || metadata.annotations[RUN_NAMESPACE_ANNOTATION] !== undefined
}

function withoutRun(job: Job): Job {
  const { finalizers: _, ...metadata } = withOwnerNoted(job).metadata
  return { ...job, metadata }
}

/** The owner as a note that means something to us alone. */
function withOwnerNoted(job: Job): Job {
  const { ownerReferences = [], annotations = {}, ...metadata } = job.metadata
  const owner = ownerReferences.find((one) => one.controller === true)
  return {
    ...job,
    metadata: { ...metadata, annotations: { ...annotations, ...(owner === undefined ? {} : { [OWNER_ANNOTATION]: JSON.stringify(owner) }) } },
  }
}

function ownLabels(labels: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => name === LABELS.managedBy || name === LABELS.run || name === LABELS.step))
}

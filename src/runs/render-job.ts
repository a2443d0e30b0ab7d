import type { Container, EnvVar } from '../definitions/container.ts'
import { paramVariable } from '../definitions/param-variable.ts'
import type { Step } from '../definitions/workflow.ts'
import { jobName, stepLabel } from './names.ts'
import type { Job, JobSpec, ObjectMeta, PodSpec } from './objects.ts'
import { API_VERSION, FINALIZER, LABELS, OWN_PREFIX } from './objects.ts'
import type { StoredRun } from './run.ts'

/** Annotation of a pod that wants the repository at the run's commit in its volume `source`. */
export const SOURCE_ANNOTATION = 'fusee.dev/source'

/** Annotation that names the run's commit. */
export const COMMIT_ANNOTATION = 'fusee.dev/commit'

/** Annotation of a Job whose manifest names another namespace than its Run's: where it is to be made, on a cluster that has namespaces. */
export const NAMESPACE_ANNOTATION = 'fusee.dev/namespace'

const SOURCE_VOLUME = 'source'
const SOURCE_PATH = '/fusee/source'

/** The API server's own deadline comes this long after Fusee's, which ends the step first and with its log. */
const DEADLINE_MARGIN_SECONDS = 60

/** Where a container leaves its results when it does not say where its termination message is: Kubernetes' own default. */
const TERMINATION_LOG = '/dev/termination-log'

/**
 * The batch/v1 Job of a step whose expressions are worked out: derived name, owner, labels, finalizer, and the variables that every container
 * sees. `key` tells it apart from others of the run (see stepKey). A join has none: TypeError.
 */
export function renderJob(run: StoredRun, step: Step, key = step.name): Job {
  const labels = labelsOf(run, step)
  const spec = specOf(run, step)
  const deadlines = [spec.activeDeadlineSeconds, step.timeoutSeconds === null ? undefined : step.timeoutSeconds + DEADLINE_MARGIN_SECONDS]
  const deadline = Math.min(...deadlines.filter((seconds) => seconds !== undefined))
  const namespace = namespaceOf(run, step)
  const own = metadataOf(step)
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: jobName(run.metadata.name, key),
      namespace: run.metadata.namespace,
      labels: { ...foreign(own.labels), ...labels },
      annotations: {
        ...foreign(own.annotations),
        [COMMIT_ANNOTATION]: run.spec.commit,
        ...(namespace === run.metadata.namespace ? {} : { [NAMESPACE_ANNOTATION]: namespace }),
      },
      finalizers: [FINALIZER],
      ownerReferences: [
        { apiVersion: API_VERSION, kind: 'Run', name: run.metadata.name, uid: run.metadata.uid, controller: true, blockOwnerDeletion: true },
      ],
    },
    spec: {
      ...spec,
      ...(Number.isFinite(deadline) ? { activeDeadlineSeconds: deadline } : {}),
      template: {
        ...spec.template,
        metadata: {
          ...spec.template.metadata,
          labels: { ...spec.template.metadata?.labels, ...labels },
          ...(step.source ? { annotations: { ...spec.template.metadata?.annotations, [SOURCE_ANNOTATION]: 'true' } } : {}),
        },
      },
    },
  }
}

/** Where the step's manifest wants its Job; the Run's own namespace when it does not say. */
export function namespaceOf({ metadata }: StoredRun, step: Step): string {
  const { namespace = '' } = metadataOf(step)
  return namespace === '' ? metadata.namespace : namespace
}

/** What the manifest says of the Job itself, such as a queue's label. */
function metadataOf({ work }: Step): Partial<ObjectMeta> {
  return work.kind === 'Manifest' ? ((work.manifest['metadata'] ?? {}) as Partial<ObjectMeta>) : {}
}

/** Without what only Fusee says. */
function foreign(fields: Record<string, string> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !name.startsWith(OWN_PREFIX)))
}

/** Whether the Job is the one that this run made: its controller is this very Run, not one of an earlier life with the same name. */
export function isOwnJob(run: StoredRun, job: Job): boolean {
  return job.metadata.ownerReferences?.some((owner) => owner.controller === true && owner.uid === run.metadata.uid) ?? false
}

function labelsOf(run: StoredRun, step: Step): Record<string, string> {
  return {
    ...run.status?.definition?.labels,
    ...run.metadata.labels,
    [LABELS.managedBy]: 'fusee',
    [LABELS.repository]: run.spec.repository,
    [LABELS.workflow]: run.spec.workflow,
    [LABELS.run]: run.metadata.name,
    [LABELS.step]: stepLabel(step.name),
  }
}

function specOf(run: StoredRun, step: Step): JobSpec {
  const variables = variablesOf(run)
  switch (step.work.kind) {
    case 'Join':
    case 'Approval':
      throw new TypeError(`step ${step.name} is a join or an approval: it has no Job`)
    case 'Manifest': {
      const manifest = structuredClone(step.work.manifest) as unknown as { spec: JobSpec }
      const own = step.work.env
      const pod = manifest.spec.template.spec
      const withEnv = (container: Container): Container => ({ ...container, env: mergeEnv(variables, mergeEnv(container.env ?? [], own)) })
      return {
        ...manifest.spec,
        backoffLimit: step.retries ?? manifest.spec.backoffLimit ?? 0,
        template: {
          ...manifest.spec.template,
          spec: {
            restartPolicy: 'Never',
            ...pod,
            containers: pod.containers.map(withEnv).map((container, index) => (index === 0 ? withResults(step, container) : container)),
            ...(pod.initContainers === undefined ? {} : { initContainers: pod.initContainers.map(withEnv) }),
          },
        },
      }
    }
    case 'Container': {
      const { container, pod, job } = step.work
      const source = step.source ? [{ name: 'FUSEE_SOURCE', value: SOURCE_PATH }] : []
      const main: Container = { name: 'step', ...container, env: mergeEnv([...variables, ...source], container.env ?? []) }
      return {
        ...(job as Partial<JobSpec>),
        backoffLimit: step.retries ?? (job['backoffLimit'] as number | undefined) ?? 0,
        template: { spec: podOf(step, withResults(step, main), withVariables(pod, variables)) },
      }
    }
  }
}

/** The init containers that a step brings along see their run as its own container does. */
function withVariables(pod: Partial<PodSpec>, variables: readonly EnvVar[]): Partial<PodSpec> {
  const { initContainers } = pod
  if (initContainers === undefined) return pod
  return { ...pod, initContainers: initContainers.map((container) => ({ ...container, env: mergeEnv(variables, container.env ?? []) })) }
}

function podOf(step: Step, main: Container, pod: Partial<PodSpec>): PodSpec {
  if (!step.source) return { restartPolicy: 'Never', ...pod, containers: [main] }
  return {
    restartPolicy: 'Never',
    ...pod,
    volumes: [...(pod.volumes ?? []), { name: SOURCE_VOLUME, emptyDir: {} }],
    containers: [{ workingDir: SOURCE_PATH, ...main, volumeMounts: [...(main.volumeMounts ?? []), { name: SOURCE_VOLUME, mountPath: SOURCE_PATH }] }],
  }
}

/** A container of a step with results learns where to write them. */
function withResults(step: Step, container: Container): Container {
  if (Object.keys(step.results).length === 0) return container
  const path = container['terminationMessagePath']
  const value = typeof path === 'string' && path !== '' ? path : TERMINATION_LOG
  return { ...container, env: mergeEnv([{ name: 'FUSEE_RESULTS', value }], container.env ?? []) }
}

/** What every container sees of its run. */
function variablesOf(run: StoredRun): EnvVar[] {
  const params = run.status?.params ?? run.spec.params
  return [
    { name: 'FUSEE_RUN', value: run.metadata.name },
    { name: 'FUSEE_WORKFLOW', value: run.spec.workflow },
    { name: 'FUSEE_COMMIT', value: run.spec.commit },
    { name: 'FUSEE_PARAMS', value: escapeReferences(JSON.stringify(params)) },
    ...Object.entries(params).map(([name, value]) => ({ name: paramVariable(name), value: escapeReferences(textOf(value)) })),
  ]
}

/** A text as it is, everything else as compact JSON; null is ''. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  return value === null || value === undefined ? '' : JSON.stringify(value)
}

/** Kubernetes expands `$(NAME)` in values and makes `$$` one `$`: what a person gave must arrive as it was given. */
function escapeReferences(text: string): string {
  return text.replaceAll('$', () => '$$')
}

/** `base` with `over` on top: equal names are replaced where they stand, others follow. */
function mergeEnv(base: readonly EnvVar[], over: readonly EnvVar[]): EnvVar[] {
  const replaced = new Map(over.map((variable) => [variable.name, variable]))
  const kept = base.map((variable) => {
    const winner = replaced.get(variable.name)
    replaced.delete(variable.name)
    return winner ?? variable
  })
  return [...kept, ...replaced.values()]
}

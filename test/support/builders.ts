import type { Dependency, RunDefinition, Step } from '../../src/definitions/workflow.ts'
import type { Job, JobObservation, Pod, StoredJob } from '../../src/runs/objects.ts'
import { initialSteps } from '../../src/runs/plan-run.ts'
import { renderJob } from '../../src/runs/render-job.ts'
import type { RunStatus, StoredRun } from '../../src/runs/run.ts'

/** Start of the hour in which tests happen. */
export const NOON = Date.parse('2026-11-20T12:00:00Z')

/** A step that runs a script, with the given differences. */
export function aStep(name: string, over: Partial<Step> & { needs?: (string | Dependency)[] } = {}): Step {
  const { needs, ...rest } = over
  return {
    name,
    dependsOn: (needs ?? []).map((need) => (typeof need === 'string' ? { step: need, when: 'Succeeded' } : need)),
    work: { kind: 'Container', container: { image: 'busybox', command: ['/bin/sh', '-eu', '-c', 'true'] }, pod: {}, job: {} },
    timeoutSeconds: 3600,
    retries: 0,
    allowFailure: false,
    source: false,
    sourcePaths: [],
    if: null,
    startTimeoutSeconds: 900,
    results: {},
    expansion: null,
    maxParallel: null,
    undo: null,
    templates: [],
    ...rest,
  }
}

/** A join. */
export function aJoin(name: string, needs: (string | Dependency)[]): Step {
  return aStep(name, { needs, work: { kind: 'Join' } })
}

/** A definition of these steps, with the given differences. */
export function aDefinition(steps: Step[], over: Partial<RunDefinition> = {}): RunDefinition {
  return {
    labels: {},
    params: {},
    timeoutSeconds: null,
    retention: { succeeded: 10, failed: 30, maxAgeSeconds: 86_400 },
    failFast: false,
    maxParallel: null,
    concurrency: { policy: 'Allow', group: null, limit: 100 },
    steps,
    finally: [],
    ...over,
  }
}

/** A run of a definition that was pinned at noon, with the given differences. */
export function aRun(
  definition: RunDefinition,
  over: { status?: Partial<RunStatus>; spec?: Partial<StoredRun['spec']>; name?: string } = {},
): StoredRun {
  return {
    apiVersion: 'fusee.dev/v1alpha1',
    kind: 'Run',
    metadata: {
      name: over.name ?? 'nightly-2345678923',
      namespace: 'default',
      uid: `uid-of-${over.name ?? 'nightly'}`,
      resourceVersion: '1',
      creationTimestamp: '2026-11-20T12:00:00.000Z',
      finalizers: ['fusee.dev/record'],
    },
    spec: {
      repository: 'sample',
      workflow: 'nightly',
      commit: 'a'.repeat(40),
      trigger: { kind: 'Push', branch: 'main' },
      params: {},
      rerunOf: null,
      ...over.spec,
    },
    status: { phase: 'Running', definition, params: {}, steps: initialSteps(definition), startedAt: '2026-11-20T12:00:00.000Z', ...over.status },
  }
}

/** A stored Job as the cluster returns it right after its creation. */
function stored(job: Job): StoredJob {
  return {
    ...job,
    metadata: { ...job.metadata, uid: `uid-of-${job.metadata.name}`, resourceVersion: '1', creationTimestamp: '2026-11-20T12:00:00.000Z' },
  }
}

/** What the cluster shows of a step: how its pods ended, oldest first. */
export function observed(run: StoredRun, step: Step, ...pods: ('running' | 'lost' | number)[]): JobObservation {
  const job = stored(renderJob(run, step))
  return { job, pods: pods.map((state, index) => aPod(`${job.metadata.name}-${index}`, state)) }
}

function aPod(name: string, state: 'running' | 'lost' | number): Pod {
  const metadata = { name, namespace: 'default', uid: `uid-of-${name}`, resourceVersion: '1', creationTimestamp: '2026-11-20T12:00:00.000Z' }
  if (state === 'running') return { metadata, status: { phase: 'Running' } }
  const times = { startedAt: '2026-11-20T12:00:01.000Z', finishedAt: '2026-11-20T12:00:02.000Z' }
  if (state === 'lost') return { metadata, status: { phase: 'Failed', conditions: [{ type: 'DisruptionTarget', status: 'True' }] } }
  return {
    metadata,
    status: {
      phase: state === 0 ? 'Succeeded' : 'Failed',
      containerStatuses: [{ name: 'step', state: { terminated: { exitCode: state, reason: state === 0 ? 'Completed' : 'Error', ...times } } }],
    },
  }
}

import { describe, expect, it } from 'vitest'
import type { ClusterEvent } from '../../../../src/cluster/ports.ts'
import { ConflictError } from '../../../../src/cluster/ports.ts'
import { createSimulatedCluster, type SimulatedClusterOptions } from '../../../../src/cluster/simulated/cluster.ts'
import { POD_ANNOTATIONS } from '../../../../src/cluster/simulated/pod-script.ts'
import { FINALIZER, LABELS, type Job, type JobSpec, type StoredJob } from '../../../../src/runs/objects.ts'
import type { Run } from '../../../../src/runs/run.ts'
import { createSeededRandom } from '../../../../src/simulation/seeded-random.ts'
import { createVirtualClock } from '../../../../src/simulation/virtual-clock.ts'

const START_MS = Date.parse('2026-11-20T00:00:00Z')
const RETENTION = { succeeded: 1, failed: 1, maxAgeSeconds: 60 }
const RUN_REF = { namespace: 'data', name: 'hello-1' }

function setUp(options: Partial<SimulatedClusterOptions> = {}) {
  const clock = createVirtualClock(START_MS)
  const cluster = createSimulatedCluster({ clock, random: createSeededRandom('cluster'), ...options })
  return { clock, ...cluster, pass: (seconds: number) => clock.runUntil(clock.now() + seconds * 1_000) }
}

function runNamed(name: string): Run {
  return {
    apiVersion: 'fusee.dev/v1alpha1',
    kind: 'Run',
    metadata: { name, namespace: 'data', finalizers: [FINALIZER] },
    spec: { repository: 'jobs', workflow: 'hello', commit: 'a'.repeat(40), trigger: { kind: 'Push', branch: 'main' }, params: {}, rerunOf: null },
  }
}

function jobWith(annotations: Record<string, string>, spec: Partial<JobSpec> = {}): Job {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'hello-1-step', namespace: 'data', labels: { [LABELS.run]: RUN_REF.name }, finalizers: [FINALIZER] },
    spec: { backoffLimit: 0, template: { metadata: { annotations }, spec: { containers: [{ name: 'step' }] } }, ...spec },
  }
}

describe('Runs in the simulated cluster', () => {
  it('keeps a deleted Run until its finalizers are lifted, and its Jobs follow it', async () => {
    const { runs, jobs, pass } = setUp()
    const { object: run } = await runs.createRun(runNamed('hello-1'))
    const owner = { apiVersion: run.apiVersion, kind: 'Run', name: 'hello-1', uid: run.metadata.uid, controller: true }
    const job = jobWith({})
    await jobs.createJob({ ...job, metadata: { ...job.metadata, finalizers: [], ownerReferences: [owner] } })
    await runs.deleteRun(run)
    const marked = await runs.getRun(RUN_REF)
    expect(marked?.metadata.deletionTimestamp).toBe('2026-11-20T00:00:00Z')
    await expect(runs.updateRun(run)).rejects.toThrow(ConflictError)
    if (marked === null) return
    await runs.updateRun({ ...marked, metadata: { ...marked.metadata, finalizers: ['other'] } })
    await pass(1)
    expect([await runs.getRun(RUN_REF), await jobs.observeJobs(RUN_REF)]).toEqual([null, []])
  })

  it('shares what never changes, and lets nobody change that', async () => {
    const { runs, jobs } = setUp()
    const { object } = await runs.createRun(runNamed('hello-1'))
    const definition = {
      labels: {},
      params: {},
      timeoutSeconds: null,
      retention: RETENTION,
      failFast: false,
      maxParallel: null,
      concurrency: { policy: 'Allow' as const, group: null, limit: 100 },
      steps: [],
      finally: [],
    }
    const stored = await runs.updateRun({ ...object, status: { phase: 'Running', definition, steps: [] } })
    expect((await runs.getRun(RUN_REF))?.status?.definition).toBe(stored.status?.definition)
    expect(() => (definition.failFast = true)).not.toThrow()
    expect(stored.status?.definition?.failFast).toBe(false)
    await jobs.createJob(jobWith({}))
    expect((await jobs.observeJobs(RUN_REF)).map(({ job }) => Object.isFrozen(job.spec))).toEqual([true])
  })

  it('tells events as often and as late as it is told to', async () => {
    const delays = [[0], [], [5_000, 100]]
    const { runs, clock, pass } = setUp({ delays: () => delays.shift() ?? [] })
    const heard: [string, number][] = []
    runs.subscribe((event: ClusterEvent) => heard.push([event.kind === 'Run' ? event.ref.name : '', clock.now() - START_MS]))
    for (const name of ['prompt', 'lost', 'twice']) await runs.createRun(runNamed(name))
    expect(heard).toEqual([])
    await pass(10)
    expect(heard).toEqual([
      ['prompt', 0],
      ['twice', 100],
      ['twice', 5_000],
    ])
  })
})

describe('Jobs in the simulated cluster', () => {
  const rows: { name: string; annotations: Record<string, string>; spec?: Partial<JobSpec>; wantExits: (number | null)[]; wantCondition: string }[] =
    [
      { name: 'a pod that succeeds', annotations: {}, wantExits: [0], wantCondition: 'Complete CompletionsReached' },
      { name: 'a pod that fails', annotations: { [POD_ANNOTATIONS.exitCodes]: '3' }, wantExits: [3], wantCondition: 'Failed BackoffLimitExceeded' },
      {
        name: 'new pods up to the limit',
        annotations: { [POD_ANNOTATIONS.exitCodes]: '3,4,0' },
        spec: { backoffLimit: 1 },
        wantExits: [3, 4],
        wantCondition: 'Failed BackoffLimitExceeded',
      },
      {
        name: 'a new pod that succeeds',
        annotations: { [POD_ANNOTATIONS.exitCodes]: '3,0' },
        spec: { backoffLimit: 5 },
        wantExits: [3, 0],
        wantCondition: 'Complete CompletionsReached',
      },
      {
        name: 'lost pods, which do not count',
        annotations: { [POD_ANNOTATIONS.exitCodes]: 'lost,lost,0' },
        wantExits: [137, 137, 0],
        wantCondition: 'Complete CompletionsReached',
      },
      {
        name: 'lost pods that a rule counts',
        annotations: { [POD_ANNOTATIONS.exitCodes]: 'lost,0' },
        spec: { podFailurePolicy: { rules: [{ action: 'Count', onPodConditions: [{ type: 'DisruptionTarget' }] }] } },
        wantExits: [137],
        wantCondition: 'Failed BackoffLimitExceeded',
      },
      {
        name: 'an exit code that ends the Job',
        annotations: { [POD_ANNOTATIONS.exitCodes]: '42' },
        spec: { backoffLimit: 5, podFailurePolicy: { rules: [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [42] } }] } },
        wantExits: [42],
        wantCondition: 'Failed PodFailurePolicy',
      },
      {
        name: 'a deadline',
        annotations: { [POD_ANNOTATIONS.runSeconds]: '600' },
        spec: { activeDeadlineSeconds: 60 },
        wantExits: [143],
        wantCondition: 'Failed DeadlineExceeded',
      },
      {
        name: 'a deadline against a pod that does not listen',
        annotations: { [POD_ANNOTATIONS.runSeconds]: '600', [POD_ANNOTATIONS.termSeconds]: '600' },
        spec: { activeDeadlineSeconds: 60 },
        wantExits: [137],
        wantCondition: 'Failed DeadlineExceeded',
      },
      {
        name: 'several completions',
        annotations: {},
        spec: { completions: 3, parallelism: 2 },
        wantExits: [0, 0, 0],
        wantCondition: 'Complete CompletionsReached',
      },
    ]
  for (const { name, annotations, spec, wantExits, wantCondition } of rows) {
    it(`runs ${name}`, async () => {
      const { jobs, pass } = setUp()
      await jobs.createJob(jobWith(annotations, spec))
      await pass(3_600)
      const [observed] = await jobs.observeJobs(RUN_REF)
      const exits = observed?.pods.map(({ status }) => status.containerStatuses?.[0]?.state?.terminated?.exitCode ?? null)
      const conditions = observed?.job.status?.conditions?.map(({ type, reason }) => `${type} ${reason}`)
      expect({ exits, conditions }).toEqual({ exits: wantExits, conditions: [wantCondition] })
    })
  }

  it('shows a pod from pending to its end before the Job says so', async () => {
    const { jobs, pass } = setUp({ scripts: () => ({ startMs: 2_000, runMs: 5_000, exitCode: 0, log: '', termMs: 0, lostAfterMs: null }) })
    await jobs.createJob(jobWith({}))
    const seen: unknown[] = []
    for (const seconds of [0, 1, 2, 4.5, 1]) {
      await pass(seconds)
      const [observed] = await jobs.observeJobs(RUN_REF)
      seen.push([observed?.pods.map(({ status }) => status.phase), observed?.job.status?.conditions?.length ?? 0])
    }
    expect(seen).toEqual([
      [[], 0],
      [['Pending'], 0],
      [['Running'], 0],
      [['Succeeded'], 0],
      [['Succeeded'], 1],
    ])
  })

  it('stops politely, keeps the object with its pod until it is released, and makes no new pod', async () => {
    const { jobs, pass } = setUp()
    const { object: job } = await jobs.createJob(
      jobWith({ [POD_ANNOTATIONS.runSeconds]: '600', [POD_ANNOTATIONS.termSeconds]: '5' }, { backoffLimit: 3 }),
    )
    await pass(10)
    await jobs.stopJob(job)
    const phases = async () =>
      (await jobs.observeJobs(RUN_REF)).map(({ job: { metadata }, pods }) => [metadata.deletionTimestamp, ...pods.map(({ status }) => status.phase)])
    expect(await phases()).toEqual([['2026-11-20T00:00:10Z', 'Running']])
    await pass(6)
    expect(await phases()).toEqual([['2026-11-20T00:00:10Z', 'Failed']])
    await pass(3_600)
    await jobs.deleteJob(job)
    expect(await phases()).toEqual([['2026-11-20T00:00:10Z', 'Failed']])
    await jobs.releaseJob(job)
    expect(await phases()).toEqual([])
    await Promise.all([jobs.stopJob(job), jobs.releaseJob(job), jobs.deleteJob(job)])
  })

  it('does not touch a Job of the same name that is another', async () => {
    const { jobs } = setUp()
    const { object: first } = await jobs.createJob(jobWith({}))
    jobs.removeByForce(first.metadata)
    const second = await jobs.createJob(jobWith({}))
    expect(second.kind).toBe('Created')
    await Promise.all([jobs.stopJob(first), jobs.releaseJob(first), jobs.deleteJob(first)])
    const [observed] = await jobs.observeJobs(RUN_REF)
    expect(observed?.job.metadata).toEqual((second.object satisfies StoredJob).metadata)
    expect((await jobs.createJob(jobWith({}))).kind).toBe('Exists')
  })

  it('gives the end of the log, whole characters only', async () => {
    const { jobs, pass } = setUp()
    const { object: job } = await jobs.createJob(jobWith({ [POD_ANNOTATIONS.log]: 'first\nä\n' }))
    expect(await jobs.readLogTail(job, 100)).toBe('')
    await pass(10)
    expect(await Promise.all([100, 2, 3, 5].map((maxBytes) => jobs.readLogTail(job, maxBytes)))).toEqual(['first\nä\n', '\n', 'ä\n', 'ä\n'])
  })
})

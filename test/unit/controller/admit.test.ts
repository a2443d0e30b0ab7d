import { describe, expect, it } from 'vitest'
import { createSimulatedCluster, type SimulatedCluster } from '../../../src/cluster/simulated/cluster.ts'
import { createQueue } from '../../../src/controller/admit.ts'
import { pinnedStatus } from '../../../src/controller/pin-definition.ts'
import { reconcileRun } from '../../../src/controller/reconcile-run.ts'
import { createRefusals } from '../../../src/controller/refuse-ticks.ts'
import { createSlots } from '../../../src/controller/slots.ts'
import { plainWriteSite } from '../../../src/crash-points.ts'
import type { Workflow } from '../../../src/definitions/workflow.ts'
import { createRunObject } from '../../../src/runs/create-run.ts'
import type { ObjectRef } from '../../../src/runs/objects.ts'
import type { RunStatus, StoredRun } from '../../../src/runs/run.ts'
import { createSeededRandom } from '../../../src/simulation/seeded-random.ts'
import type { VirtualClock } from '../../../src/simulation/virtual-clock.ts'
import { createVirtualClock } from '../../../src/simulation/virtual-clock.ts'
import type { RunRequest } from '../../../src/triggers/run-request.ts'
import { NOON } from '../../support/builders.ts'
import { EXPRESSIONS } from '../../support/play-run.ts'
import { workflowOf } from '../../support/run-case.ts'
import { createInMemoryFiles } from '../definitions/in-memory-files.ts'

const FOUR_SECONDS = { startMs: 0, runMs: 4000, exitCode: 0, log: '', termMs: 0, lostAfterMs: null }

const REPOSITORY = { namespace: 'data', name: 'jobs' }

const requestOf = (key: string, params: Record<string, unknown> = {}): RunRequest => ({
  workflow: 'case',
  commit: 'a'.repeat(40),
  trigger: { kind: 'Manual', key, by: 'ann' },
  params,
})

async function aWorkflow(concurrency: string): Promise<Workflow> {
  const spec = `
params: {site: {default: one}}
timeout: 1h
concurrency: ${concurrency}
steps: [{name: work, image: busybox, script: 'true'}]
finally: [{name: last, image: busybox, script: 'true'}]
`
  return workflowOf({ name: '', spec, wantResult: '', wantSteps: [] }, createInMemoryFiles)
}

describe('runs of a workflow that may not run side by side', () => {
  let clock: VirtualClock
  let cluster: SimulatedCluster
  let pass: (ref: ObjectRef) => Promise<unknown>
  /** Forgets what a process knows in memory. */
  let restart: () => void

  function use(workflow: Workflow, workflowOfRun: (run: StoredRun) => Workflow = () => workflow): void {
    clock = createVirtualClock(NOON)
    cluster = createSimulatedCluster({ clock, random: createSeededRandom('admit'), scripts: () => FOUR_SECONDS })
    let queue = createQueue()
    restart = () => (queue = createQueue())
    const context = { clock, ...cluster, writeSite: plainWriteSite, report: () => undefined }
    const slots = createSlots(50, () => undefined)
    pass = async (ref) => {
      const found = await cluster.runs.getRun(ref)
      if (found === null) return null
      return reconcileRun(
        {
          context,
          repository: 'data/jobs',
          slots,
          policy: null,
          expressions: EXPRESSIONS,
          queue,
          told: new Set(),
          pin: (run) => Promise.resolve(pinnedStatus(workflowOfRun(run), run, EXPRESSIONS, clock.now())),
          onFinished: () => undefined,
        },
        found,
      )
    }
  }

  async function begin(key: string, params: Record<string, unknown> = {}): Promise<ObjectRef> {
    const { object } = await cluster.runs.createRun(createRunObject(REPOSITORY, requestOf(key, params)))
    await pass(object.metadata)
    return { namespace: object.metadata.namespace, name: object.metadata.name }
  }

  async function statusOf(ref: ObjectRef): Promise<RunStatus | undefined> {
    return (await cluster.runs.getRun(ref))?.status
  }

  /** Carries these runs on until nothing changes for a while. */
  async function carryOn(...refs: ObjectRef[]): Promise<void> {
    for (let round = 0; round < 30; round++) {
      for (const ref of refs) await pass(ref)
      await clock.runUntil(clock.now() + 1000)
    }
  }

  it('skips the newcomer under Forbid', async () => {
    use(await aWorkflow('{policy: Forbid}'))
    const first = await begin('first')
    const second = await begin('second')
    expect(await statusOf(second)).toMatchObject({
      phase: 'Finished',
      result: 'Skipped',
      reason: 'Forbid',
      steps: [{ result: 'Skipped' }, { result: 'Skipped' }],
    })
    expect((await statusOf(second))?.message).toContain(first.name)
    await carryOn(first)
    expect(await statusOf(first)).toMatchObject({ result: 'Succeeded' })
    expect(await statusOf(await begin('third'))).toMatchObject({ phase: 'Running' })
  })

  describe('after Allow was the policy', () => {
    const FIRST = 'first'

    async function beginUnderAllow(): Promise<ObjectRef> {
      const [allow, forbid] = [await aWorkflow('{policy: Allow}'), await aWorkflow('{policy: Forbid}')]
      use(forbid, ({ spec }) => ('key' in spec.trigger && spec.trigger.key === FIRST ? allow : forbid))
      return (await cluster.runs.createRun(createRunObject(REPOSITORY, requestOf(FIRST)))).object.metadata
    }

    it('waits for a run that has begun and is about to say so, then is skipped', async () => {
      const first = await beginUnderAllow()
      const { createJob } = cluster.jobs
      let go = (): void => undefined
      const gate = new Promise<void>((resolve) => (go = resolve))
      cluster.jobs.createJob = (job) => gate.then(() => createJob(job))
      const beginning = pass(first)
      const second = await begin('second')
      expect(await statusOf(second)).toMatchObject({ phase: 'Pending' })
      go()
      await beginning
      await pass(second)
      expect(await statusOf(first)).toMatchObject({ phase: 'Running' })
      expect(await statusOf(second)).toMatchObject({ result: 'Skipped', reason: 'Forbid' })
    })

    it('the same when a crash came before that could be said', async () => {
      const first = await beginUnderAllow()
      const { updateRun } = cluster.runs
      cluster.runs.updateRun = () => Promise.reject(new Error('crashed'))
      await expect(pass(first)).rejects.toThrow('crashed')
      cluster.runs.updateRun = updateRun
      restart()
      const second = await begin('second')
      expect(await statusOf(second)).toMatchObject({ phase: 'Pending' })
      await carryOn(first, second)
      expect(await statusOf(second)).toMatchObject({ result: 'Skipped', reason: 'Forbid' })
    })
  })

  it('keeps groups apart', async () => {
    use(await aWorkflow('{policy: Forbid, group: "${{ params.site }}"}'))
    await begin('first')
    expect(await statusOf(await begin('second', { site: 'two' }))).toMatchObject({ phase: 'Running', group: 'two' })
    expect(await statusOf(await begin('third', { site: 'two' }))).toMatchObject({ result: 'Skipped' })
  })

  it('lets them wait in order under Queue', async () => {
    use(await aWorkflow('{policy: Queue, limit: 1}'))
    const first = await begin('first')
    await clock.runUntil(clock.now() + 1000)
    const second = await begin('second')
    expect(await statusOf(second)).toMatchObject({ phase: 'Pending' })
    expect(await statusOf(await begin('third'))).toMatchObject({ result: 'Skipped', reason: 'QueueFull' })
    await carryOn(first, second)
    expect(await statusOf(first)).toMatchObject({ result: 'Succeeded' })
    expect(await statusOf(second)).toMatchObject({ result: 'Succeeded' })
    expect(Date.parse((await statusOf(second))?.startedAt ?? '')).toBeGreaterThanOrEqual(Date.parse((await statusOf(first))?.finishedAt ?? ''))
  })

  it('ends the active run under Replace, with its finally steps, before the newest begins; one that waits is Superseded', async () => {
    use(await aWorkflow('{policy: Replace}'))
    const first = await begin('first')
    await clock.runUntil(clock.now() + 1000)
    const second = await begin('second')
    await clock.runUntil(clock.now() + 1000)
    const third = await begin('third')
    expect(await statusOf(third)).toMatchObject({ phase: 'Pending' })
    await carryOn(first, second, third)
    expect(await statusOf(first)).toMatchObject({
      result: 'Cancelled',
      reason: 'Replaced',
      steps: [{ result: 'Cancelled' }, { result: 'Succeeded' }],
    })
    expect(await statusOf(second)).toMatchObject({ result: 'Cancelled', reason: 'Superseded' })
    expect(await statusOf(third)).toMatchObject({ result: 'Succeeded' })
    expect(Date.parse((await statusOf(third))?.startedAt ?? '')).toBeGreaterThanOrEqual(Date.parse((await statusOf(first))?.finishedAt ?? ''))
  })

  it('counts waiting into the time-out of the whole run', async () => {
    use(await aWorkflow('{policy: Queue}'))
    await begin('first')
    await clock.runUntil(clock.now() + 1000)
    const second = await begin('second')
    await clock.runUntil(NOON + 3_700_000)
    await pass(second)
    expect(await statusOf(second)).toMatchObject({ phase: 'Finished', result: 'TimedOut', reason: 'RunTimedOut' })
  })

  it('leaves what a rerun has taken over as it is when that never begins', async () => {
    use(await aWorkflow('{policy: Forbid}'))
    await begin('first')
    const rerun = createRunObject(REPOSITORY, { ...requestOf('again'), rerunOf: 'old', carriedOver: [{ name: 'work' }] })
    await cluster.runs.createRun(rerun)
    await pass(rerun.metadata)
    expect(await statusOf(rerun.metadata)).toMatchObject({ result: 'Skipped', steps: [{ reason: 'CarriedOver' }, { result: 'Skipped' }] })
  })

  it('ends a run that is cancelled while it waits', async () => {
    use(await aWorkflow('{policy: Queue}'))
    await begin('first')
    await clock.runUntil(clock.now() + 1000)
    const second = await begin('second')
    const run = await cluster.runs.getRun(second)
    if (run !== null) await cluster.runs.updateRun({ ...run, spec: { ...run.spec, cancel: { by: 'ann', reason: 'no' } } })
    await pass(second)
    expect(await statusOf(second)).toMatchObject({ result: 'Cancelled', reason: 'RunCancelled', message: 'cancelled by ann: no' })
  })

  it('fails a run whose group cannot be worked out', async () => {
    const workflow = {
      ...(await aWorkflow('{policy: Forbid}')),
      concurrency: { policy: 'Forbid', group: '${{ params.nothing }}', limit: 1 } as const,
    }
    use(workflow)
    expect(await statusOf(await begin('first'))).toMatchObject({ result: 'Failed', reason: 'ExpressionFailed' })
  })

  it('skips ticks that would find no place, each that gets its run being in the way of the next', async () => {
    const workflow = await aWorkflow('{policy: Forbid, group: "${{ params.site }}"}')
    const refusalOf = createRefusals({ repository: REPOSITORY, runs: [], workflowOf: () => workflow, expressions: EXPRESSIONS })
    expect(refusalOf(requestOf('one'))).toBeNull()
    expect(refusalOf(requestOf('two', { site: 'two' }))).toBeNull()
    expect(refusalOf(requestOf('three'))).toContain('has not ended, and the workflow forbids another')
  })
})

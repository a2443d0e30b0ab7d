import { describe, expect, it } from 'vitest'
import { JobRefusedError } from '../../../src/cluster/ports.ts'
import type { JobCluster } from '../../../src/cluster/ports.ts'
import { createSimulatedCluster } from '../../../src/cluster/simulated/cluster.ts'
import { createQueue } from '../../../src/controller/admit.ts'
import { reconcileRun } from '../../../src/controller/reconcile-run.ts'
import { createSlots } from '../../../src/controller/slots.ts'
import { plainWriteSite } from '../../../src/crash-points.ts'
import { createRunObject } from '../../../src/runs/create-run.ts'
import { explainRun } from '../../../src/runs/explain-run.ts'
import { initialSteps } from '../../../src/runs/plan-run.ts'
import type { RunStatus } from '../../../src/runs/run.ts'
import { createSeededRandom } from '../../../src/simulation/seeded-random.ts'
import { createVirtualClock } from '../../../src/simulation/virtual-clock.ts'
import { aDefinition, aStep, NOON } from '../../support/builders.ts'
import { EXPRESSIONS } from '../../support/play-run.ts'

const WHY = 'jobs.batch is forbidden: exceeded quota: small'

const LASTING = { startMs: 0, runMs: 7_200_000, exitCode: 0, log: '', message: '', termMs: 0, lostAfterMs: null }

/** A run of two steps, on a cluster that has something against the Job of `bad`. */
async function open(limit = 5) {
  const clock = createVirtualClock(NOON)
  const cluster = createSimulatedCluster({ clock, random: createSeededRandom('refused'), scripts: () => LASTING })
  const definition = aDefinition([aStep('bad', { startTimeoutSeconds: 60 }), aStep('good', { timeoutSeconds: 3 })])
  const pinned: RunStatus = { phase: 'Running', definition, params: {}, steps: initialSteps(definition), startedAt: '2026-11-20T12:00:00.000Z' }
  const request = { workflow: 'nightly', commit: 'a'.repeat(40), trigger: { kind: 'Push', branch: 'main' }, params: {} } as const
  const { object: created } = await cluster.runs.createRun(createRunObject({ namespace: 'data', name: 'jobs' }, request))
  const woken: string[] = []
  const slots = createSlots(limit, (run) => woken.push(run))
  let error: Error | null = new JobRefusedError(WHY)
  const createJob: JobCluster['createJob'] = (job) =>
    error !== null && job.metadata.name.includes('bad') ? Promise.reject(error) : cluster.jobs.createJob(job)
  const read = async () => (await cluster.runs.getRun(created.metadata)) ?? created
  return {
    clock,
    read,
    woken,
    freeSlots: () => slots.free({ run: 'other', workflow: 'other' }),
    steps: async () => (await read()).status?.steps ?? [],
    fail(with_: Error | null) {
      error = with_
    },
    async pass() {
      return reconcileRun(
        {
          context: { clock, runs: cluster.runs, jobs: { ...cluster.jobs, createJob }, writeSite: plainWriteSite, report: () => undefined },
          repository: 'data/jobs',
          slots,
          policy: null,
          expressions: EXPRESSIONS,
          queue: createQueue(),
          told: new Set(),
          pin: () => Promise.resolve(pinned),
          onFinished: () => undefined,
        },
        await read(),
      )
    },
  }
}

describe('a Job that the cluster refuses to have made', () => {
  it('holds up nothing else, says why, and is made when it may be', async () => {
    const { clock, pass, read, steps, freeSlots, fail } = await open()
    // The other step's time-out comes before the next try may.
    await expect(pass()).rejects.toMatchObject({ message: WHY, againAtMs: NOON + 3000 })
    expect(await steps()).toMatchObject([{ state: 'Waiting', message: `its Job could not be made: ${WHY}` }, { state: 'Running' }])
    expect(freeSlots()).toBe(4)
    expect(explainRun(await read())).toContain(`The step bad waits for its turn: its Job could not be made: ${WHY}.`)
    await clock.runUntil(clock.now() + 3000)
    await expect(pass()).rejects.toMatchObject({ message: WHY, againAtMs: NOON + 60_000 })
    expect(await steps()).toMatchObject([{ state: 'Waiting' }, { state: 'Stopping', stop: { reason: 'Timeout' } }])
    fail(null)
    await pass()
    const [bad] = await steps()
    expect(bad).toMatchObject({ state: 'Running' })
    expect([bad?.message, bad?.refusedSince]).toEqual([undefined, undefined])
  })

  it('is not tried again at once for the place that it has left, which another step takes first', async () => {
    const { pass, steps, woken, freeSlots } = await open(1)
    await expect(pass()).rejects.toThrow(WHY)
    expect([woken, freeSlots()]).toEqual([[], 1])
    await pass()
    expect(await steps()).toMatchObject([
      { name: 'bad', state: 'Waiting' },
      { name: 'good', state: 'Running' },
    ])
  })

  it('fails its step after the time that it has to start', async () => {
    const { clock, pass, steps } = await open()
    await expect(pass()).rejects.toThrow(WHY)
    await clock.runUntil(clock.now() + 60_000)
    await pass()
    expect((await steps())[0]).toMatchObject({
      state: 'Ended',
      result: 'Failed',
      reason: 'StartTimeout',
      message: `could not start within 60s: its Job could not be made: ${WHY}`,
    })
  })

  it('keeps its place and goes on for as long as nobody knows whether it was made', async () => {
    const { clock, pass, steps, freeSlots, fail } = await open()
    fail(new Error('no answer'))
    await expect(pass()).rejects.toThrow('no answer')
    expect(freeSlots()).toBe(3)
    await clock.runUntil(clock.now() + 3_600_000)
    await expect(pass()).rejects.toThrow('no answer')
    expect((await steps())[0]).toMatchObject({ state: 'Waiting', message: 'its Job could not be made: no answer' })
  })
})

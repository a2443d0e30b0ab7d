import { beforeEach, describe, expect, it } from 'vitest'
import type { PodScripts } from '../../../src/cluster/simulated/pod-script.ts'
import type { RepositorySettings } from '../../../src/config/repository-settings.ts'
import { pause, resume } from '../../../src/controller/pause.ts'
import { startOnRequest } from '../../../src/controller/start-on-request.ts'
import type { CrashPoint } from '../../../src/crash-points.ts'
import { LABELS } from '../../../src/runs/objects.ts'
import type { StoredRun } from '../../../src/runs/run.ts'
import type { VirtualWorld, WorldOptions } from '../../support/virtual-world.ts'
import { createVirtualWorld } from '../../support/virtual-world.ts'

/** Pods take as many seconds as their step's name says, `work-60`, else one. */
const scripts: PodScripts = (job) => {
  const seconds = Number(/-(\d+)(?:\D\d+)?$/.exec(job.metadata.labels?.[LABELS.step] ?? '')?.[1] ?? '1')
  return { startMs: 0, runMs: seconds * 1000, exitCode: 0, log: '', termMs: 0, lostAfterMs: null }
}

const WORK = "steps: [{name: work-60, image: busybox, script: 'true'}]"
const LAST = "finally: [{name: last-5, image: busybox, script: 'true'}]"
const MANY = "steps: [{name: many-20, image: busybox, script: 'true', forEach: '[1, 2, 3, 4, 5, 6]'}]"
const FEW = "steps: [{name: few-20, image: busybox, script: 'true', forEach: '[1, 2]'}]"

function workflow(name: string, ...lines: string[]): Record<string, string> {
  const spec = lines.map((line) => `  ${line}\n`).join('')
  return { [`workflows/${name}.yaml`]: `apiVersion: fusee.dev/v1alpha1\nkind: Workflow\nmetadata: {name: ${name}}\nspec:\n${spec}` }
}

/** Where the controller is killed once each, once the world is there. */
const FATAL: readonly CrashPoint[] = ['run-created', 'job-created', 'run-status-written', 'job-stopped', 'job-released', 'run-recorded']

/** How the controller lives: undisturbed, or killed at the nth write of each kind, before or after it. */
const LIVES: readonly { name: string; moment?: 'before' | 'after'; nth?: number }[] = [
  { name: 'undisturbed' },
  { name: 'killed before the first write of each kind', moment: 'before', nth: 1 },
  { name: 'killed after the first write of each kind', moment: 'after', nth: 1 },
  { name: 'killed after the second write of each kind', moment: 'after', nth: 2 },
]

describe.each(LIVES)('runs side by side, the controller $name', ({ moment: wanted, nth }) => {
  let world: VirtualWorld
  let writes: Map<CrashPoint, number>

  beforeEach(() => {
    writes = new Map()
  })

  const dies: NonNullable<WorldOptions['dies']> = (point, moment) => {
    if (moment !== wanted || !FATAL.includes(point)) return false
    const count = (writes.get(point) ?? 0) + 1
    writes.set(point, count)
    return count === nth
  }

  async function open(files: Record<string, string>, settings: Partial<RepositorySettings> = {}): Promise<void> {
    world = await createVirtualWorld({ files, settings: { intervalSeconds: 10, ...settings }, scripts, dies })
    await world.pass(10_000)
  }

  /** Lets the controller that is there do something, and asks again while it dies of it. */
  async function insist(act: (state: ReturnType<VirtualWorld['controller']['repositories']>[number]) => Promise<{ kind: string }>): Promise<string> {
    for (let tries = 0; tries < 20; tries++) {
      const [state] = world.controller.repositories()
      let kind = 'NotReady'
      if (state?.claimed === true) void act(state).then((answer) => (kind = answer.kind))
      await world.pass(1000)
      if (kind !== 'NotReady') return kind
    }
    throw new Error('nobody ever answers')
  }

  async function ask(name: string, key: string, params: Record<string, unknown> = {}): Promise<string> {
    const wish = { workflow: name, trigger: { kind: 'Api', key, by: 'ann' }, params } as const
    return insist((state) => startOnRequest(world.context, state, wish, world.controller.wake))
  }

  async function find(key: string): Promise<StoredRun> {
    const found = (await world.runs()).find(({ spec }) => 'key' in spec.trigger && spec.trigger.key === key)
    if (found === undefined) throw new Error(`there is no run ${key}`)
    return found
  }

  const begunAt = async (key: string): Promise<number> => Date.parse((await find(key)).status?.startedAt ?? '')
  const endedAt = async (key: string): Promise<number> => Date.parse((await find(key)).status?.finishedAt ?? '')

  async function resultsOf(...keys: string[]): Promise<string[]> {
    const runs = await Promise.all(keys.map(find))
    return runs.map(({ status }, index) => `${keys[index]} ${status?.result} ${status?.reason}`)
  }

  async function podsBeginAt(key: string): Promise<number[]> {
    const jobs = await world.cluster.jobs.observeJobs((await find(key)).metadata)
    return jobs.flatMap(({ pods }) => pods.map((pod) => Date.parse(pod.status.startTime ?? pod.metadata.creationTimestamp)))
  }

  /** The most pods at once, and the most of each workflow. */
  async function mostAtOnce(): Promise<Record<string, number>> {
    const ends: { atMs: number; by: number; workflow: string }[] = []
    for (const { metadata, spec } of await world.runs()) {
      for (const { pods } of await world.cluster.jobs.observeJobs(metadata)) {
        for (const pod of pods) {
          const { terminated } = pod.status.containerStatuses?.[0]?.state ?? {}
          ends.push({ atMs: Date.parse(terminated?.startedAt ?? ''), by: 1, workflow: spec.workflow })
          ends.push({ atMs: Date.parse(terminated?.finishedAt ?? ''), by: -1, workflow: spec.workflow })
        }
      }
    }
    const most: Record<string, number> = {}
    const now: Record<string, number> = {}
    for (const { by, workflow: name } of ends.sort((one, other) => one.atMs - other.atMs || one.by - other.by)) {
      for (const key of ['all', name]) most[key] = Math.max(most[key] ?? 0, (now[key] = (now[key] ?? 0) + by))
    }
    return most
  }

  it('Allow: all at once', async () => {
    await open(workflow('w', WORK))
    for (const key of ['a', 'b', 'c']) await ask('w', key)
    await world.pass(120_000)
    expect(await resultsOf('a', 'b', 'c')).toEqual(['a Succeeded Completed', 'b Succeeded Completed', 'c Succeeded Completed'])
    expect(await begunAt('c')).toBeLessThan(await endedAt('a'))
  })

  it('Forbid: who comes while one runs is Skipped and says for whom; afterwards the next may', async () => {
    await open(workflow('w', 'concurrency: {policy: Forbid}', WORK, LAST))
    for (const key of ['a', 'b']) await ask('w', key)
    await world.pass(100_000)
    await ask('w', 'c')
    await world.pass(100_000)
    expect(await resultsOf('a', 'b', 'c')).toEqual(['a Succeeded Completed', 'b Skipped Forbid', 'c Succeeded Completed'])
    expect((await find('b')).status?.message).toBe(`run ${(await find('a')).metadata.name} has not ended, and the workflow forbids another`)
    expect((await find('b')).status?.recorded).toBeDefined()
  })

  it('Forbid, where the file said Allow before: a run of then counts', async () => {
    await open(workflow('w', WORK))
    await ask('w', 'a')
    await world.git.pushCommit(workflow('w', 'concurrency: {policy: Forbid}', WORK))
    await world.pass(20_000)
    for (const key of ['b', 'c']) await ask('w', key)
    await world.pass(120_000)
    expect(await resultsOf('a', 'b', 'c')).toEqual(['a Succeeded Completed', 'b Skipped Forbid', 'c Skipped Forbid'])
  })

  it('Replace: the newest begins once the old Jobs and their finally steps have ended, also when the file has changed', async () => {
    await open(workflow('w', 'concurrency: {policy: Replace}', WORK, LAST))
    await ask('w', 'a')
    await world.git.pushCommit(workflow('w', 'concurrency: {policy: Replace}', "steps: [{name: other-30, image: busybox, script: 'true'}]"))
    await world.pass(15_000)
    for (const key of ['b', 'c']) await ask('w', key)
    await world.pass(100_000)
    expect(await resultsOf('a', 'b', 'c')).toEqual(['a Cancelled Replaced', 'b Cancelled Superseded', 'c Succeeded Completed'])
    expect((await find('a')).status?.steps.map(({ name, result }) => `${name} ${result}`)).toEqual(['work-60 Cancelled', 'last-5 Succeeded'])
    expect((await find('c')).status?.steps.map(({ name, result }) => `${name} ${result}`)).toEqual(['other-30 Succeeded'])
    expect(await begunAt('c')).toBeGreaterThanOrEqual(await endedAt('a'))
    expect(await mostAtOnce()).toEqual({ all: 1, w: 1 })
  })

  it('Replace: one that has come to its finally steps is Cancelled once they have ended', async () => {
    await open(workflow('w', 'concurrency: {policy: Replace}', "steps: [{name: work-1, image: busybox, script: 'true'}]", LAST.replace('-5', '-60')))
    await ask('w', 'a')
    for (let tries = 0; (await find('a')).status?.outcome === undefined; tries++) {
      expect(tries).toBeLessThan(60)
      await world.pass(1000)
    }
    await ask('w', 'b')
    await world.pass(200_000)
    expect(await resultsOf('a', 'b')).toEqual(['a Cancelled Replaced', 'b Succeeded Completed'])
    expect((await find('a')).status?.steps.map(({ name, result }) => `${name} ${result}`)).toEqual(['work-1 Succeeded', 'last-60 Succeeded'])
    expect(await begunAt('b')).toBeGreaterThanOrEqual(await endedAt('a'))
  })

  it('Queue: one after the other, in their order, and beyond the limit Skipped', async () => {
    await open(workflow('w', 'concurrency: {policy: Queue, limit: 2}', WORK))
    for (const key of ['a', 'b', 'c', 'd']) await ask('w', key)
    await world.pass(300_000)
    expect(await resultsOf('a', 'b', 'c', 'd')).toEqual([
      'a Succeeded Completed',
      'b Succeeded Completed',
      'c Succeeded Completed',
      'd Skipped QueueFull',
    ])
    expect((await find('d')).status?.message).toBe('2 runs wait already')
    expect(await begunAt('b')).toBeGreaterThanOrEqual(await endedAt('a'))
    expect(await begunAt('c')).toBeGreaterThanOrEqual(await endedAt('b'))
  })

  it('groups: only runs for which the expression comes to the same are in the way of each other', async () => {
    await open(workflow('w', 'params: {site: {}}', 'concurrency: {policy: Forbid, group: "${{ params.site }}"}', WORK))
    await ask('w', 'a', { site: 'one' })
    await ask('w', 'b', { site: 'two' })
    await ask('w', 'c', { site: 'one' })
    await world.pass(120_000)
    expect(await resultsOf('a', 'b', 'c')).toEqual(['a Succeeded Completed', 'b Succeeded Completed', 'c Skipped Forbid'])
  })

  it('maxParallel of a workflow bounds each of its runs', async () => {
    await open(workflow('w', 'maxParallel: 2', MANY))
    await ask('w', 'a')
    await world.pass(150_000)
    expect(await resultsOf('a')).toEqual(['a Succeeded Completed'])
    expect(await mostAtOnce()).toEqual({ all: 2, w: 2 })
  })

  it('maxParallelSteps of the policy bounds all together, and a small workflow is not kept out by a large one', async () => {
    await open({ ...workflow('large', MANY), ...workflow('small', FEW) }, { maxParallelSteps: 4 })
    for (const [name, key] of [
      ['large', 'a'],
      ['large', 'b'],
      ['small', 'c'],
    ] as const)
      await ask(name, key)
    await world.pass(300_000)
    expect(await resultsOf('a', 'b', 'c')).toEqual(['a Succeeded Completed', 'b Succeeded Completed', 'c Succeeded Completed'])
    expect((await mostAtOnce())['all']).toBe(4)
    // A controller that has just begun knows of nobody who waits, so that one round may be unfair.
    expect(Math.min(...(await podsBeginAt('c')))).toBeLessThan(Math.max(...(await podsBeginAt('a')), ...(await podsBeginAt('b'))))
  })

  it('pause: nothing new starts, what runs goes on; resume', async () => {
    await open(workflow('w', 'concurrency: {policy: Queue}', WORK))
    for (const key of ['a', 'b']) await ask('w', key)
    await insist(async (state) => pause(world.context, state, { by: 'ann', reason: 'the site moves' }).then(() => ({ kind: 'Done' })))
    expect(await ask('w', 'c')).toBe('Refused')
    await world.pass(150_000)
    expect(await resultsOf('a', 'b')).toEqual(['a Succeeded Completed', 'b Succeeded Completed'])
    await insist(async (state) => resume(world.context, state, world.controller.wake).then(() => ({ kind: 'Done' })))
    expect(await ask('w', 'c')).toBe('Created')
    await world.pass(100_000)
    expect(await resultsOf('c')).toEqual(['c Succeeded Completed'])
  })
})

describe('a Repository that is paused while a run is in its finally steps', () => {
  it('lets these go on, also those that have not begun', async () => {
    const lines = [
      "steps: [{name: work-1, image: busybox, script: 'true'}]",
      'chain: true',
      "finally: [{name: last-60, image: busybox, script: 'true'}",
    ]
    const files = workflow('w', ...lines, "  , {name: then-1, image: busybox, script: 'true'}]")
    const world = await createVirtualWorld({ files, settings: { intervalSeconds: 10 }, scripts })
    await world.pass(10_000)
    const [state] = world.controller.repositories()
    if (state === undefined) throw new Error('nothing is followed')
    const trigger = { kind: 'Api', key: 'a', by: 'ann' } as const
    void startOnRequest(world.context, state, { workflow: 'w', trigger, params: {} }, world.controller.wake)
    await world.pass(30_000)
    const seen = async (): Promise<string[]> =>
      (await world.runs()).flatMap(({ status }) => status?.steps.map((one) => `${one.name} ${one.state}`) ?? [])
    expect(await seen()).toEqual(['work-1 Ended', 'last-60 Running', 'then-1 Waiting'])
    void pause(world.context, state, { by: 'ann', reason: 'the site moves' })
    await world.pass(90_000)
    expect((await world.runs()).map(({ status }) => [status?.result, status?.recorded !== undefined])).toEqual([['Succeeded', true]])
  })
})

describe('Queue without a limit of its own', () => {
  it('lets a hundred wait, and refuses the next with the reason', async () => {
    const steps = WORK.replace('work-60', 'work-3600')
    const world = await createVirtualWorld({ files: workflow('w', 'concurrency: {policy: Queue}', steps), scripts })
    const [state] = world.controller.repositories()
    if (state === undefined) throw new Error('nothing is followed')
    for (let index = 0; index <= 101; index++) {
      const trigger = { kind: 'Api', key: String(index), by: 'ann' } as const
      void startOnRequest(world.context, state, { workflow: 'w', trigger, params: {}, isUnique: true }, world.controller.wake)
      await world.pass(1000)
    }
    const skipped = (await world.runs()).filter(({ status }) => status?.result === 'Skipped')
    expect(skipped.map(({ status }) => [status?.reason, status?.message])).toEqual([['QueueFull', '100 runs wait already']])
  })
})

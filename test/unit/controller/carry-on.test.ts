import { describe, expect, it } from 'vitest'
import { GitError } from '../../../src/git/ports.ts'
import { takeOver } from '../../../src/history/owner.ts'
import { createControlledWorld, everyMinute, MINUTE_MS, type ControlledWorld } from '../../support/controlled-world.ts'

const TICK = '2026-11-20T01:00:00Z'

describe('after the loss of the cluster and a take-over', () => {
  it('what is recorded is not run again, and ticks whose runs were under way are Lost', async () => {
    const { world, first } = await lostWorld('')
    const second = world.start(world.createCluster(), 'second')
    await world.pass(MINUTE_MS)

    const recorded = new Set((await first.runs()).filter((run) => run.status?.recorded !== undefined).map((run) => run.metadata.name))
    const again = (await second.runs()).map((run) => run.metadata.name)
    expect(recorded.size).toBe(2)
    expect(again.filter((name) => recorded.has(name))).toEqual([])
    expect(again.filter((name) => name.startsWith('slow'))).toEqual([])

    const lost = second.events.flatMap((event) => (event.kind === 'TickJudged' && event.fate.fate === 'Lost' ? event.fate : []))
    const run = (await first.runs()).find(({ spec }) => spec.workflow === 'slow')?.metadata.name
    const want = { schedule: 'slow', at: TICK, fate: 'Lost', reason: 'its run had started when the cluster was lost, and has no record', run }
    expect(lost).toMatchObject([want])
    expect(second.events.filter(({ kind }) => kind === 'RunsLost')).toMatchObject([{ runs: [run] }])
    expect((await second.cursors())?.lost).toBeUndefined()
    const ticks = JSON.parse((await world.git.readFiles()).get('history/slow/2026/11/20/ticks.json') ?? '{}') as { ranges?: unknown[] }
    expect(ticks.ranges).toMatchObject([{ schedule: 'slow', fate: 'Lost', from: TICK, to: TICK, count: 1, run }])
    expect((await world.git.readFiles()).get('history/slow/README.md')).toContain('| slow | Lost | 2026-11-20 01:00:00 | its run had started')
  })

  it('such a tick is run again where afterLoss says so, once, and still Lost', async () => {
    const { world, first } = await lostWorld(', afterLoss: Rerun')
    const cluster = world.createCluster()
    const second = world.start(cluster, 'second')
    await world.pass(5000)
    await second.stop()
    const third = world.start(cluster, 'second')
    await world.pass(11 * MINUTE_MS)
    const [lost] = (await first.runs()).filter(({ spec }) => spec.workflow === 'slow')
    const [again, ...others] = (await third.runs()).filter(({ spec }) => spec.workflow === 'slow')
    expect(others).toEqual([])
    expect(again).toMatchObject({ metadata: { name: lost?.metadata.name }, spec: { trigger: lost?.spec.trigger }, status: { result: 'Succeeded' } })
    expect(again?.status?.recorded).toBeDefined()
    const files = await world.git.readFiles()
    expect(files.has(`history/slow/2026/11/20/${lost?.metadata.name ?? ''}.json`)).toBe(true)
    expect(files.get('history/slow/2026/11/20/ticks.json')).toContain('it is run again, since afterLoss is Rerun')
  })

  it('a run that is said to be under way and has its record is neither Lost nor run again', async () => {
    const { world, first } = await lostWorld(', afterLoss: Rerun')
    const recorded = (await first.runs()).find(({ spec, status }) => spec.workflow === 'quick' && status?.recorded !== undefined)
    expect(recorded).toBeDefined()
    const path = 'history/state/overview.json'
    const overview = JSON.parse((await world.git.readFiles()).get(path) ?? '') as { started: unknown[] }
    overview.started.push({ run: recorded?.metadata.name, workflow: 'quick', trigger: recorded?.spec.trigger })
    await world.git.pushCommit({ [path]: JSON.stringify(overview) }, 'as after a crash', { branch: 'fusee/status' })
    const second = world.start(world.createCluster(), 'second')
    await world.pass(MINUTE_MS)
    expect((await second.runs()).map(({ metadata }) => metadata.name)).not.toContain(recorded?.metadata.name)
    expect(second.events.flatMap((event) => (event.kind === 'RunsLost' ? event.runs : []))).not.toContain(recorded?.metadata.name)
  })

  it('a tick of a schedule that is gone meanwhile is Lost all the same', async () => {
    const { world } = await lostWorld(', afterLoss: Rerun')
    await world.push({ 'workflows/slow.yaml': null })
    const second = world.start(world.createCluster(), 'second')
    await world.pass(MINUTE_MS)
    expect((await second.runs()).filter(({ spec }) => spec.workflow === 'slow')).toEqual([])
    expect(second.events.flatMap((event) => (event.kind === 'TickJudged' ? event.fate.fate : []))).toContain('Lost')
  })

  it('who is refused first and may claim later carries on as well', async () => {
    const { world, first } = await lostWorld('', false)
    const second = world.start(world.createCluster(), 'second')
    await world.pass(10_000)
    expect(second.events.filter(({ kind }) => kind === 'BranchOwned')).toHaveLength(1)
    expect(await second.condition('Ready')).toMatchObject({ status: 'False', reason: 'BranchOwned' })
    expect(await second.runs()).toEqual([])
    expect(second.controller.isReady()).toBe(true)
    await handOver(world)
    await world.pass(MINUTE_MS)
    const recorded = new Set((await first.runs()).flatMap((run) => (run.status?.recorded === undefined ? [] : run.metadata.name)))
    expect((await second.runs()).filter((run) => recorded.has(run.metadata.name))).toEqual([])
    expect((await second.runs()).length).toBeGreaterThan(0)
  })

  it('two controllers on one branch: the second starts nothing, the first goes on', async () => {
    const { world, first, cluster } = await lostWorld('', false)
    const again = world.start(cluster)
    const second = world.start(world.createCluster(), 'second')
    const before = (await again.runs()).length
    await world.pass(2 * MINUTE_MS)
    expect(await second.runs()).toEqual([])
    expect((await again.runs()).length).toBeGreaterThan(before)
    expect(first.events.filter(({ kind }) => kind === 'BranchOwned')).toEqual([])
  })
})

describe('a former owner that gets the branch back', () => {
  const byPush = `apiVersion: fusee.dev/v1alpha1
kind: Workflow
metadata: {name: report}
spec:
  triggers: {push: {}}
  steps: [{name: work, image: "busybox:1.36", script: echo done}]
`

  for (const was of ['stopped', 'running', 'without the remote at its start'] as const) {
    it(`does not run again what the other has recorded (meanwhile ${was})`, async () => {
      const world = createControlledWorld()
      await world.push({ 'workflows/quick.yaml': everyMinute('quick'), 'workflows/report.yaml': byPush })
      const cluster = world.createCluster()
      const first = world.start(cluster, 'first')
      await world.pass(2.6 * MINUTE_MS)
      if (was !== 'running') await first.stop()
      const own = new Set((await first.runs()).map((run) => run.metadata.name))
      await handOver(world)
      const second = world.start(world.createCluster(), 'second')
      await world.pass(MINUTE_MS)
      await world.push({ 'notes.txt': 'x' })
      await world.pass(4 * MINUTE_MS)
      await second.stop()
      const recorded = (await second.runs()).filter((run) => run.status?.recorded !== undefined).map((run) => run.metadata.name)
      expect(recorded.length).toBeGreaterThan(5)

      await handOver(world)
      if (was.startsWith('without')) world.away = new GitError('Unreachable', 'git.example.com does not answer')
      const back = was === 'running' ? first : world.start(cluster, 'first')
      await world.pass(3000)
      world.away = null
      await world.pass(2 * MINUTE_MS)
      const names = (await back.runs()).map((run) => run.metadata.name).filter((name) => !own.has(name))
      expect(names.filter((name) => recorded.includes(name))).toEqual([])
      expect(back.events.filter(({ kind }) => kind === 'BranchClaimed').length).toBeGreaterThan(0)
      expect(back.events.filter(({ kind }) => kind === 'RunsLost')).toEqual([])
      expect((await world.git.readFiles()).get('history/state/owner.json')).toContain('"owner": "first"')
    })
  }

  it('does not call lost what has gone on here', async () => {
    const { world, cluster } = await lostWorld('')
    const second = world.start(world.createCluster(), 'second')
    await world.pass(5000)
    await second.stop()
    await handOver(world)
    const back = world.start(cluster)
    await world.pass(11 * MINUTE_MS)
    expect(back.events.filter(({ kind }) => kind === 'RunsLost')).toEqual([])
    expect((await back.runs()).filter(({ spec }) => spec.workflow === 'slow')).toMatchObject([{ status: { result: 'Succeeded' } }])
  })
})

/** A world whose first controller has recorded runs of `quick` and has one of `slow` under way when it and its cluster are gone. */
async function lostWorld(schedule: string, isHandedOver = true) {
  const world = createControlledWorld()
  await world.push({ 'workflows/quick.yaml': everyMinute('quick'), 'workflows/slow.yaml': everyMinute('slow', '0 1 * * *', schedule) })
  const cluster = world.createCluster()
  const first = world.start(cluster)
  await world.pass(2.6 * MINUTE_MS)
  await first.stop()
  if (isHandedOver) await handOver(world)
  return { world, cluster, first }
}

async function handOver(world: ControlledWorld): Promise<void> {
  await takeOver({ status: world.git.open().status, by: 'ada', nowMs: world.clock.now() })
}

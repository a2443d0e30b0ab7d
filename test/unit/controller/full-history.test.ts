import { describe, expect, it } from 'vitest'
import type { RunCluster } from '../../../src/cluster/ports.ts'
import { GitError } from '../../../src/git/ports.ts'
import { runName } from '../../../src/runs/names.ts'
import { API_VERSION, FINALIZER } from '../../../src/runs/objects.ts'
import type { Trigger } from '../../../src/runs/run.ts'
import { createControlledWorld, everyMinute, MINUTE_MS, START_MS } from '../../support/controlled-world.ts'
import { COMMIT } from '../../support/history-builders.ts'

const REPOSITORY = { namespace: 'data', name: 'jobs' }

describe('a forge that is down', () => {
  it('makes 2,000 records wait, then nothing starts and a condition says so, until all are written', async () => {
    const world = createControlledWorld()
    await world.push({ 'workflows/a.yaml': everyMinute('a') })
    const cluster = world.createCluster()
    const first = world.start(cluster)
    await world.pass(5000)
    world.away = new GitError('Unreachable', 'git.example.com does not answer')
    await addFinishedRuns(cluster.runs, 1999)
    await world.pass(95_000)
    expect(await waiting(first)).toBe(2000)
    expect(await ticksRun(first)).toEqual(['2026-11-20T01:00:00Z'])
    expect(await first.condition('HistoryFull')).toMatchObject({ status: 'True', reason: 'TooManyWaiting' })
    expect(await first.condition('HistoryWritten')).toMatchObject({
      status: 'False',
      reason: 'Unreachable',
      message: 'git.example.com does not answer',
    })
    expect(first.events.filter(({ kind }) => kind === 'HistoryFailed')).toHaveLength(2)

    world.away = null
    await world.pass(100_000)
    expect(await waiting(first)).toBeLessThan(3)
    expect(await first.condition('HistoryFull')).toMatchObject({ status: 'False' })
    expect(await first.condition('HistoryWritten')).toMatchObject({ status: 'True' })
    const batches = world.git.statusCommits().map(({ message }) => message.match(/^Fusee-Run: /gm)?.length ?? 0)
    expect(Math.max(...batches)).toBe(200)
    expect(batches.reduce((sum, size) => sum + size)).toBeGreaterThan(2000)
    expect(await ticksRun(first)).toEqual(['2026-11-20T01:00:00Z', '2026-11-20T01:02:00Z'])
    expect(first.events.filter(({ kind }) => kind === 'TickJudged')).toMatchObject([{ fate: { fate: 'Missed', at: '2026-11-20T01:01:00Z' } }])
  })

  it('makes the followers of what ends meanwhile wait too, and what a person creates; each starts once it is back', async () => {
    const { world, cluster, first } = await worldThatIsAway({ ...plain('c', 'push: {paths: [data/**]}'), ...plain('d', 'workflow: [{name: c}]') })
    await world.push({ 'data/a': '1' })
    await world.clock.runUntil(world.clock.now() + MINUTE_MS, () => created(first, 'c') === 1)
    await addFinishedRuns(cluster.runs, 2000)
    await cluster.runs.createRun({
      apiVersion: API_VERSION,
      kind: 'Run',
      metadata: { name: 'by-hand', namespace: 'data' },
      spec: { repository: 'jobs', workflow: 'd', commit: '', trigger: { kind: 'Manual', key: 'k', by: 'ada' }, params: {}, rerunOf: null },
    })
    await world.pass(MINUTE_MS)
    expect(await waiting(first)).toBe(2001)
    expect(created(first, 'd')).toBe(0)

    world.away = null
    await world.clock.runUntil(world.clock.now() + 5 * MINUTE_MS, () => created(first, 'd') === 2)
    await world.pass(MINUTE_MS / 2)
    expect(created(first, 'd')).toBe(2)
  })

  it('does not keep runs waiting for each other, where all of them still have followers to start', async () => {
    const { world, cluster, first } = await worldThatIsAway({ ...plain('b', ''), ...plain('d', 'workflow: [{name: b}]') })
    await first.stop()
    await addFinishedRuns(cluster.runs, 2100)
    world.away = null
    const second = world.start(cluster)
    await world.clock.runUntil(world.clock.now() + MINUTE_MS, () => second.events.some(({ kind }) => kind === 'RecordsPushed'))
    expect(created(second, 'd')).toBe(200)
    expect(second.events.find(({ kind }) => kind === 'RecordsPushed')).toMatchObject({ runs: { length: 200 } })
  })

  it('does not keep the ticks from being noted whose runs were made before', async () => {
    const { world, cluster, first } = await worldThatIsAway({ 'workflows/a.yaml': everyMinute('a') })
    const tick = '2026-11-20T01:00:00Z'
    await world.clock.runUntil(Date.parse(tick) - 1)
    await addFinishedRuns(cluster.runs, 1999)
    await addFinishedRuns(cluster.runs, 1, 'a', { kind: 'Schedule', schedule: 'a', tick })
    await world.pass(30_000)
    expect((await first.cursors())?.schedules['a']?.judgedUpTo).toBe(tick)
    expect(await waiting(first)).toBe(2000)
  })

  it.each(['goes on', 'has lost its schedule', 'is held by a pause'])(
    'does not keep a backfill that %s from noting the runs that it has made, where all other records wait for followers to start',
    async (what) => {
      const files = { 'workflows/a.yaml': everyMinute('a', '0 * * * *'), ...plain('b', ''), ...plain('d', 'workflow: [{name: b}]') }
      const { world, cluster, first } = await worldThatIsAway(files)
      await first.stop()
      const schedule = what === 'has lost its schedule' ? 'gone' : 'a'
      const tick = '2026-11-20T00:00:00Z'
      const trigger: Trigger = { kind: 'Backfill', schedule, tick, by: 'ada' }
      const run = runName(REPOSITORY, 'a', trigger, '')
      await addFinishedRun(cluster.runs, run, 'a', trigger)
      await addFinishedRuns(cluster.runs, 1999)
      const cursors = await first.cursors()
      if (cursors === null) throw new Error('there are no cursors')
      const asked = { schedule, from: tick, to: '2026-11-20T00:59:00Z', doneUpTo: '2026-11-19T23:59:59Z', maxActive: 1, by: 'ada', reason: '' }
      const paused = what === 'is held by a pause' ? { paused: { by: 'ada', at: tick, reason: '' } } : {}
      await cluster.runs.writeCursors(REPOSITORY, { ...cursors, ...paused, backfills: [asked] })
      world.away = null
      const second = world.start(cluster)
      const isWritten = (): boolean => second.events.some((event) => event.kind === 'RecordsPushed' && event.runs.includes(run))
      await world.clock.runUntil(world.clock.now() + 5 * MINUTE_MS, isWritten)
      expect(isWritten()).toBe(true)
    },
  )

  it('leaves a push that has begun to start its runs to start the others, so that none runs twice', async () => {
    const files = { ...plain('p', 'push: {paths: [data/**]}', 'retention: {succeeded: 0}'), ...plain('q', 'push: {paths: [data/**]}') }
    let fails = true
    const { world, cluster, first } = await worldThatIsAway(files, {
      async writeSite(point, write) {
        if (point === 'run-created' && fails && created(first, 'p') === 1) {
          fails = false
          await addFinishedRuns(cluster.runs, 2000)
          throw new Error('the API server is busy')
        }
        return write()
      },
    })
    await world.push({ 'data/a': '1' })
    await world.pass(MINUTE_MS)
    expect(fails).toBe(false)
    world.away = null
    await world.pass(10 * MINUTE_MS)
    expect(await waiting(first)).toBe(0)
    expect([created(first, 'p'), created(first, 'q')]).toEqual([1, 1])
  })
})

/** A world whose status branch is away since the first look. */
async function worldThatIsAway(files: Record<string, string>, more: Parameters<ReturnType<typeof createControlledWorld>['start']>[2] = {}) {
  const world = createControlledWorld()
  await world.push(files)
  const cluster = world.createCluster()
  const first = world.start(cluster, 'first', more)
  await world.pass(5000)
  world.away = new GitError('Unreachable', 'git.example.com does not answer')
  return { world, cluster, first }
}

/** A workflow of one join, which is over at once. */
function plain(name: string, triggers: string, more = ''): Record<string, string> {
  return {
    [`workflows/${name}.yaml`]: `apiVersion: fusee.dev/v1alpha1
kind: Workflow
metadata: {name: ${name}}
spec:
  triggers: {${triggers}}
  ${more}
  steps: [{name: only}]
`,
  }
}

function created({ events }: { events: ReturnType<ReturnType<typeof createControlledWorld>['start']>['events'] }, workflow: string): number {
  return events.filter((event) => event.kind === 'RunCreated' && event.run.spec.workflow === workflow).length
}

async function ticksRun(controller: { runs(): ReturnType<RunCluster['listRuns']> }): Promise<string[]> {
  const triggers = (await controller.runs()).map(({ spec }) => spec.trigger)
  return triggers.flatMap((trigger) => (trigger.kind === 'Schedule' ? trigger.tick : [])).toSorted()
}

async function waiting(controller: { runs(): ReturnType<RunCluster['listRuns']> }): Promise<number> {
  return (await controller.runs()).filter((run) => run.status?.phase === 'Finished' && run.status.recorded === undefined).length
}

/** Runs that have ended and wait for their record. */
async function addFinishedRuns(runs: RunCluster, count: number, workflow = 'b', trigger?: Trigger): Promise<void> {
  for (let index = 0; index < count; index++)
    await addFinishedRun(runs, `${workflow}-${index}`, workflow, trigger ?? { kind: 'Manual', key: `${index}`, by: 'ada' })
}

async function addFinishedRun(runs: RunCluster, name: string, workflow: string, trigger: Trigger): Promise<void> {
  const at = new Date(START_MS).toISOString()
  const { object } = await runs.createRun({
    apiVersion: API_VERSION,
    kind: 'Run',
    metadata: { name, namespace: 'data', labels: { 'fusee.dev/repository': 'jobs' }, finalizers: [FINALIZER] },
    spec: { repository: 'jobs', workflow, commit: COMMIT, trigger, params: {}, rerunOf: null },
  })
  await runs.updateRun({ ...object, status: { phase: 'Finished', steps: [], startedAt: at, finishedAt: at, result: 'Succeeded' } })
}

import { describe, expect, it } from 'vitest'
import { GitError } from '../../../src/git/ports.ts'
import { API_VERSION, FINALIZER } from '../../../src/runs/objects.ts'
import type { RunCluster } from '../../../src/cluster/ports.ts'
import { createControlledWorld, everyMinute, MINUTE_MS, START_MS } from '../../support/controlled-world.ts'
import { COMMIT } from '../../support/history-builders.ts'

const STATUS = 'fusee/status'

describe('a status branch that somebody meddles with', () => {
  it('is begun anew when it was deleted, with all that the cluster holds, and that is told', async () => {
    const { world, first } = await worldWithRuns(3)
    const lost = world.git.tip(STATUS)
    world.git.reset(null, STATUS)
    await world.pass(MINUTE_MS)
    const runs = (await first.runs()).filter((run) => run.status?.recorded !== undefined)
    expect((await recordNames(world)).sort()).toEqual(runs.map((run) => run.metadata.name).sort())
    const event = first.events.find(({ kind }) => kind === 'HistoryMended')
    expect(event).toMatchObject({ reason: 'BranchDeleted', message: expect.stringContaining(`last seen at ${String(lost)}`) as string })
    expect(await first.condition('HistoryMended')).toMatchObject({ status: 'True', reason: 'BranchDeleted' })
    expect(world.git.statusCommits().at(-1)?.message).toContain(
      '\n\nThe branch had been deleted: what is left of its records is written again.\n\nFusee-Run: ',
    )
    const commits = new Set(world.git.statusCommits().map(({ id }) => String(id)))
    expect(runs.every((run) => commits.has(run.status?.recorded?.commit ?? ''))).toBe(true)
  })

  it('gets back what it lost when it was reset, though nothing new has finished', async () => {
    const { world, first } = await worldWithRuns(3)
    await world.push({ 'workflows/a.yaml': null })
    await world.pass(MINUTE_MS)
    const before = await world.git.readFiles()
    world.git.reset(world.git.statusCommits().at(-2)?.id ?? null, STATUS)
    await world.pass(6 * MINUTE_MS)
    expect(await recordsOf(world)).toEqual([...before].filter(([path]) => isRecord(path)))
    expect(first.events.filter(({ kind }) => kind === 'HistoryMended')).toMatchObject([{ reason: 'RecordsMissing' }])
  })

  it('gets back what it lost while no controller ran', async () => {
    const { world, first, cluster } = await worldWithRuns(2)
    await first.stop()
    world.git.reset(null, STATUS)
    const second = world.start(cluster)
    await world.pass(5000)
    expect(await recordNames(world)).toHaveLength((await second.runs()).filter((run) => run.status?.recorded !== undefined).length)
    expect(second.events.filter(({ kind }) => kind === 'HistoryMended')).toMatchObject([{ reason: 'RecordsMissing' }])
  })

  it('has its unreadable files made anew, and they are named', async () => {
    const { world, first } = await worldWithRuns(1, { intervalSeconds: 600 })
    await world.git.pushCommit({ 'history/state/a.json': '{}' }, 'by hand', { branch: STATUS })
    await world.pass(MINUTE_MS)
    expect(first.events.filter(({ kind }) => kind === 'HistoryMended')).toMatchObject([{ reason: 'FilesSpoilt', files: ['history/state/a.json'] }])
    expect(await first.condition('HistoryMended')).toMatchObject({
      status: 'True',
      message: expect.stringContaining('made anew without what they held before: history/state/a.json, in ') as string,
    })
    await world.push({ 'workflows/a.yaml': null })
    await world.pass(25 * 60 * MINUTE_MS)
    expect(await first.condition('HistoryMended')).toMatchObject({ status: 'False', reason: 'Whole' })
  })

  it('that is another controller’s meanwhile is found out though nothing finishes', async () => {
    const { world, first } = await worldWithRuns(1)
    await world.push({ 'workflows/a.yaml': null })
    await world.pass(MINUTE_MS)
    const owner = (await world.git.readFiles()).get('history/state/owner.json') ?? ''
    await world.git.pushCommit({ 'history/state/owner.json': owner.replace('first', 'second') }, 'taken', { branch: STATUS })
    await world.pass(6 * MINUTE_MS)
    expect(first.events.filter(({ kind }) => kind === 'BranchOwned')).toMatchObject([
      { message: expect.stringContaining('belongs to second') as string },
    ])
  })
})

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
})

async function worldWithRuns(minutes: number, settings: Parameters<typeof createControlledWorld>[0] = {}) {
  const world = createControlledWorld(settings)
  await world.push({ 'workflows/a.yaml': everyMinute('a') })
  const cluster = world.createCluster()
  const first = world.start(cluster)
  await world.pass(minutes * MINUTE_MS)
  return { world, cluster, first }
}

async function ticksRun(controller: { runs(): ReturnType<RunCluster['listRuns']> }): Promise<string[]> {
  const triggers = (await controller.runs()).map(({ spec }) => spec.trigger)
  return triggers.flatMap((trigger) => (trigger.kind === 'Schedule' ? trigger.tick : [])).toSorted()
}

async function waiting(controller: { runs(): ReturnType<RunCluster['listRuns']> }): Promise<number> {
  return (await controller.runs()).filter((run) => run.status?.phase === 'Finished' && run.status.recorded === undefined).length
}

/** Runs that have ended and wait for their record. */
async function addFinishedRuns(runs: RunCluster, count: number): Promise<void> {
  const at = new Date(START_MS).toISOString()
  for (let index = 0; index < count; index++) {
    const { object } = await runs.createRun({
      apiVersion: API_VERSION,
      kind: 'Run',
      metadata: { name: `b-${index}`, namespace: 'data', labels: { 'fusee.dev/repository': 'jobs' }, finalizers: [FINALIZER] },
      spec: { repository: 'jobs', workflow: 'b', commit: COMMIT, trigger: { kind: 'Manual', key: `${index}`, by: 'ada' }, params: {}, rerunOf: null },
    })
    await runs.updateRun({ ...object, status: { phase: 'Finished', steps: [], startedAt: at, finishedAt: at, result: 'Succeeded' } })
  }
}

async function recordsOf({ git }: { git: ReturnType<typeof createControlledWorld>['git'] }): Promise<[string, string][]> {
  return [...(await git.readFiles())].filter(([path]) => isRecord(path))
}

async function recordNames(world: Parameters<typeof recordsOf>[0]): Promise<string[]> {
  return (await recordsOf(world)).map(([path]) => path.replace(/^.*\/|\.json$/g, ''))
}

function isRecord(path: string): boolean {
  return /\/\d\d\/(?!ticks)[^/]+\.json$/.test(path)
}

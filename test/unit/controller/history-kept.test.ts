import { describe, expect, it } from 'vitest'
import { createControlledWorld, everyMinute, MINUTE_MS } from '../../support/controlled-world.ts'

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

async function worldWithRuns(minutes: number, settings: Parameters<typeof createControlledWorld>[0] = {}) {
  const world = createControlledWorld(settings)
  await world.push({ 'workflows/a.yaml': everyMinute('a') })
  const cluster = world.createCluster()
  const first = world.start(cluster)
  await world.pass(minutes * MINUTE_MS)
  return { world, cluster, first }
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

import { describe, expect, it } from 'vitest'
import type { CommitSha } from '../../../src/git/ports.ts'
import { createSimulatedGit } from '../../../src/git/simulated.ts'
import { createControlledWorld, everyMinute, MINUTE_MS, START_MS, type ControlledWorld } from '../../support/controlled-world.ts'

const HOUR_SECONDS = 3600

describe('the rolling review', () => {
  it('is one commit on top of the branch, with all of the history but its state, and follows both', async () => {
    const { world } = await reviewedWorld({ into: 'main', everySeconds: HOUR_SECONDS })
    await world.pass(2 * MINUTE_MS)
    const [name = '', ...others] = reviews(world)
    expect(others).toEqual([])
    const offered = await world.git.readFiles(name)
    const history = [...(await world.git.readFiles())].filter(([path]) => !path.startsWith('history/state/'))
    expect([...offered].filter(([path]) => path.startsWith('history/'))).toEqual(history)
    expect(offered.get('workflows/a.yaml')).toBe((await world.git.readFiles('main')).get('workflows/a.yaml'))
    await world.push({ 'notes.txt': 'new\n' })
    await world.pass(MINUTE_MS)
    expect((await world.git.readFiles(name)).get('notes.txt')).toBe('new\n')
  })

  it('stays as it is when its time has passed; merged however, the next one holds only what is new', async () => {
    const { world } = await reviewedWorld({ into: 'main', everySeconds: 300 })
    await world.pass(6 * MINUTE_MS)
    const [first = '', ...others] = reviews(world)
    expect([first, ...others].length).toBe(2)
    const frozen = world.git.tip(first)
    await world.pass(2 * MINUTE_MS)
    expect(world.git.tip(first)).toBe(frozen)

    // As a squash or a rebase does it: the same files in another commit.
    const squashed = Object.fromEntries([...(await world.git.readFiles(first))].filter(([path]) => path.startsWith('history/')))
    const before = new Set(Object.keys(squashed))
    await world.git.pushCommit(squashed, 'merged')
    await world.pass(2 * MINUTE_MS)
    const next = reviews(world).at(-1) ?? ''
    expect(next).not.toBe(first)
    const main = await world.git.readFiles('main')
    const changed = [...(await world.git.readFiles(next))].filter(([path, text]) => main.get(path) !== text).map(([path]) => path)
    expect(changed.length).toBeGreaterThan(3)
    expect(changed.filter((path) => before.has(path) && !/README\.md$|ticks\.json$/.test(path))).toEqual([])
    expect(world.git.tip(first)).toBe(frozen)
  })

  it('never makes more than two, however long nobody merges, and none while nothing is new', async () => {
    const { world } = await reviewedWorld({ into: 'main', everySeconds: 120 })
    await world.pass(20 * MINUTE_MS)
    expect(reviews(world)).toHaveLength(2)
    const [first = '', second = ''] = reviews(world)
    await world.push({ ...Object.fromEntries(await world.git.readFiles(second)), 'workflows/a.yaml': null })
    await world.pass(20 * MINUTE_MS)
    const merged = world.git.tip(second)
    await world.pass(20 * MINUTE_MS)
    expect(world.git.tip(second)).toBe(merged)
    expect(reviews(world)[0]).toBe(first)
  })

  it('is put once on top of an older one that was merged beside it, and then stays', async () => {
    const { world } = await reviewedWorld({ into: 'main', everySeconds: 120 })
    await world.push({ 'history/notes.md': 'by hand\n' })
    await world.pass(20 * MINUTE_MS)
    const [first = '', second = ''] = reviews(world)
    expect(second).not.toBe('')
    const landed = [...(await world.git.readFiles(first))].filter(([path]) => path.startsWith('history/a/'))
    await world.push({ ...Object.fromEntries(landed), 'history/notes.md': 'by another hand\n', 'workflows/a.yaml': null })
    await world.pass(20 * MINUTE_MS)
    expect(reviews(world)).toEqual([first, second])
    const main = await world.git.readFiles('main')
    const { commits } = await world.git.open().source.range(world.git.tip('main') as CommitSha, world.git.tip(second) as CommitSha, 10)
    expect(commits).toEqual([world.git.tip(second)])
    const changed = [...(await world.git.readFiles(second))].flatMap(([path, text]) => (main.get(path) === text ? [] : path))
    expect(changed.filter((path) => path.endsWith('.json')).length).toBeGreaterThan(3)
    expect(changed).not.toContain('history/notes.md')
    await world.push({ 'notes.txt': 'something else\n' })
    const frozen = world.git.tip(second)
    await world.pass(20 * MINUTE_MS)
    expect(world.git.tip(second)).toBe(frozen)
  })

  it('starts no run when it is merged', async () => {
    const { world, first } = await reviewedWorld({ into: 'main', everySeconds: 120 })
    await world.pass(4 * MINUTE_MS)
    const pushed = async (): Promise<number> => (await first.runs()).filter(({ spec }) => spec.trigger.kind === 'Push').length
    const before = await pushed()
    const offered = [...(await world.git.readFiles(reviews(world)[0]))].filter(([path]) => path.startsWith('history/'))
    await world.push(Object.fromEntries(offered))
    await world.pass(MINUTE_MS)
    expect(await pushed()).toBe(before)
  })

  it('says so when the branch is not there, and begins when it is', async () => {
    const { world, first } = await reviewedWorld({ into: 'stable', everySeconds: 86_400 })
    await world.pass(MINUTE_MS)
    expect(await first.condition('ReviewOffered')).toMatchObject({
      status: 'False',
      reason: 'BranchNotFound',
      message: 'history.review.into names the branch stable, which is not there: push it, or name another',
    })
    expect(first.events.filter(({ kind }) => kind === 'ReviewFailed')).toHaveLength(1)
    world.git.reset(world.git.tip('main'), 'stable')
    await world.pass(2 * MINUTE_MS)
    expect(reviews(world)).toEqual(['fusee/review/2026-11-20'])
    expect(await first.condition('ReviewOffered')).toMatchObject({ status: 'True' })
  })

  it('lies where the records do, when that is another repository, and leaves the followed one alone', async () => {
    const records = createSimulatedGit({ now: () => START_MS })
    const world = createControlledWorld({ review: { into: 'main', everySeconds: 120 } }, records)
    await world.push({ 'workflows/a.yaml': everyMinute('a') })
    const first = world.start(world.createCluster())
    await world.pass(MINUTE_MS)
    expect(await first.condition('ReviewOffered')).toMatchObject({ status: 'False', reason: 'BranchNotFound' })
    await records.pushCommit({ 'README.md': 'records\n' })
    await world.pass(2 * MINUTE_MS)
    const offered = (): string[] => records.branches().filter((name) => name.startsWith('fusee/review/'))
    const [name = ''] = offered()
    const files = [...(await records.readFiles(name)).keys()]
    expect(files).toContain('README.md')
    expect(files.filter((path) => path.startsWith('history/a/')).length).toBeGreaterThan(1)
    expect(files.filter((path) => path.startsWith('workflows/') || path.startsWith('history/state/'))).toEqual([])
    expect(await first.condition('ReviewOffered')).toMatchObject({ status: 'True' })

    // Merged there: the next one holds only what is new, and nothing starts here.
    const merged = Object.fromEntries([...(await records.readFiles(name))].filter(([path]) => path.startsWith('history/')))
    await records.pushCommit(merged, 'merged')
    await world.pass(6 * MINUTE_MS)
    const main = await records.readFiles('main')
    const changed = [...(await records.readFiles(offered().at(-1)))].filter(([path, text]) => main.get(path) !== text).map(([path]) => path)
    expect(offered().length).toBeGreaterThan(1)
    expect(changed.filter((path) => path in merged && !/README\.md$|ticks\.json$/.test(path))).toEqual([])
    expect((await first.runs()).filter(({ spec }) => spec.trigger.kind === 'Push')).toEqual([])
    expect(world.git.branches()).toEqual(['main'])
  })

  it('is the same commit after a restart', async () => {
    const { world, first, cluster } = await reviewedWorld({ into: 'main', everySeconds: HOUR_SECONDS })
    await world.pass(MINUTE_MS)
    await world.push({ 'workflows/a.yaml': null })
    await world.pass(6 * MINUTE_MS)
    const before = world.git.tip(reviews(world)[0] ?? '')
    await first.stop()
    const second = world.start(cluster)
    await world.pass(MINUTE_MS)
    expect(second.events.filter(({ kind }) => kind === 'ReviewProposed')).toEqual([])
    expect(world.git.tip(reviews(world)[0] ?? '')).toBe(before)
  })
})

async function reviewedWorld(review: { into: string; everySeconds: number }) {
  const world = createControlledWorld({ review })
  await world.push({ 'workflows/a.yaml': everyMinute('a') })
  const cluster = world.createCluster()
  return { world, cluster, first: world.start(cluster) }
}

/** Branches of review, oldest first. */
function reviews(world: ControlledWorld): string[] {
  return world.git.branches().filter((name) => name.startsWith('fusee/review/'))
}

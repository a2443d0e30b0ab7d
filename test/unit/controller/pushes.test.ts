import { describe, expect, it } from 'vitest'
import type { VirtualWorld } from '../../support/virtual-world.ts'
import { GitError } from '../../../src/git/ports.ts'
import { createControlledWorld, MINUTE_MS } from '../../support/controlled-world.ts'
import { createVirtualWorld, workflowFile } from '../../support/virtual-world.ts'

const files = workflowFile('build', 'triggers: {push: {}}\nretention: {succeeded: 0}')

/** Commits that were run by push, in order, over all time. */
function ran(world: VirtualWorld): string[] {
  return world.events.flatMap((event) => (event.kind === 'RunCreated' && event.run.spec.trigger.kind === 'Push' ? [event.run.spec.commit] : []))
}

describe('a commit that has run by push does not run again', () => {
  it('when the controller stopped before its cursor, the branch went back, and the commit comes again after its run was swept', async () => {
    let stops = false
    const world = await createVirtualWorld({
      files,
      async writeSite(point, write) {
        const value = await write()
        return stops && point === 'run-created' ? new Promise<never>(() => undefined) : value
      },
    })
    const before = world.git.tip('main')
    const commit = await world.git.pushCommit({ 'a.txt': '1' })
    stops = true
    await world.pass(90_000)
    stops = false
    world.git.reset(before)
    await world.kill()
    await world.pass(120_000)
    expect(await world.runs()).toEqual([])
    world.git.reset(commit)
    await world.pass(120_000)
    expect([...(await world.git.readFiles()).keys()].filter((path) => /\/build-[^/]*\.json$/.test(path))).toHaveLength(1)
    expect(await world.runs()).toEqual([])
  })

  it('when a look failed between its Run and the cursor, and the branch went back meanwhile; nor does its record wait for ever', async () => {
    let fails = false
    const world = await createVirtualWorld({
      files,
      writeSite(point, write) {
        if (fails && point === 'cursors-written') throw new Error('no answer')
        return write()
      },
    })
    const before = world.git.tip('main')
    const commit = await world.git.pushCommit({ 'a.txt': '1' })
    fails = true
    await world.pass(70_000)
    world.git.reset(before)
    fails = false
    await world.pass(180_000)
    expect(ran(world)).toEqual([commit])
    expect(await world.runs()).toEqual([])
    world.git.reset(commit)
    await world.pass(120_000)
    expect(ran(world)).toEqual([commit])
  })

  it('when another branch was followed meanwhile, and its run was swept by then', async () => {
    const world = createControlledWorld()
    const first = await world.push(files)
    const cluster = world.createCluster()
    const before = world.start(cluster)
    await world.pass(MINUTE_MS)
    await world.push({ 'a.txt': '1' })
    await world.pass(3 * MINUTE_MS)
    expect(await before.runs()).toEqual([])
    await before.stop()
    const cursors = await before.cursors()
    if (cursors === null) throw new Error('no cursors')
    expect(cursors.rewound).toBe(false)
    // Another branch, whose tip is behind this one's.
    await cluster.runs.writeCursors(
      { namespace: 'data', name: 'jobs' },
      { ...cursors, lastCommit: first, followed: { url: cursors.followed?.url ?? '', branch: 'dev' } },
    )
    const after = world.start(cluster)
    await world.pass(MINUTE_MS)
    expect(after.events.filter(({ kind }) => kind === 'RunCreated')).toEqual([])
    const commit = await world.push({ 'a.txt': '2' })
    await world.pass(MINUTE_MS)
    expect(after.events.flatMap((event) => (event.kind === 'RunCreated' ? [event.run.spec.commit] : []))).toEqual([commit])
    await after.stop()
  })

  it('when the branch is forced back and forth', async () => {
    const world = await createVirtualWorld({ files })
    const first = world.git.tip('main')
    const one = await world.git.pushCommit({ 'a.txt': '1' })
    await world.pass(120_000)
    world.git.reset(first)
    await world.pass(120_000)
    const other = await world.git.pushCommit({ 'a.txt': '2' })
    await world.pass(120_000)
    world.git.reset(one)
    await world.pass(120_000)
    expect(ran(world)).toEqual([one, ...(first === null ? [] : [first]), other])
  })
})

it('once the branch was forced, a push asks the status branch nothing that is known here, and starts while it is away', async () => {
  const world = createControlledWorld()
  const first = await world.push(files)
  const controller = world.start(world.createCluster())
  await world.pass(MINUTE_MS)
  await world.push({ 'a.txt': '1' })
  await world.pass(MINUTE_MS)
  world.git.reset(first)
  await world.pass(MINUTE_MS)
  await world.push({ 'a.txt': '2' })
  await world.pass(MINUTE_MS)
  world.away = new GitError('Unreachable', 'git.example.com does not answer')
  const commit = await world.push({ 'a.txt': '3' })
  await world.pass(MINUTE_MS)
  expect(controller.events.flatMap((event) => (event.kind === 'RunCreated' ? [event.run.spec.commit] : []))).toContain(commit)
})

describe('what a push starts', () => {
  it('is nothing for commits that touch only history/, and nothing for the past before the first look', async () => {
    const world = await createVirtualWorld({ files })
    await world.git.pushCommit({ 'history/README.md': 'records' })
    await world.pass(120_000)
    expect(ran(world)).toEqual([])
  })

  it('is one run for a merge under Latest, and one for each first parent under Each', async () => {
    const world = await createVirtualWorld({
      files: { ...workflowFile('latest', 'triggers: {push: {}}'), ...workflowFile('each', 'triggers: {push: {commits: Each}}') },
    })
    const base = world.git.tip('main')
    if (base === null) throw new Error('no tip')
    world.git.reset(base, 'side')
    const side = await world.git.pushCommit({ 'side.txt': '1' }, 'on the side', { branch: 'side' })
    const main = await world.git.pushCommit({ 'main.txt': '1' }, 'on main')
    const merge = await world.git.pushCommit({ 'side.txt': '1' }, 'merge', { parents: [side] })
    await world.pass(120_000)
    const runs = world.events.flatMap((event) => (event.kind === 'RunCreated' ? [`${event.run.spec.workflow} ${event.run.spec.commit}`] : []))
    expect(runs.sort()).toEqual([`each ${main}`, `each ${merge}`, `latest ${merge}`].sort())
  })

  it('is decided under Each by what each commit has changed against its own first parent', async () => {
    const spec = (path: string): string => `triggers: {push: {commits: Each, paths: ["${path}"]}}`
    const world = await createVirtualWorld({ files: { ...workflowFile('early', spec('early')), ...workflowFile('left', spec('left')) } })
    const started = (): string[] =>
      world.events.flatMap((event) => (event.kind === 'RunCreated' ? [`${event.run.spec.workflow} ${event.run.spec.commit}`] : []))
    // More than fifty, of which one that is too far back has changed what is meant.
    const base = world.git.tip('main')
    for (let index = 0; index < 55; index++) await world.git.pushCommit({ [index === 0 ? 'early' : 'other']: `${index}` })
    await world.pass(120_000)
    expect(started()).toEqual([])
    // The branch as it was is merged into another one, which takes its place.
    const left = await world.git.pushCommit({ left: '1' })
    await world.pass(120_000)
    expect(started()).toEqual([`left ${left}`])
    world.git.reset(base)
    await world.git.pushCommit({ mine: '1' })
    const merge = await world.git.pushCommit({ mine: '2', left: '1', other: '54', early: '0' }, 'merge', { parents: [left] })
    await world.pass(120_000)
    expect(started().sort()).toEqual([`left ${left}`, `left ${merge}`, `early ${merge}`].sort())
  })

  it('is held back by [skip fusee], for good', async () => {
    const world = await createVirtualWorld({ files })
    await world.git.pushCommit({ 'a.txt': '1' }, 'tidy up [skip fusee]')
    await world.pass(120_000)
    expect(ran(world)).toEqual([])
    expect(world.events.filter(({ kind }) => kind === 'RunHeld')).toHaveLength(1)
  })
})

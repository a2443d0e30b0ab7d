import { describe, expect, it } from 'vitest'
import { initialCursors } from '../../../src/controller/cursors.ts'
import type { WriteSite } from '../../../src/crash-points.ts'
import { GitError } from '../../../src/git/ports.ts'
import { takeOver } from '../../../src/history/owner.ts'
import type { TickRange } from '../../../src/history/ticks.ts'
import { createRunObject } from '../../../src/runs/create-run.ts'
import { createControlledWorld, everyMinute, MINUTE_MS } from '../../support/controlled-world.ts'

const AWAY = new GitError('Unreachable', 'git.example.com cannot be reached')
const REPOSITORY = { namespace: 'data', name: 'jobs' }

describe('a controller that was refused the branch', () => {
  it('carries on from the branch once it was taken over: nothing recorded runs again, no tick has two fates', async () => {
    const world = createControlledWorld()
    await world.push({ 'README.md': 'no workflow yet' })
    const first = world.start(world.createCluster(), 'first')
    await world.pass(1000)
    await world.push({ 'workflows/a.yaml': everyMinute('a') })
    await world.pass(3 * MINUTE_MS)
    const recorded = (await first.runs()).filter((run) => run.status?.recorded !== undefined).map((run) => run.metadata.name)
    const judgedUpTo = (await first.cursors())?.schedules['a']?.judgedUpTo ?? ''
    await first.stop()

    const second = world.start(world.createCluster(), 'second')
    await world.pass(2 * MINUTE_MS)
    expect(await second.runs()).toEqual([])
    expect(await second.condition('Ready')).toMatchObject({ status: 'False', reason: 'BranchOwned' })

    const pushed = await world.push({ 'notes.txt': 'pushed while nobody was there' })
    await takeOver({ status: world.git.open().status, by: 'ada', nowMs: world.clock.now() })
    await world.pass(3 * MINUTE_MS)
    const runs = await second.runs()
    expect(runs.map((run) => run.metadata.name).filter((name) => recorded.includes(name))).toEqual([])
    expect(runs.flatMap(({ spec }) => (spec.trigger.kind === 'Push' ? [spec.commit] : []))).toEqual([pushed])
    const ticks = runs.flatMap(({ spec: { trigger, fate } }) => (trigger.kind === 'Schedule' ? [`${trigger.tick} ${fate ?? 'Fired'}`] : []))
    const { ranges } = JSON.parse((await world.git.readFiles()).get('history/a/2026/11/20/ticks.json') ?? '') as { ranges: TickRange[] }
    const told = ranges.map(({ from, count, fate }) => `${from} ${fate} ${count}`)
    expect({ judgedUpTo, ticks: ticks.sort(), told }).toEqual({
      judgedUpTo: '2026-11-20T01:02:00Z',
      ticks: ['2026-11-20T01:04:00Z Fired', '2026-11-20T01:05:00Z Fired', '2026-11-20T01:06:00Z Fired', '2026-11-20T01:07:00Z Fired'],
      told: ['2026-11-20T01:03:00Z Missed 1'],
    })
    expect(await second.condition('Ready')).toMatchObject({ status: 'True' })
    await second.stop()
  })
})

describe('a Run whose definition is not pinned yet', () => {
  it('waits while git is away, and runs when it is back', async () => {
    const { world, second } = await worldWithPendingRun('report')
    world.sourceAway = AWAY
    await world.pass(10 * MINUTE_MS)
    expect((await second.runs()).map(({ status }) => status?.phase ?? 'Pending')).toEqual(['Pending'])
    expect(second.events.filter(({ kind }) => kind === 'ReconcileFailed')).toHaveLength(1)
    world.sourceAway = null
    await world.pass(2 * MINUTE_MS)
    expect((await second.runs()).map(({ status }) => status?.result)).toEqual(['Succeeded'])
    await second.stop()
  })

  it('ends as failed once its commit is gone for good', async () => {
    const { world, second } = await worldWithPendingRun('report')
    world.sourceAway = new GitError('ObjectNotFound', 'no such commit')
    await world.pass(MINUTE_MS)
    expect((await second.runs()).map(({ status }) => [status?.result, status?.reason])).toEqual([['Failed', 'DefinitionUnavailable']])
    await second.stop()
  })

  it('ends as failed when its workflow is not there', async () => {
    const { world, second } = await worldWithPendingRun('absent')
    await world.pass(MINUTE_MS)
    expect((await second.runs()).map(({ status }) => [status?.result, status?.reason])).toEqual([['Failed', 'DefinitionInvalid']])
    await second.stop()
  })
})

describe('a controller that begins paused', () => {
  it('starts nothing new until it is resumed, and says why ticks were skipped', async () => {
    const world = createControlledWorld()
    await world.push({ 'README.md': 'no workflow yet' })
    const cluster = world.createCluster()
    const paused = world.start(cluster, 'first', { pauseAtStart: { by: 'ada', reason: 'serve --paused' } })
    await world.pass(1000)
    await world.push({ 'workflows/a.yaml': everyMinute('a') })
    await world.pass(2 * MINUTE_MS)
    expect(await paused.runs()).toEqual([])
    const fates = paused.events.flatMap((event) => (event.kind === 'TickJudged' ? [`${event.fate.fate}: ${event.fate.reason ?? ''}`] : []))
    expect(new Set(fates)).toEqual(new Set(['Skipped: paused by ada: serve --paused']))
    const { paused: switchedBy, ...resumed } = (await paused.cursors()) ?? initialCursors
    expect(switchedBy).toMatchObject({ by: 'ada' })
    await cluster.runs.writeCursors(REPOSITORY, resumed)
    await world.pass(MINUTE_MS)
    expect((await paused.runs()).length).toBe(1)
    await paused.stop()
  })
})

describe('a commit that has run', () => {
  it('does not run again when the branch left it before the cursor had passed it, and came back after the sweeping', async () => {
    const world = createControlledWorld()
    const base = await world.push({ 'README.md': 'no workflow yet' })
    const cluster = world.createCluster()
    const first = world.start(cluster)
    await world.pass(1000)
    await first.stop()
    const writeSite: WriteSite = (point, write) => (point === 'cursors-written' ? Promise.reject(new Error('cut off')) : write())
    const cut = world.start(cluster, 'first', { writeSite })
    const commit = await world.push({ 'workflows/report.yaml': REPORT })
    await world.pass(30_000)
    await cut.stop()
    expect((await cut.runs()).map(({ spec }) => spec.commit)).toEqual([commit])

    world.git.reset(base)
    const third = world.start(cluster)
    await world.pass(2 * MINUTE_MS)
    for (const run of await third.runs()) await cluster.runs.deleteRun(run)
    expect(await third.runs()).toEqual([])
    world.git.reset(commit)
    await world.pass(MINUTE_MS)
    expect(third.events.some((event) => event.kind === 'LookEnded' && event.commit === commit)).toBe(true)
    expect(await third.runs()).toEqual([])
    await third.stop()
  })
})

/** A workflow that every push starts, and nothing else. */
const REPORT = everyMinute('report').replace(', schedule: [{cron: "* * * * *"}]', '')

/** A controller has made a Run and stopped before it could pin it; the second one has just begun, with the branch moved on. */
async function worldWithPendingRun(workflow: string) {
  const world = createControlledWorld()
  const commit = await world.push({ 'workflows/report.yaml': REPORT })
  const cluster = world.createCluster()
  const first = world.start(cluster)
  await world.pass(1000)
  await first.stop()
  await cluster.runs.createRun(createRunObject(REPOSITORY, { workflow, commit, trigger: { kind: 'Push', branch: 'main' }, params: {} }))
  return { world, second: world.start(cluster) }
}

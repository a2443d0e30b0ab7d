import { describe, expect, it } from 'vitest'
import { startOnRequest } from '../../../src/controller/start-on-request.ts'
import { GitError } from '../../../src/git/ports.ts'
import { takeOver } from '../../../src/history/owner.ts'
import type { StoredRun } from '../../../src/runs/run.ts'
import { createControlledWorld, MINUTE_MS, type ControlledWorld, type RunningController } from '../../support/controlled-world.ts'

const AWAY = new GitError('Unreachable', 'git.example.com cannot be reached')

const BY_PUSH = `apiVersion: fusee.dev/v1alpha1
kind: Workflow
metadata: {name: report}
spec:
  triggers: {push: {}, schedule: [{cron: "*/5 * * * *"}]}
  steps: [{name: work, image: "busybox:1.36", script: echo done}]
`

/** What pushes have started. */
async function pushed({ runs }: RunningController): Promise<string[]> {
  return (await runs()).filter(isByPush).map(({ spec }) => spec.commit)
}

const isByPush = ({ spec }: StoredRun): boolean => spec.trigger.kind === 'Push'

async function takenOver(world: ControlledWorld): Promise<void> {
  await takeOver({ status: world.git.open().status, by: 'ada', nowMs: world.clock.now() })
}

/** A world whose one controller has looked at the repository, and has ended. */
async function followedBefore(): Promise<{ world: ControlledWorld; cluster: ReturnType<ControlledWorld['createCluster']> }> {
  const world = createControlledWorld()
  await world.push({ 'workflows/report.yaml': BY_PUSH })
  const cluster = world.createCluster()
  const before = world.start(cluster)
  await world.pass(1000)
  await before.stop()
  return { world, cluster }
}

describe('a former owner of the status branch', () => {
  it('that starts while git is away goes on with ticks, and with pushes only once it has read that the branch is its own', async () => {
    const world = createControlledWorld()
    await world.push({ 'workflows/report.yaml': BY_PUSH })
    const [cluster, other] = [world.createCluster(), world.createCluster()]
    const before = world.start(cluster, 'first')
    await world.pass(1000)
    await before.stop()
    await takenOver(world)
    const second = world.start(other, 'second')
    await world.pass(MINUTE_MS)

    world.away = AWAY
    const first = world.start(cluster, 'first')
    await world.pass(MINUTE_MS)
    const commit = await world.push({ 'notes.txt': 'pushed while git was away' })
    await world.pass(5 * MINUTE_MS)
    expect((await first.runs()).filter(({ spec }) => spec.trigger.kind === 'Schedule')).not.toEqual([])
    world.away = null
    await world.pass(MINUTE_MS)
    expect(await pushed(second)).toEqual([commit])
    expect(await pushed(first)).toEqual([])
    expect(await first.condition('Ready')).toMatchObject({ status: 'False', reason: 'BranchOwned' })
    await first.stop()
    await second.stop()
  })

  it('that goes on running starts nothing by a push after the take-over', async () => {
    const world = createControlledWorld()
    await world.push({ 'workflows/report.yaml': BY_PUSH })
    const first = world.start(world.createCluster(), 'first')
    await world.pass(1000)
    await takenOver(world)
    const second = world.start(world.createCluster(), 'second')
    await world.pass(1000)
    const commit = await world.push({ 'notes.txt': 'pushed after the take-over' })
    await world.pass(MINUTE_MS)
    expect(await pushed(second)).toEqual([commit])
    expect(await pushed(first)).toEqual([])
    expect(await first.condition('Ready')).toMatchObject({ status: 'False', reason: 'BranchOwned' })
    await first.stop()
    await second.stop()
  })
})

describe('a former owner that goes on running', () => {
  it('notices within five minutes, though nothing is pushed: the ticks after that are the new one’s', async () => {
    const world = createControlledWorld()
    await world.push({ 'workflows/report.yaml': BY_PUSH })
    const first = world.start(world.createCluster(), 'first')
    await world.pass(1000)
    await takenOver(world)
    const second = world.start(world.createCluster(), 'second')
    await world.pass(5 * MINUTE_MS + 20_000)
    expect(await first.condition('Ready')).toMatchObject({ status: 'False', reason: 'BranchOwned' })
    const begun = (await first.runs()).length
    await world.pass(10 * MINUTE_MS)
    expect(await first.runs()).toHaveLength(begun)
    expect((await second.runs()).map(({ spec }) => spec.trigger.kind)).toContain('Schedule')
    await first.stop()
    await second.stop()
  })
})

describe('an owner that starts while git is away', () => {
  it('runs what was pushed meanwhile once git is back', async () => {
    const { world, cluster } = await followedBefore()
    world.away = AWAY
    const first = world.start(cluster)
    await world.pass(1000)
    const commit = await world.push({ 'notes.txt': 'x' })
    await world.pass(1000)
    world.away = null
    await world.pass(MINUTE_MS)
    expect(await pushed(first)).toEqual([commit])
    await first.stop()
  })

  it('starts nothing under a key of which it cannot know whether it has run; a new wish runs', async () => {
    const world = createControlledWorld()
    await world.push({ 'workflows/report.yaml': BY_PUSH.replace('steps:', 'retention: {succeeded: 1}\n  steps:') })
    const cluster = world.createCluster()
    const before = world.start(cluster)
    await world.pass(1000)
    expect(await ask(before, 'k1')).toBe('Created')
    await world.pass(MINUTE_MS)
    expect(await ask(before, 'k2')).toBe('Created')
    await world.pass(MINUTE_MS)
    expect(await ask(before, 'k1')).toBe('Recorded')
    await before.stop()
    world.away = AWAY
    const first = world.start(cluster)
    await world.pass(1000)
    expect(await ask(first, 'k1')).toBe('NotReady')
    expect(await ask(first, 'k3', true)).toBe('Created')
    world.away = null
    await world.pass(MINUTE_MS)
    expect(await ask(first, 'k1')).toBe('Recorded')
    await first.stop()
  })
})

describe('a backfill', () => {
  it('goes on once it can be looked up what has run', async () => {
    const { world, cluster } = await followedBefore()
    const ref = { namespace: 'data', name: 'jobs' }
    const [from, to] = ['2026-11-19T00:00:00Z', '2026-11-19T00:05:00Z']
    const backfill = { schedule: 'report', from, to, doneUpTo: '2026-11-18T23:59:00Z', maxActive: 1, by: 'ada', reason: '' }
    await cluster.runs.writeCursors(ref, { ...((await cluster.runs.readCursors(ref)) ?? fail()), backfills: [backfill] })
    world.away = AWAY
    const first = world.start(cluster)
    const ran = async (): Promise<number> => (await first.runs()).filter(({ spec }) => spec.trigger.kind === 'Backfill').length
    await world.pass(3 * MINUTE_MS)
    expect(first.events.filter(({ kind }) => kind === 'ReconcileFailed')).toEqual([])
    expect(await ran()).toBe(0)
    world.away = null
    await world.pass(3 * MINUTE_MS)
    expect(await ran()).toBe(2)
    await first.stop()
  })
})

describe('a Job whose Run is gone', () => {
  it('is left alone until its record can be looked up', async () => {
    const { world, cluster } = await followedBefore()
    world.away = AWAY
    await cluster.jobs.createJob({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: {
        namespace: 'data',
        name: 'left-over',
        labels: { 'fusee.dev/repository': 'jobs', 'fusee.dev/workflow': 'report', 'fusee.dev/run': 'report-gone', 'fusee.dev/step': 'work' },
      },
      spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'step', image: 'busybox' }] } } },
    })
    const first = world.start(cluster)
    await world.pass(3 * MINUTE_MS)
    expect(first.events.filter(({ kind }) => kind === 'ReconcileFailed' || kind === 'OrphanFound')).toEqual([])
    world.away = null
    await world.pass(3 * MINUTE_MS)
    expect(first.events.filter(({ kind }) => kind === 'OrphanFound')).toHaveLength(1)
    await first.stop()
  })
})

describe('a branch that is not there', () => {
  it('claims no status branch', async () => {
    const world = createControlledWorld()
    const first = world.start(world.createCluster(), 'mistaken')
    await world.pass(MINUTE_MS)
    expect(first.events.filter(({ kind }) => kind === 'LookFailed')).toHaveLength(1)
    expect(world.git.branches()).toEqual([])
    await world.push({ 'workflows/report.yaml': BY_PUSH })
    await world.pass(MINUTE_MS)
    expect(first.events.filter(({ kind }) => kind === 'BranchClaimed')).toHaveLength(1)
    await first.stop()
  })
})

describe('a disk without room', () => {
  it('lets the first look fail, so that whoever asks whether all is ready gets an answer', async () => {
    const world = createControlledWorld()
    await world.push({ 'workflows/report.yaml': BY_PUSH })
    const first = world.start(world.createCluster(), 'first', {
      writeSite: (point, write) => (point === 'cursors-written' ? Promise.reject(new Error('no room left')) : write()),
    })
    await world.pass(1000)
    expect(first.events.filter(({ kind }) => kind === 'ReconcileFailed')).not.toEqual([])
    expect(first.controller.isReady()).toBe(true)
    await first.stop()
  })
})

describe('cursors of another repository or branch', () => {
  it('start nothing of what was pushed there before: that is the past', async () => {
    const [one, two] = [createControlledWorld(), createControlledWorld({ url: 'https://git.example.com/acme/other.git' })]
    await one.push({ 'workflows/report.yaml': BY_PUSH })
    const cluster = one.createCluster()
    const before = one.start(cluster)
    await one.pass(1000)
    const cursors = await before.cursors()
    await before.stop()
    await two.push({ 'workflows/report.yaml': BY_PUSH, 'README.md': 'another repository' })
    await two.push({ 'notes.txt': 'long ago' })
    const other = two.createCluster()
    await other.runs.writeCursors({ namespace: 'data', name: 'jobs' }, { ...(cursors ?? fail()), resourceVersion: '' })
    const first = two.start(other)
    await two.pass(MINUTE_MS / 2)
    expect(await pushed(first)).toEqual([])
    const commit = await two.push({ 'notes.txt': 'new' })
    await two.pass(MINUTE_MS)
    expect(await pushed(first)).toEqual([commit])
    await first.stop()
  })

  it('go on where only the URL is another and the history is the same', async () => {
    const { world, cluster } = await followedBefore()
    const ref = { namespace: 'data', name: 'jobs' }
    await cluster.runs.writeCursors(ref, { ...((await cluster.runs.readCursors(ref)) ?? fail()), followed: { url: 'ssh://other', branch: 'main' } })
    const commit = await world.push({ 'notes.txt': 'while the URL was changed' })
    const first = world.start(cluster)
    await world.pass(MINUTE_MS)
    expect(await pushed(first)).toEqual([commit])
    await first.stop()
  })
})

async function ask({ context, controller }: RunningController, key: string, isUnique = false): Promise<string> {
  const state = controller.repositories()[0] ?? fail()
  const wish = { workflow: 'report', params: {}, trigger: { kind: 'Manual', key, by: 'ada' } as const, isUnique }
  const answer = await startOnRequest(context, state, wish, controller.wake)
  return answer.kind === 'Refused' ? answer.reason : answer.kind
}

function fail(): never {
  throw new Error('there is nothing')
}

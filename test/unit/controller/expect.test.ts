import { expect, it } from 'vitest'
import { createMetrics } from '../../../src/server/metrics.ts'
import type { VirtualWorld } from '../../support/virtual-world.ts'
import { createVirtualWorld, workflowFile } from '../../support/virtual-world.ts'

const HOUR = 3_600_000

async function conditions(world: VirtualWorld): Promise<string[]> {
  const cursors = await world.cluster.runs.readCursors({ namespace: 'default', name: 'jobs' })
  return (cursors?.conditions ?? [])
    .filter(({ type }) => type === 'Stale' || type === 'Slow')
    .map(({ type, status, message }) => `${type} ${status} ${message}`.trim())
}

async function metric(world: VirtualWorld, name: string): Promise<string[]> {
  const metrics = createMetrics({ withProcess: false })
  for (const event of world.events) metrics.report(event)
  return (await metrics.read()).split('\n').filter((line) => line.startsWith(`${name}{`))
}

it('a workflow without a success for too long is stale, until it succeeds', async () => {
  const world = await createVirtualWorld({ files: workflowFile('load', 'triggers: {push: {}}\nexpect: {successWithin: 2h}') })
  await world.pass(HOUR)
  expect(await conditions(world)).toEqual(['Slow False', 'Stale False'])
  await world.pass(1.5 * HOUR)
  expect(await conditions(world)).toEqual(['Slow False', 'Stale True load: no success within the time expected'])
  expect(await metric(world, 'fusee_workflow_stale')).toEqual(['fusee_workflow_stale{repository="default/jobs",workflow="load"} 1'])
  await world.git.pushCommit({ 'a.txt': '1' })
  await world.pass(2 * 60_000)
  expect(await conditions(world)).toEqual(['Slow False', 'Stale False'])
  await world.kill()
  await world.pass(HOUR)
  expect(await conditions(world)).toEqual(['Slow False', 'Stale False'])
  await world.pass(1.5 * HOUR)
  expect(await metric(world, 'fusee_workflow_stale')).toEqual(['fusee_workflow_stale{repository="default/jobs",workflow="load"} 1'])
})

it('a run that takes longer than expected makes its workflow slow while it goes on, and afterwards until a quicker one', async () => {
  const slow = 'triggers: {push: {}}\nexpect: {duration: 30s}\ndefaults: {job: {suspend: false}}'
  const world = await createVirtualWorld({ files: workflowFile('load', slow) })
  world.cluster.jobs.subscribe(() => undefined)
  await world.git.pushCommit({ 'a.txt': '1' })
  await world.pass(2 * 60_000)
  expect(await conditions(world)).toEqual(['Slow False', 'Stale False'])
  const [run] = await world.runs()
  if (run?.status === undefined) throw new Error('no run')
  await world.cluster.runs.updateRun({
    ...run,
    status: { ...run.status, finishedAt: new Date(Date.parse(run.metadata.creationTimestamp) + 40_000).toISOString() },
  })
  world.controller.heartbeat()
  await world.pass(1000)
  expect(await conditions(world)).toEqual(['Slow True load: longer than expected', 'Stale False'])
})

const failing = { startMs: 0, runMs: 0, exitCode: 1, log: '', termMs: 0, lostAfterMs: null }

it('a workflow that has never succeeded is stale whatever restarts lie in between', async () => {
  const files = workflowFile('load', 'triggers: {schedule: [{cron: "0 */6 * * *"}]}\nexpect: {successWithin: 30h}\nretention: {failed: 0}')
  const world = await createVirtualWorld({ files, scripts: () => failing })
  for (let day = 0; day < 2; day++) {
    await world.pass(20 * HOUR)
    await world.kill()
  }
  await world.pass(60_000)
  expect(await conditions(world)).toEqual(['Slow False', 'Stale True load: no success within the time expected'])
})

it('a success counts that lies further back than the recent runs', async () => {
  let exitCode = 0
  const files = workflowFile(
    'load',
    'triggers: {schedule: [{cron: "*/5 * * * *"}]}\nexpect: {successWithin: 6h}\nretention: {failed: 0, succeeded: 0}',
  )
  const world = await createVirtualWorld({ files, scripts: () => ({ ...failing, exitCode }) })
  await world.pass(HOUR / 10)
  exitCode = 1
  await world.pass(4.8 * HOUR)
  await world.kill()
  await world.pass(HOUR / 10)
  expect(await conditions(world)).toEqual(['Slow False', 'Stale False'])
  await world.pass(1.2 * HOUR)
  expect(await conditions(world)).toEqual(['Slow False', 'Stale True load: no success within the time expected'])
})

it('a workflow that comes while others have been followed for long is given its time from then on', async () => {
  const world = await createVirtualWorld({ files: workflowFile('old', 'triggers: {push: {}}') })
  await world.pass(5 * HOUR)
  await world.git.pushCommit(workflowFile('load', 'triggers: {schedule: [{cron: "0 0 1 1 *"}]}\nexpect: {successWithin: 2h}'))
  await world.pass(HOUR)
  expect(await conditions(world)).toEqual(['Slow False', 'Stale False'])
  await world.pass(2 * HOUR)
  expect(await conditions(world)).toEqual(['Slow False', 'Stale True load: no success within the time expected'])
})

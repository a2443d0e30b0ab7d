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

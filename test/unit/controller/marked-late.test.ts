import { expect, it } from 'vitest'
import type { WriteSite } from '../../../src/crash-points.ts'
import { createControlledWorld, everyMinute } from '../../support/controlled-world.ts'

it('marks a run that somebody deletes between its record and its mark, and lets it go at once', async () => {
  const world = createControlledWorld()
  const cluster = world.createCluster()
  let deleted = 0
  const deletesFirst: WriteSite = async (point, write) => {
    if (point === 'run-recorded' && deleted++ === 0) for (const run of await cluster.runs.listRuns()) await cluster.runs.deleteRun(run)
    return write()
  }
  await world.push({ 'workflows/a.yaml': everyMinute('a') })
  const controller = world.start(cluster, undefined, { writeSite: deletesFirst })
  // The tick, its run, the interval of the history.
  await world.pass(30_000 + 2000 + 20_000)
  expect(deleted).toBe(2)
  expect(await controller.runs()).toEqual([])
})

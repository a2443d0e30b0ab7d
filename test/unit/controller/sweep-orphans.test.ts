import { expect, it } from 'vitest'
import { createSimulatedCluster } from '../../../src/cluster/simulated/cluster.ts'
import { alwaysFollowed } from '../../../src/context.ts'
import type { ControllerEvent } from '../../../src/controller/events.ts'
import { sweepOrphans } from '../../../src/controller/sweep-orphans.ts'
import { plainWriteSite } from '../../../src/crash-points.ts'
import { createRunObject } from '../../../src/runs/create-run.ts'
import { createSystemClock, createSystemRandom } from '../../../src/system-clock.ts'

it.each([
  { title: 'of a Repository that cannot be followed for a while are left alone', exists: true, wantEvents: [] as string[], wantRuns: 1 },
  { title: 'of one that is gone go', exists: false, wantEvents: ['RunSwept'], wantRuns: 0 },
])('recorded Runs $title', async ({ exists, wantEvents, wantRuns }) => {
  const clock = createSystemClock()
  const random = createSystemRandom()
  const { runs, jobs } = createSimulatedCluster({ clock, random })
  const events: ControllerEvent[] = []
  const report = (event: ControllerEvent): number => events.push(event)
  const context = { clock, random, report, writeSite: plainWriteSite, runs, jobs, repositories: alwaysFollowed([]) }
  const trigger = { kind: 'Manual', key: 'k', by: 'mia' } as const
  const { object } = await runs.createRun(
    createRunObject({ namespace: 'data', name: 'jobs' }, { workflow: 'any', commit: 'a'.repeat(40), params: {}, trigger }),
  )
  const recorded = { commit: 'b'.repeat(40), at: '2026-11-20T01:00:00.000Z' }
  await runs.updateRun({
    ...object,
    metadata: { ...object.metadata, finalizers: [] },
    status: { phase: 'Finished', result: 'Succeeded', steps: [], recorded },
  })
  await sweepOrphans(context, { jobs: [], runs: await runs.listRuns(), stateOf: () => undefined, exists: () => exists, known: new Map() })
  expect(events.map(({ kind }) => kind)).toEqual(wantEvents)
  expect(await runs.listRuns()).toHaveLength(wantRuns)
})

import { expect, it } from 'vitest'
import { createMetrics } from '../../../src/server/metrics.ts'
import { createVirtualWorld, workflowFile } from '../../support/virtual-world.ts'

it('counts runs, ticks and records as they happen', async () => {
  const world = await createVirtualWorld({ files: workflowFile('beat', 'triggers: {schedule: [{cron: "* * * * *"}]}') })
  await world.pass(130_000)
  await world.outage(600_000)
  await world.pass(60_000)
  const metrics = createMetrics({ withProcess: false })
  for (const event of world.events) metrics.report(event)
  const lines = (await metrics.read()).split('\n')
  for (const want of [
    'fusee_runs_created_total{repository="default/jobs",trigger="Schedule"} 4',
    'fusee_runs_finished_total{repository="default/jobs",workflow="beat",result="Succeeded"} 4',
    'fusee_ticks_total{repository="default/jobs",fate="Fired"} 4',
    'fusee_ticks_total{repository="default/jobs",fate="Missed"} 9',
    'fusee_definitions{repository="default/jobs",kind="Schedule"} 1',
  ])
    expect(lines).toContain(want)
})

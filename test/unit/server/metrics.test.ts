import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { createMetrics } from '../../../src/server/metrics.ts'
import { GitError } from '../../../src/git/ports.ts'
import { createControlledWorld, everyMinute, MINUTE_MS } from '../../support/controlled-world.ts'
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
    'fusee_history_unrecorded_runs{repository="default/jobs"} 0',
    'fusee_history_lag_seconds{repository="default/jobs"} 0',
    'fusee_definitions{repository="default/jobs",kind="Schedule"} 1',
  ])
    expect(lines).toContain(want)
})

it('tells how far the status branch is behind, at the moment of asking', async () => {
  const world = createControlledWorld()
  await world.push({ 'workflows/a.yaml': everyMinute('a') })
  const controller = world.start(world.createCluster())
  await world.pass(5000)
  world.away = new GitError('Unreachable', 'git.example.com does not answer')
  await world.pass(6 * MINUTE_MS)
  const metrics = createMetrics({ withProcess: false, now: () => world.clock.now() + 1000 })
  const lag = async (): Promise<{ runs: number; seconds: number }> => {
    const text = await metrics.read()
    const valueOf = (name: string): number => Number(new RegExp(`^${name}\\{.*\\} (.*)$`, 'm').exec(text)?.[1])
    return { runs: valueOf('fusee_history_unrecorded_runs'), seconds: valueOf('fusee_history_lag_seconds') }
  }
  for (const event of controller.events.splice(0)) metrics.report(event)
  const finished = (await controller.runs()).filter((run) => run.status?.finishedAt !== undefined && run.status.recorded === undefined)
  const oldestMs = Math.min(...finished.map((run) => Date.parse(run.status?.finishedAt ?? '')))
  expect(finished.length).toBeGreaterThan(3)
  expect(await lag()).toEqual({ runs: finished.length, seconds: (world.clock.now() + 1000 - oldestMs) / 1000 })

  world.away = null
  await world.push({ 'workflows/a.yaml': null })
  await world.pass(10 * MINUTE_MS)
  for (const event of controller.events) metrics.report(event)
  expect(await lag()).toEqual({ runs: 0, seconds: 0 })
})

it('tells nothing more of how a Repository is that was left', async () => {
  const world = await createVirtualWorld({ files: workflowFile('load', 'triggers: {push: {}}\nexpect: {successWithin: 1h}') })
  await world.pass(2 * 60 * MINUTE_MS)
  const metrics = createMetrics({ withProcess: false })
  for (const event of world.events) metrics.report(event)
  const ofRepository = async (): Promise<string[]> => (await metrics.read()).split('\n').filter((line) => line.includes('repository="default/jobs"'))
  expect(await ofRepository()).toContain('fusee_workflow_stale{repository="default/jobs",workflow="load"} 1')
  metrics.report({ kind: 'RepositoryLeft', repository: 'default/jobs' })
  expect((await ofRepository()).filter((line) => !/_total\{|_bucket\{|_sum\{|_count\{/.test(line))).toEqual([])
})

it('are all told of in the docs, and no others', async () => {
  const names = (text: string, pattern: RegExp): string[] => [...new Set([...text.matchAll(pattern)].map(([, name = '']) => name))].sort()
  const served = names(await createMetrics({ withProcess: false }).read(), /^# HELP (\w+)/gm)
  expect(names(await readFile('docs/how-it-works.md', 'utf8'), /`(fusee_\w+)`/g)).toEqual(served)
})

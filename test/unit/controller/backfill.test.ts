import { afterEach, describe, expect, it } from 'vitest'
import type { Server } from '../../../src/server/listen.ts'
import { serveWorld } from '../../support/api-server.ts'
import { runCli } from '../../support/run-cli.ts'
import type { VirtualWorld } from '../../support/virtual-world.ts'
import { createVirtualWorld, workflowFile } from '../../support/virtual-world.ts'

const HOUR = 3_600_000
const files = workflowFile('beat', 'triggers: {schedule: [{cron: "0 * * * *", catchUp: None}]}\nretention: {succeeded: 1}')

let server: Server | null = null
afterEach(async () => {
  await server?.close()
  server = null
})

/** Six hours: two ticks that ran, four that were missed. */
async function afterOutage(writeSite?: Parameters<typeof createVirtualWorld>[0]['writeSite']): Promise<VirtualWorld> {
  const world = await createVirtualWorld({ files, ...(writeSite && { writeSite }) })
  await world.pass(2 * HOUR)
  await world.outage(4 * HOUR + 300_000)
  await world.pass(60_000)
  server = await serveWorld(world)
  return world
}

const fusee = (...words: string[]) => runCli([...words, '--url', server?.url ?? ''])
const range = ['--from', '2026-11-20T00:00:00Z', '--to', '2026-11-20T06:00:00Z']

/** Ticks and their fate as `ticks.json` has them, oldest first. */
async function fates(world: VirtualWorld): Promise<string[]> {
  const text = (await world.git.readFiles()).get('history/beat/2026/11/20/ticks.json') ?? '{"ranges":[]}'
  const { ranges } = JSON.parse(text) as { ranges: { from: string; to: string; count: number; fate: string }[] }
  return ranges.map(({ from, to, count, fate }) => `${from.slice(11, 13)}-${to.slice(11, 13)} ${count} ${fate}`)
}

/** Ticks of all records, oldest first, with the kind of their trigger. */
async function records(world: VirtualWorld): Promise<string[]> {
  const texts = [...(await world.git.readFiles())].filter(([path]) => /\/beat-[^/]*\.json$/.test(path)).map(([, text]) => text)
  const triggers = texts.map((text) => (JSON.parse(text) as { trigger: { kind: string; tick?: string } }).trigger)
  return triggers.flatMap(({ kind, tick }) => (tick === undefined ? [] : [`${tick.slice(11, 13)} ${kind}`])).sort()
}

describe('fusee backfill', () => {
  it('runs what did not run, in order, as many at once as it was told, and tells the fates anew', async () => {
    const world = await afterOutage()
    expect(await fates(world)).toEqual(['03-06 4 Missed'])
    expect(await fusee('backfill', 'beat', ...range, '--parallel', '2', '--reason', 'outage')).toEqual({
      code: 0,
      stdout: '7 ticks of beat from 2026-11-20T00:00:00Z to 2026-11-20T06:00:00Z: those that did not run are run, 2 at once\n',
      stderr: '',
    })
    let most = 0
    for (let step = 0; step < 120; step++) {
      await world.pass(500)
      const active = (await world.runs()).filter(({ spec, status }) => spec.trigger.kind === 'Backfill' && status?.phase !== 'Finished')
      most = Math.max(most, active.length)
    }
    expect(most).toBe(2)
    await world.pass(60_000)
    expect(await records(world)).toEqual(['00 Backfill', '01 Schedule', '02 Schedule', '03 Backfill', '04 Backfill', '05 Backfill', '06 Backfill'])
    expect(await fates(world)).toEqual(['00-00 1 Backfilled', ...['03', '04', '05', '06'].map((hour) => `${hour}-${hour} 1 Backfilled`)])
    const cursors = await world.cluster.runs.readCursors({ namespace: 'default', name: 'jobs' })
    expect(cursors?.backfills).toEqual([])
  })

  it('asked for again runs nothing twice, although its Runs are swept by then', async () => {
    const world = await afterOutage()
    await fusee('backfill', 'beat', ...range, '--parallel', '9')
    await world.pass(4 * HOUR)
    const before = world.events.filter(({ kind }) => kind === 'RunCreated').length
    expect((await fusee('backfill', 'beat', ...range)).code).toBe(0)
    await world.pass(60_000)
    expect(world.events.filter(({ kind }) => kind === 'RunCreated')).toHaveLength(before)
  })

  it.each(['run-created', 'cursors-written'])('goes on after a crash at %s without doing a tick twice', async (point) => {
    let stops = 0
    const world = await afterOutage(async (at, write) => {
      const value = await write()
      return at === point && stops > 0 && --stops === 0 ? new Promise<never>(() => undefined) : value
    })
    await fusee('backfill', 'beat', ...range)
    stops = 2
    await world.pass(10_000)
    await world.kill()
    await world.pass(120_000)
    expect(await records(world)).toEqual(['00 Backfill', '01 Schedule', '02 Schedule', '03 Backfill', '04 Backfill', '05 Backfill', '06 Backfill'])
    expect((await fates(world)).every((line) => line.endsWith('1 Backfilled'))).toBe(true)
  })

  it.each(['Forbid', 'Replace', 'Queue'])('runs every tick under concurrency %s, also beside a run that takes long', async (policy) => {
    const spec = `triggers: {schedule: [{cron: "0 * * * *", catchUp: None}]}\nconcurrency: {policy: ${policy}}\nretention: {succeeded: 1}`
    let runMs = 1000
    const scripts = () => ({ startMs: 0, runMs, exitCode: 0, log: '', termMs: 0, lostAfterMs: null })
    const world = await createVirtualWorld({ files: workflowFile('beat', spec), scripts })
    await world.pass(2 * HOUR)
    await world.outage(4 * HOUR + 300_000)
    await world.pass(60_000)
    server = await serveWorld(world)
    runMs = 600_000
    await runCli(['trigger', 'beat', '--url', server.url])
    await world.pass(5000)
    runMs = 1000
    await fusee('backfill', 'beat', ...range, '--parallel', '3')
    await world.pass(5 * 60_000)
    expect(await records(world)).toEqual(['01 Schedule', '02 Schedule'])
    await world.pass(10 * 60_000)
    expect(await records(world)).toEqual(['00 Backfill', '01 Schedule', '02 Schedule', '03 Backfill', '04 Backfill', '05 Backfill', '06 Backfill'])
    const texts = [...(await world.git.readFiles())].filter(([path]) => /\/beat-[^/]*\.json$/.test(path)).map(([, text]) => text)
    expect(texts.map((text) => (JSON.parse(text) as { result: string }).result)).toEqual(texts.map(() => 'Succeeded'))
  })

  it('of one schedule in two parts runs no more at once than either was allowed', async () => {
    const world = await afterOutage()
    await fusee('backfill', 'beat', '--from', '2026-11-20T03:00:00Z', '--to', '2026-11-20T04:00:00Z', '--parallel', '1')
    await fusee('backfill', 'beat', '--from', '2026-11-20T05:00:00Z', '--to', '2026-11-20T06:00:00Z', '--parallel', '1')
    let most = 0
    for (let step = 0; step < 60; step++) {
      await world.pass(500)
      most = Math.max(
        most,
        (await world.runs()).filter(({ spec, status }) => spec.trigger.kind === 'Backfill' && status?.phase !== 'Finished').length,
      )
    }
    expect(most).toBe(1)
  })

  it('waits while paused, and can be stopped', async () => {
    const world = await afterOutage()
    await fusee('pause')
    await fusee('backfill', 'beat', ...range)
    await world.pass(60_000)
    expect(await records(world)).toEqual(['01 Schedule', '02 Schedule'])
    expect(await fusee('backfill', 'beat', '--stop')).toMatchObject({ code: 0, stdout: 'stopped: runs under way go on\n' })
    await fusee('resume')
    await world.pass(60_000)
    expect(await records(world)).toEqual(['01 Schedule', '02 Schedule'])
    expect(await fusee('backfill', 'beat', '--stop', '--output', 'json')).toMatchObject({ code: 0, stdout: '{"stopped":0}\n' })
  })

  it.each([
    { words: ['bet', ...range], wantStderr: 'default/jobs has no valid schedule "bet", did you mean "beat"?' },
    { words: ['beat', '--from', '2026-11-20', '--to', '2027-11-20'], wantStderr: 'only ticks that have passed can be run' },
    { words: ['beat', '--from', '2026-11-20T05:00:00Z', '--to', '2026-11-20T04:00:00Z'], wantStderr: 'from lies after to' },
    { words: ['beat', '--from', '2026-11-20T03:10:00Z', '--to', '2026-11-20T03:50:00Z'], wantStderr: 'has no ticks from' },
    { words: ['beat', '--from', '2020-01-01', '--to', '2026-11-19'], wantStderr: 'at most 1000 at once' },
    { words: ['beat', '--from', 'yesterday', '--to', '2026-11-19'], wantStderr: 'from "yesterday" is no time' },
    { words: ['beat', '--from', '2026-10-31', '--to', '2026-11-31T00:00'], wantStderr: 'to "2026-11-31T00:00" is no time' },
    { words: ['beat', '--from', '2026-11-19'], wantStderr: 'say which ticks with --from and --to' },
    { words: ['beat', ...range, '--parallel', '0'], wantStderr: 'Give a whole number from 1 to 99' },
  ])('is wrong use with $words', async ({ words, wantStderr }) => {
    await afterOutage()
    expect(await fusee('backfill', ...words)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(wantStderr) as unknown })
  })
})

import { describe, expect, it } from 'vitest'
import { createController } from '../../../src/controller/controller.ts'
import type { VirtualWorld } from '../../support/virtual-world.ts'
import { createVirtualWorld, workflowFile } from '../../support/virtual-world.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

const hourly = (catchUp: string, minute = 0): Record<string, string> =>
  workflowFile('beat', `triggers: {schedule: [{cron: "${minute} * * * *", catchUp: ${catchUp}}]}\nretention: {succeeded: 1}`) as Record<
    string,
    string
  >

/** Every tick that was judged, as `hour fate`, in order of time; a tick with two fates is there twice. */
function fates(world: VirtualWorld): string[] {
  const found: [string, string][] = []
  for (const event of world.events) {
    if (event.kind === 'RunCreated' && event.run.spec.trigger.kind === 'Schedule' && event.run.spec.fate === 'Fired')
      found.push([event.run.spec.trigger.tick, 'Fired'])
    if (event.kind !== 'TickJudged') continue
    const { at, until = at, fate } = event.fate
    for (let atMs = Date.parse(at); atMs <= Date.parse(until); atMs += HOUR) found.push([new Date(atMs).toISOString(), fate])
  }
  return found.map(([at, fate]) => `${at.slice(8, 13)} ${fate}`).sort()
}

/** Runs made for ticks, over all time. */
function made(world: VirtualWorld): number {
  return world.events.filter((event) => event.kind === 'RunCreated').length
}

describe('each tick has one fate', () => {
  it.each([-1000, -1, 0, 1, 1000])('when the controller is killed %i ms from it', async (offsetMs) => {
    const world = await createVirtualWorld({ files: hourly('Latest'), startAt: '2026-11-20T00:30:00Z' })
    await world.pass(30 * MINUTE - 1000 + offsetMs)
    await world.kill()
    await world.pass(HOUR)
    expect(fates(world)).toEqual(['20T01 Fired', '20T02 Fired'].slice(0, fates(world).length))
    expect(made(world)).toBe(fates(world).length)
    expect(fates(world)[0]).toBe('20T01 Fired')
  })

  it('when the clock is set an hour forward: what was passed over is as in an outage', async () => {
    const world = await createVirtualWorld({ files: hourly('Latest'), startAt: '2026-11-20T00:30:00Z' })
    await world.pass(HOUR)
    world.stepClock(HOUR)
    await world.pass(2 * HOUR)
    expect(fates(world)).toEqual(['20T01 Fired', '20T02 Missed', '20T03 Fired', '20T04 Fired'])
  })

  it('when the clock is set an hour back: no tick comes again', async () => {
    const world = await createVirtualWorld({ files: hourly('Latest'), startAt: '2026-11-20T00:30:00Z' })
    await world.pass(HOUR + MINUTE)
    world.stepClock(-HOUR)
    await world.pass(2 * HOUR)
    await world.kill()
    await world.pass(HOUR)
    expect(fates(world)).toEqual(['20T01 Fired', '20T02 Fired', '20T03 Fired'])
    expect(made(world)).toBe(3)
  })

  it('when two controllers believe that they are the one', async () => {
    const world = await createVirtualWorld({ files: hourly('Latest'), startAt: '2026-11-20T00:30:00Z' })
    const other = createController(world.context)
    other.start()
    await world.pass(3 * HOUR)
    await other.drain()
    expect(fates(world)).toEqual(['20T01 Fired', '20T02 Fired', '20T03 Fired'])
    expect(made(world)).toBe(3)
  })

  const outages: { catchUp: string; want: Record<string, number>; wantLast: string }[] = [
    { catchUp: 'Latest', want: { Fired: 2, Late: 1, Missed: 23 }, wantLast: '21T01 Late' },
    { catchUp: 'All', want: { Fired: 2, Late: 24 }, wantLast: '21T01 Late' },
    { catchUp: 'None', want: { Fired: 2, Missed: 24 }, wantLast: '21T01 Missed' },
  ]
  it.each(outages)('after a day of outage under catchUp $catchUp', async ({ catchUp, want, wantLast }) => {
    const world = await createVirtualWorld({ files: hourly(catchUp), startAt: '2026-11-20T00:30:00Z' })
    await world.pass(HOUR)
    await world.outage(24 * HOUR)
    await world.pass(HOUR)
    const found = fates(world)
    const counts: Record<string, number> = {}
    for (const line of found) counts[line.slice(6)] = (counts[line.slice(6)] ?? 0) + 1
    expect(counts).toEqual(want)
    expect(new Set(found.map((line) => line.slice(0, 5))).size).toBe(26)
    expect(found.at(-2)).toBe(wantLast)
  })

  it.each([-1000, 0, 1000])('when its schedule is changed %i ms from it: it begins anew, and never runs its past', async (offsetMs) => {
    const world = await createVirtualWorld({ files: hourly('All'), startAt: '2026-11-20T00:30:00Z', settings: { intervalSeconds: 1 } })
    await world.pass(30 * MINUTE - 1000 + offsetMs)
    await world.git.pushCommit(hourly('All', 30))
    await world.pass(HOUR)
    const ticks = world.events.flatMap((event) =>
      event.kind === 'RunCreated' && event.run.spec.trigger.kind === 'Schedule' ? [event.run.spec.trigger.tick.slice(11, 16)] : [],
    )
    expect(new Set(ticks).size).toBe(ticks.length)
    expect(ticks.filter((tick) => tick !== '01:00')).toEqual(['01:30'])
  })
})

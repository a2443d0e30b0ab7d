import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Schedule } from '../../../src/definitions/workflow.ts'
import type { StartedTick, TickPlanInput } from '../../../src/triggers/ticks.ts'
import { planTicks } from '../../../src/triggers/ticks.ts'
import { at, fates, inputOf, plan, schedule, started, suspension } from './tick-plans.ts'

describe('the judgement of ticks', () => {
  const judgements: { name: string; over?: Partial<Schedule>; input?: Partial<TickPlanInput>; from: string; now: string; wantFates: string[] }[] = [
    { name: 'no tick, no fate', from: '20T02:30', now: '20T02:59:59.999', wantFates: [] },
    { name: 'exactly on time', from: '20T02:30', now: '20T03:00', wantFates: ['20T03:00 Fired'] },
    {
      name: 'a minute late is Fired, whatever catchUp says',
      over: { catchUp: 'None' },
      from: '20T02:30',
      now: '20T03:01',
      wantFates: ['20T03:00 Fired'],
    },
    { name: 'a millisecond more is Late', from: '20T02:30', now: '20T03:01:00.001', wantFates: ['20T03:00 Late'] },
    { name: 'and with None it is Missed', over: { catchUp: 'None' }, from: '20T02:30', now: '20T03:01:00.001', wantFates: ['20T03:00 Missed'] },
    {
      name: 'Latest runs the newest and misses the others',
      from: '20T02:30',
      now: '20T06:30',
      wantFates: ['20T03:00..20T05:00 x3 Missed', '20T06:00 Late'],
    },
    {
      name: 'Latest fires the newest when it is just due',
      from: '20T02:30',
      now: '20T06:00:30',
      wantFates: ['20T03:00..20T05:00 x3 Missed', '20T06:00 Fired'],
    },
    {
      name: 'All runs each late',
      over: { catchUp: 'All' },
      from: '20T02:30',
      now: '20T05:30',
      wantFates: ['20T03:00 Late', '20T04:00 Late', '20T05:00 Late'],
    },
    {
      name: 'All fires the one that is just due',
      over: { catchUp: 'All' },
      from: '20T02:30',
      now: '20T04:00:30',
      wantFates: ['20T03:00 Late', '20T04:00 Fired'],
    },
    {
      name: 'None misses all but the one that is just due',
      over: { catchUp: 'None' },
      from: '20T02:30',
      now: '20T05:00:30',
      wantFates: ['20T03:00..20T04:00 x2 Missed', '20T05:00 Fired'],
    },
    {
      name: 'two ticks within a minute both fire',
      over: { cron: '* * * * *' },
      from: '20T03:00',
      now: '20T03:02',
      wantFates: ['20T03:01 Fired', '20T03:02 Fired'],
    },
    {
      name: 'beyond the deadline is Missed',
      over: { startingDeadlineSeconds: 600 },
      from: '20T02:30',
      now: '20T03:10:00.001',
      wantFates: ['20T03:00 Missed'],
    },
    { name: 'at the deadline it runs', over: { startingDeadlineSeconds: 600 }, from: '20T02:30', now: '20T03:10', wantFates: ['20T03:00 Late'] },
    {
      name: 'a deadline below a minute counts',
      over: { startingDeadlineSeconds: 10 },
      from: '20T02:30',
      now: '20T03:00:11',
      wantFates: ['20T03:00 Missed'],
    },
    {
      name: 'the deadline comes before catching up',
      over: { startingDeadlineSeconds: 5400, catchUp: 'All' },
      from: '20T01:30',
      now: '20T05:15',
      wantFates: ['20T02:00..20T03:00 x2 Missed', '20T04:00 Late', '20T05:00 Late'],
    },
    {
      name: 'suspended without end',
      over: { suspend: suspension(null) },
      from: '20T02:30',
      now: '20T05:30',
      wantFates: ['20T03:00..20T05:00 x3 Skipped'],
    },
    {
      name: 'suspended before the end, not at it',
      over: { suspend: suspension('20T04:00'), catchUp: 'All' },
      from: '20T02:30',
      now: '20T05:30',
      wantFates: ['20T03:00 Skipped', '20T04:00 Late', '20T05:00 Late'],
    },
    {
      name: 'suspension comes before the deadline',
      over: { suspend: suspension('20T04:00'), startingDeadlineSeconds: 60 },
      from: '20T02:30',
      now: '20T06:00',
      wantFates: ['20T03:00 Skipped', '20T04:00..20T05:00 x2 Missed', '20T06:00 Fired'],
    },
    { name: 'a suspended Repository', input: { suspend: true }, from: '20T02:30', now: '20T03:00', wantFates: ['20T03:00 Skipped'] },
    {
      name: 'a Run that exists is not started again',
      input: { started: [started('20T03:00')] },
      from: '20T02:30',
      now: '20T03:00:05',
      wantFates: [],
    },
    {
      name: 'its fate is what the Run says: Fired',
      input: { started: [started('20T03:00')] },
      from: '20T02:30',
      now: '20T06:30',
      wantFates: ['20T04:00..20T05:00 x2 Missed', '20T06:00 Late'],
    },
    {
      name: 'its fate is what the Run says: Late',
      input: { started: [started('20T04:00', 'Late')] },
      from: '20T02:30',
      now: '20T06:00',
      wantFates: ['20T03:00 Missed', '20T04:00 Late', '20T05:00 Missed', '20T06:00 Fired'],
    },
    {
      name: 'even when it is suspended by now',
      over: { suspend: suspension(null) },
      input: { started: [started('20T04:00')] },
      from: '20T02:30',
      now: '20T05:30',
      wantFates: ['20T03:00 Skipped', '20T05:00 Skipped'],
    },
    {
      name: 'even when it is the newest',
      input: { started: [started('20T05:00', 'Late')] },
      from: '20T02:30',
      now: '20T05:30',
      wantFates: ['20T03:00..20T04:00 x2 Missed', '20T05:00 Late'],
    },
    {
      name: 'Runs of ticks that were judged before say nothing',
      input: { started: [started('20T02:00', 'Late'), started('20T07:00', 'Late')] },
      from: '20T02:30',
      now: '20T03:00',
      wantFates: ['20T03:00 Fired'],
    },
    {
      name: 'Runs of other schedules say nothing',
      input: { started: [started('20T03:00', 'Fired', 'other')] },
      from: '20T02:30',
      now: '20T03:00',
      wantFates: ['20T03:00 Fired'],
    },
    {
      name: 'a workflow without a valid version misses',
      input: { workflows: new Map() },
      from: '20T02:30',
      now: '20T03:00',
      wantFates: ['20T03:00 Missed'],
    },
    {
      name: 'folded ticks do not cross a UTC day',
      from: '18T21:30',
      now: '20T01:30',
      wantFates: ['18T22:00..18T23:00 x2 Missed', '19T00:00..19T23:00 x24 Missed', '20T00:00 Missed', '20T01:00 Late'],
    },
    {
      name: 'but more than a week ago they do',
      over: { cron: '0 0 * * *' },
      from: '01T12:00',
      now: '20T12:00',
      wantFates: [
        '02T00:00..13T00:00 x12 Missed',
        '14T00:00 Missed',
        '15T00:00 Missed',
        '16T00:00 Missed',
        '17T00:00 Missed',
        '18T00:00 Missed',
        '19T00:00 Missed',
        '20T00:00 Late',
      ],
    },
  ]
  it.each(judgements)('judged: $name', ({ over = {}, input = {}, from, now, wantFates }) => {
    expect(fates(plan(from, now, { schedules: [schedule(over)], ...input }))).toEqual(wantFates)
  })
})

describe('every tick', () => {
  it('gets exactly one fate, whenever the controller looks, stops between Runs and cursors, or finds its clock set', () => {
    const minutes = fc.integer({ min: -90, max: 400 })
    const looks = fc.array(fc.record({ afterMinutes: minutes, created: fc.nat(6), stops: fc.boolean() }), { minLength: 1, maxLength: 12 })
    const catchUp = fc.constantFrom('Latest' as const, 'All' as const, 'None' as const)
    const deadline = fc.constantFrom(null, 30, 3600)
    fc.assert(
      fc.property(
        looks,
        catchUp,
        deadline,
        fc.constantFrom(null, suspension('20T05:00'), suspension('20T09:00')),
        (all, catches, seconds, suspend) => {
          const schedules = [schedule({ cron: '*/20 * * * *', catchUp: catches, startingDeadlineSeconds: seconds, suspend })]
          let nowMs = at('20T00:10')
          let { cursors } = planTicks({ ...inputOf(schedules), nowMs })
          const runs = new Map<number, StartedTick>()
          const told = new Map<number, string>()
          for (const { afterMinutes, created, stops } of all) {
            nowMs += afterMinutes * 60_000
            const next = planTicks({ ...inputOf(schedules), nowMs, cursors, started: [...runs.values()] })
            for (const request of stops ? next.requests.slice(0, created) : next.requests) {
              if (request.trigger.kind !== 'Schedule' || request.fate === undefined) continue
              const tickMs = Date.parse(request.trigger.tick)
              expect(runs.has(tickMs)).toBe(false)
              runs.set(tickMs, { schedule: 'nightly', tickMs, run: `run-${tickMs}`, fate: request.fate })
            }
            if (stops) continue
            cursors = next.cursors
            for (const { at: from, until = from, count = 1, fate } of next.fates) {
              expect((Date.parse(until) - Date.parse(from)) / 1_200_000).toBe(count - 1)
              for (let tickMs = Date.parse(from); tickMs <= Date.parse(until); tickMs += 1_200_000) {
                expect(told.has(tickMs)).toBe(false)
                told.set(tickMs, fate)
              }
            }
          }
          const judgedUpTo = Date.parse(cursors['nightly']?.judgedUpTo ?? '')
          for (let tickMs = at('20T00:20'); tickMs <= judgedUpTo; tickMs += 1_200_000) {
            expect(told.get(tickMs) ?? 'Fired').toBe(runs.get(tickMs)?.fate ?? told.get(tickMs))
          }
        },
      ),
      { numRuns: 500 },
    )
  })
})

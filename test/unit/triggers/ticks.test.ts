import { describe, expect, it } from 'vitest'
import type { TickPlan } from '../../../src/triggers/ticks.ts'
import { planTicks } from '../../../src/triggers/ticks.ts'
import { at, COMMIT, fates, inputOf, plan, schedule, started, suspension } from './tick-plans.ts'

describe('the ticks of a schedule', () => {
  it('that is due gives a run pinned to the newest valid commit, with its params', () => {
    const { requests, cursors, runs, nextTickMs, problems } = plan('20T02:30', '20T03:00:01')
    expect(requests).toEqual([
      {
        workflow: 'report',
        commit: COMMIT,
        trigger: { kind: 'Schedule', schedule: 'nightly', tick: '2026-11-20T03:00:00Z' },
        params: { site: 'www.example.fi' },
        fate: 'Fired',
      },
    ])
    expect(cursors['nightly']?.judgedUpTo).toBe('2026-11-20T03:00:00Z')
    expect(runs).toEqual(['new-nightly-2026-11-20T03:00:00Z'])
    expect(nextTickMs).toBe(at('20T04:00'))
    expect(problems).toEqual([])
  })

  it.each([
    { name: 'a written reason', suspend: suspension('21T00:00', 'site moves'), wantReason: 'site moves' },
    { name: 'no reason', suspend: suspension('21T00:00'), wantReason: 'the schedule nightly is suspended until 2026-11-21T00:00:00Z' },
    { name: 'neither reason nor end', suspend: suspension(null), wantReason: 'the schedule nightly is suspended' },
  ])('skipped tell why: $name', ({ suspend, wantReason }) => {
    expect(plan('20T02:30', '20T03:00', { schedules: [schedule({ suspend })] }).fates[0]?.reason).toBe(wantReason)
  })

  it('under several suspensions name the widest that holds at their time', () => {
    const { fates: told } = plan('20T00:30', '20T04:30', {
      suspend: suspension('20T02:00', 'move'),
      workflows: new Map([['report', { commit: COMMIT, definition: { suspend: suspension('20T03:00') } }]]),
      schedules: [schedule({ suspend: suspension('20T04:00', 'holidays') })],
    })
    expect(told.map(({ at: tick, fate, reason }) => `${tick} ${fate} ${reason ?? ''}`)).toEqual([
      '2026-11-20T01:00:00Z Skipped move',
      '2026-11-20T02:00:00Z Skipped the workflow report is suspended until 2026-11-20T03:00:00Z',
      '2026-11-20T03:00:00Z Skipped holidays',
      '2026-11-20T04:00:00Z Late ',
    ])
  })

  it.each([
    { over: { startingDeadlineSeconds: 600 }, wantReason: 'later than its startingDeadline of 10m' },
    { over: { startingDeadlineSeconds: 90 }, wantReason: 'later than its startingDeadline of 90s' },
    { over: { catchUp: 'Latest' as const }, wantReason: 'passed while nothing ran, and catchUp is Latest: only the newest tick runs late' },
    { over: { catchUp: 'None' as const }, wantReason: 'passed while nothing ran, and catchUp is None' },
    { over: { workflow: 'gone' }, wantReason: 'no commit has a valid workflow gone' },
  ])('missed tell why: $wantReason', ({ over, wantReason }) => {
    expect(plan('20T02:30', '20T04:30', { schedules: [schedule(over)] }).fates[0]).toMatchObject({ fate: 'Missed', reason: wantReason, run: null })
  })

  it('that run late name their run', () => {
    const { fates: told, runs } = plan('20T02:30', '20T04:30', { started: [started('20T03:00', 'Late')] })
    expect(told).toEqual([
      { schedule: 'nightly', workflow: 'report', at: '2026-11-20T03:00:00Z', fate: 'Late', reason: null, run: 'old-20T03:00' },
      { schedule: 'nightly', workflow: 'report', at: '2026-11-20T04:00:00Z', fate: 'Late', reason: null, run: 'new-nightly-2026-11-20T04:00:00Z' },
    ])
    expect(runs).toEqual(['old-20T03:00', 'new-nightly-2026-11-20T04:00:00Z'])
  })

  it('run a hundred times late with All, those counted that a stopped look has started', () => {
    const every = [schedule({ cron: '* * * * *', catchUp: 'All' })]
    const first = plan('20T00:00', '20T05:00:30', { schedules: every })
    expect(first.requests).toHaveLength(101)
    expect(fates(first).slice(0, 2)).toEqual(['20T00:01..20T03:19 x199 Missed', '20T03:20 Late'])
    const created = first.requests.slice(0, 60).map(({ trigger }) => trigger)
    const again = plan('20T00:00', '20T05:10:30', {
      schedules: every,
      started: created.flatMap((trigger) =>
        trigger.kind === 'Schedule' ? [{ ...started('20T00:00', 'Late'), tickMs: Date.parse(trigger.tick) }] : [],
      ),
    })
    expect(again.requests.filter(({ fate }) => fate === 'Late')).toHaveLength(40)
    expect(again.fates.filter(({ fate }) => fate === 'Late')).toHaveLength(100)
  })

  it('are asked for oldest first across schedules', () => {
    const { requests } = plan('20T02:30', '20T05:15', {
      schedules: [schedule({ name: 'one', catchUp: 'All' }), schedule({ name: 'two', cron: '30 * * * *', catchUp: 'All' })],
    })
    expect(requests.map(({ trigger }) => (trigger.kind === 'Schedule' ? trigger.tick.slice(11, 16) : ''))).toEqual([
      '03:00',
      '03:30',
      '04:00',
      '04:30',
      '05:00',
    ])
  })
})

describe('the cursors of schedules', () => {
  it('start now for a schedule that is new: it has no past', () => {
    const { requests, fates: told, cursors, nextTickMs } = planTicks({ ...inputOf([schedule()]), nowMs: at('20T03:00') })
    expect({ requests, told }).toEqual({ requests: [], told: [] })
    expect(cursors['nightly']?.judgedUpTo).toBe('2026-11-20T03:00:00.000Z')
    expect(nextTickMs).toBe(at('20T04:00'))
  })

  it.each([
    { change: { cron: '30 * * * *' }, wantFates: [] },
    { change: { timeZone: 'Asia/Kolkata' }, wantFates: [] },
    { change: { params: {}, catchUp: 'All' as const, startingDeadlineSeconds: 86_400 }, wantFates: ['20T03:00 Late', '20T04:00 Late'] },
  ])('start anew with another form, and only then: $change', ({ change, wantFates }) => {
    const { cursors } = plan('20T02:00', '20T02:30')
    expect(fates(planTicks({ ...inputOf([schedule(change)]), cursors, nowMs: at('20T04:45') }))).toEqual(wantFates)
  })

  it('go with their schedule', () => {
    const { cursors } = plan('20T02:00', '20T02:30')
    expect(planTicks({ ...inputOf([schedule({ name: 'other' })]), cursors, nowMs: at('20T04:30') }).cursors).toHaveProperty('other')
    expect(planTicks({ ...inputOf([]), cursors, nowMs: at('20T04:30') })).toMatchObject({ cursors: {}, nextTickMs: null })
  })

  it('stay the same objects while no tick passes', () => {
    const { cursors } = plan('20T02:00', '20T02:30')
    expect(planTicks({ ...inputOf([schedule()]), cursors, nowMs: at('20T02:45') }).cursors['nightly']).toBe(cursors['nightly'])
  })

  it('wait for a clock that was set back', () => {
    const { cursors } = plan('20T02:30', '20T05:00')
    const back = planTicks({ ...inputOf([schedule()]), cursors, nowMs: at('20T03:30') })
    expect(back).toMatchObject({ requests: [], fates: [], nextTickMs: at('20T06:00') })
    expect(back.cursors).toEqual(cursors)
    const changed = planTicks({ ...inputOf([schedule({ cron: '*/30 * * * *' })]), cursors, nowMs: at('20T03:30') })
    expect(changed.nextTickMs).toBe(at('20T05:30'))
  })

  it('that cannot be read start now', () => {
    const cursors = { nightly: { ...plan('20T02:00', '20T02:30').cursors['nightly'], judgedUpTo: 'yesterday' } } as TickPlan['cursors']
    expect(planTicks({ ...inputOf([schedule()]), cursors, nowMs: at('20T04:30') })).toMatchObject({ requests: [], fates: [] })
  })

  it('are left alone when the ticks cannot be computed, and the other schedules go on', () => {
    const { cursors } = plan('20T02:30', '20T02:45')
    const broken = [schedule({ cron: 'soon' }), schedule({ name: 'lost', timeZone: 'Mars/Base' }), schedule({ name: 'good' })]
    const result = planTicks({ ...inputOf(broken), cursors, nowMs: at('20T04:30') })
    expect(result.problems.map(({ schedule: name, message }) => `${name}: ${message.slice(0, 30)}`)).toEqual([
      'nightly: cron "soon" has 1 fields: writ',
      'lost: there is no time zone "Mars/Ba',
    ])
    expect(Object.keys(result.cursors)).toEqual(['nightly', 'good'])
    expect(result.cursors['nightly']).toBe(cursors['nightly'])
  })
})

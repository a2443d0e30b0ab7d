import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Schedule, Suspension } from '../../../src/definitions/workflow.ts'
import { createCronCache } from '../../../src/triggers/cron.ts'
import type { StartedTick, TickPlan, TickPlanInput } from '../../../src/triggers/ticks.ts'
import { planTicks } from '../../../src/triggers/ticks.ts'

const COMMIT = 'c'.repeat(40)
const cron = createCronCache()
const at = (text: string): number => Date.parse(`2026-11-${text}Z`)

function schedule(over: Partial<Schedule> = {}): Schedule {
  return {
    name: 'nightly',
    workflow: 'report',
    cron: '0 * * * *',
    timeZone: 'Etc/UTC',
    params: { site: 'www.example.fi' },
    startingDeadlineSeconds: null,
    catchUp: 'Latest',
    suspend: null,
    file: 'workflows/report.yaml',
    ...over,
  }
}

function suspension(until: string | null, reason: string | null = null): Suspension {
  return { untilMs: until === null ? null : at(until), reason }
}

function started(tick: string, fate: 'Fired' | 'Late' = 'Fired', name = 'nightly'): StartedTick {
  return { schedule: name, tickMs: at(tick), run: `old-${tick}`, fate }
}

/** The plan for schedules whose ticks are judged up to a moment. */
function plan(judgedUpTo: string, now: string, over: Partial<TickPlanInput> = {}): TickPlan {
  const input: TickPlanInput = {
    repository: { namespace: 'data', name: 'jobs' },
    schedules: [schedule()],
    workflows: new Map([['report', { commit: COMMIT, definition: { suspend: null } }]]),
    suspend: false,
    cursors: {},
    nowMs: at(judgedUpTo),
    started: [],
    cron,
    nameRun: ({ trigger }) => (trigger.kind === 'Schedule' ? `new-${trigger.schedule}-${trigger.tick}` : ''),
    ...over,
  }
  const { cursors } = planTicks(input)
  return planTicks({ ...input, cursors, nowMs: at(now) })
}

/** Fates of all ticks as lines, simple ones too: `20T05:00 Fired`, `20T01:00..20T04:00 x4 Missed`. */
function fates({ requests, fates: told }: TickPlan): string[] {
  const short = (time: string): string => time.slice(8, 16)
  const lines = told.map(
    ({ at: from, until, count, fate }) => `${short(from)}${until === undefined ? '' : `..${short(until)} x${count ?? 0}`} ${fate}`,
  )
  const fired = requests.flatMap(({ trigger, fate }) => (trigger.kind === 'Schedule' && fate === 'Fired' ? [`${short(trigger.tick)} ${fate}`] : []))
  return [...lines, ...fired].sort()
}

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
    const {
      requests,
      fates: told,
      cursors,
      nextTickMs,
    } = planTicks({
      repository: { namespace: 'data', name: 'jobs' },
      schedules: [schedule()],
      workflows: new Map([['report', { commit: COMMIT, definition: { suspend: null } }]]),
      suspend: null,
      cursors: {},
      nowMs: at('20T03:00'),
      started: [],
      cron,
      nameRun: () => 'run',
    })
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

function inputOf(schedules: Schedule[]): TickPlanInput {
  return {
    repository: { namespace: 'data', name: 'jobs' },
    schedules,
    workflows: new Map([['report', { commit: COMMIT, definition: { suspend: null } }]]),
    suspend: null,
    cursors: {},
    nowMs: 0,
    started: [],
    cron,
    nameRun: () => 'run',
  }
}

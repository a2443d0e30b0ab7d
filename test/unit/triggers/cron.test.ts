import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CronTicks } from '../../../src/triggers/cron.ts'
import { createCronCache, createCronTicks } from '../../../src/triggers/cron.ts'
import { CronSyntaxError } from '../../../src/definitions/parse-cron.ts'
import { TimeZoneError } from '../../../src/triggers/time-zone.ts'
import type { Glance } from './cron-oracle.ts'
import { ticksByWatching, watchClock } from './cron-oracle.ts'

const DAY_MS = 86_400_000

function ticksOf(cron: string, timeZone = 'Etc/UTC', seed = 'acme/jobs nightly'): CronTicks {
  return createCronTicks({ cron, timeZone, seed })
}

function list(ticks: CronTicks, afterMs: number, upToMs: number): number[] {
  const found: number[] = []
  for (let tickMs = ticks.next(afterMs); tickMs !== null && tickMs <= upToMs; tickMs = ticks.next(tickMs)) found.push(tickMs)
  return found
}

function iso(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16)
}

/** Days on which a clock was changed, or (the last three) was not. */
const changes: readonly (readonly [zone: string, day: string, what: string])[] = [
  ['Europe/Helsinki', '2026-03-29', 'an hour forward'],
  ['Europe/Helsinki', '2026-10-25', 'an hour back'],
  ['America/New_York', '2026-03-08', 'an hour forward'],
  ['America/New_York', '2026-11-01', 'an hour back'],
  ['Australia/Lord_Howe', '2026-04-05', 'half an hour back'],
  ['Australia/Lord_Howe', '2026-10-04', 'half an hour forward'],
  ['Pacific/Chatham', '2026-04-05', 'an hour back, at 3:45'],
  ['Pacific/Chatham', '2026-09-27', 'an hour forward, at 2:45'],
  ['Africa/Casablanca', '2026-02-15', 'an hour back for Ramadan'],
  ['Africa/Casablanca', '2026-03-22', 'an hour forward after Ramadan'],
  ['America/Sao_Paulo', '2018-11-04', 'an hour forward at midnight'],
  ['America/Sao_Paulo', '2018-02-18', 'an hour back at midnight'],
  ['America/Havana', '2026-03-08', 'an hour forward at midnight'],
  ['America/Havana', '2026-11-01', 'an hour back'],
  ['Antarctica/Troll', '2026-03-29', 'two hours forward'],
  ['Antarctica/Troll', '2026-10-25', 'two hours back'],
  ['Asia/Kathmandu', '1986-01-01', 'a quarter forward at the new year'],
  ['America/Caracas', '2007-12-09', 'half an hour back'],
  ['America/Caracas', '2016-05-01', 'half an hour forward'],
  ['Asia/Pyongyang', '2018-05-05', 'half an hour forward'],
  ['Africa/Cairo', '2014-06-26', 'an hour back for Ramadan'],
  ['Pacific/Apia', '2011-12-30', 'a whole day left out'],
  ['Asia/Kolkata', '2026-01-01', 'nothing, at half an hour'],
  ['America/Sao_Paulo', '2026-11-01', 'nothing any more'],
  ['Etc/UTC', '2028-02-29', 'nothing, ever'],
]

const watched = changes.map(([zone, day]): [string, Glance[]] => [zone, watchClock(zone, Date.parse(day) - DAY_MS, Date.parse(day) + 2 * DAY_MS)])

function field(lowest: number, highest: number, starWeight: number): fc.Arbitrary<string> {
  const value = fc.integer({ min: lowest, max: highest })
  const range = fc.tuple(value, value).map(([one, other]) => `${Math.min(one, other)}-${Math.max(one, other)}`)
  return fc.oneof(
    { weight: starWeight, arbitrary: fc.constant('*') },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: highest - lowest }).map((step) => `*/${step}`) },
    { weight: 1, arbitrary: value.map(String) },
    { weight: 1, arbitrary: range },
    { weight: 1, arbitrary: fc.tuple(value, value, value).map((values) => values.join(',')) },
    { weight: 1, arbitrary: fc.tuple(range, value).map(([one, other]) => `${one},${other}`) },
    { weight: 1, arbitrary: range.map((one) => `${one}/2`).filter((one) => !/^(\d+)-\1\//.test(one)) },
    { weight: 1, arbitrary: range.map((one) => `*/7,${one}`) },
  )
}

/** Hours near those at which clocks are changed come up often. */
const hours = fc.oneof(field(0, 23, 2), field(0, 4, 1))
const crons = fc.tuple(field(0, 59, 1), hours, field(1, 31, 4), field(1, 12, 12), field(0, 6, 4)).map((fields) => fields.join(' '))

describe('ticks of a cron expression', () => {
  it('are those that watching the clock minute by minute gives, around clock changes', () => {
    const cache = createCronCache()
    let compared = 0
    const property = fc.property(fc.nat(watched.length - 1), crons, fc.nat(2000), fc.nat(4000), (index, cron, skipped, more) => {
      const [zone, glances] = watched[index] ?? ['', []]
      const first = glances[0]?.atMs ?? 0
      const afterMs = first + skipped * 60_000
      const upToMs = Math.min(afterMs + more * 60_000, glances.at(-1)?.atMs ?? 0)
      const wantTicks = ticksByWatching(cron, glances).filter((tickMs) => tickMs > afterMs && tickMs <= upToMs)
      const ticks = cache.ticks({ cron, timeZone: zone, seed: '' })
      expect(list(ticks, afterMs, upToMs)).toEqual(wantTicks)
      expect(ticks.newest(afterMs, upToMs)).toBe(wantTicks.at(-1) ?? null)
      expect(ticks.count(afterMs, upToMs)).toBe(wantTicks.length)
      compared += wantTicks.length
    })
    fc.assert(property, { numRuns: 1200 })
    expect(compared).toBeGreaterThan(20_000)
  }, 60_000)

  const examples: { name: string; cron: string; zone: string; from: string; to: string; wantTicks: string[] }[] = [
    {
      name: 'a time in the gap moves to its end',
      cron: '30 3 * * *',
      zone: 'Europe/Helsinki',
      from: '2026-03-28T00:00',
      to: '2026-03-31T00:00',
      wantTicks: ['2026-03-28T01:30', '2026-03-29T01:00', '2026-03-30T00:30'],
    },
    {
      name: 'several times in the gap and one at its end are one tick',
      cron: '*/15 2,3 * * *',
      zone: 'Europe/Berlin',
      from: '2026-03-29T00:00',
      to: '2026-03-29T01:20',
      wantTicks: ['2026-03-29T01:00', '2026-03-29T01:15'],
    },
    {
      name: 'a time that comes twice takes the first pass',
      cron: '30 2 * * *',
      zone: 'Europe/Berlin',
      from: '2026-10-24T12:00',
      to: '2026-10-26T12:00',
      wantTicks: ['2026-10-25T00:30', '2026-10-26T01:30'],
    },
    {
      name: 'hours as a range are listed hours',
      cron: '0 0-23 * * *',
      zone: 'Europe/Berlin',
      from: '2026-10-24T23:30',
      to: '2026-10-25T03:00',
      wantTicks: ['2026-10-25T00:00', '2026-10-25T02:00', '2026-10-25T03:00'],
    },
    {
      name: 'every hour counts an hour that comes twice twice',
      cron: '0 * * * *',
      zone: 'Europe/Berlin',
      from: '2026-10-24T23:30',
      to: '2026-10-25T03:00',
      wantTicks: ['2026-10-25T00:00', '2026-10-25T01:00', '2026-10-25T02:00', '2026-10-25T03:00'],
    },
    {
      name: 'every second hour has no tick for an hour that is left out',
      cron: '0 */2 * * *',
      zone: 'Europe/Berlin',
      from: '2026-03-28T22:30',
      to: '2026-03-29T03:00',
      wantTicks: ['2026-03-28T23:00', '2026-03-29T02:00'],
    },
    {
      name: 'half an hour back at Lord Howe shows a quarter of it twice to every minute step',
      cron: '*/15 * * * *',
      zone: 'Australia/Lord_Howe',
      from: '2026-04-04T14:29',
      to: '2026-04-04T15:31',
      wantTicks: ['2026-04-04T14:30', '2026-04-04T14:45', '2026-04-04T15:00', '2026-04-04T15:15', '2026-04-04T15:30'],
    },
    {
      name: 'half an hour forward at Lord Howe moves 2:15 to 2:30',
      cron: '15 2 * * *',
      zone: 'Australia/Lord_Howe',
      from: '2026-10-03T00:00',
      to: '2026-10-04T16:00',
      wantTicks: ['2026-10-03T15:30', '2026-10-04T15:15'],
    },
    {
      name: 'midnight in a gap moves to one in the morning of the same day',
      cron: '0 0 * * *',
      zone: 'America/Sao_Paulo',
      from: '2018-11-03T00:00',
      to: '2018-11-05T12:00',
      wantTicks: ['2018-11-03T03:00', '2018-11-04T03:00', '2018-11-05T02:00'],
    },
    {
      name: 'a day that never was at Apia moves to the midnight after it',
      cron: '0 12 30 12 *',
      zone: 'Pacific/Apia',
      from: '2011-12-01T00:00',
      to: '2012-01-31T00:00',
      wantTicks: ['2011-12-30T10:00'],
    },
    {
      name: 'either day matches when both are restricted',
      cron: '0 0 13 * 5',
      zone: 'Etc/UTC',
      from: '2026-11-01T00:00',
      to: '2026-11-15T00:00',
      wantTicks: ['2026-11-06T00:00', '2026-11-13T00:00'],
    },
    {
      name: 'both days must match when one starts with a star',
      cron: '0 0 */2 * MON',
      zone: 'Etc/UTC',
      from: '2026-11-01T00:00',
      to: '2026-11-30T12:00',
      wantTicks: ['2026-11-09T00:00', '2026-11-23T00:00'],
    },
    {
      name: 'Sunday is 0 and 7',
      cron: '0 0 * * 6-7',
      zone: 'Etc/UTC',
      from: '2026-11-01T00:00',
      to: '2026-11-08T12:00',
      wantTicks: ['2026-11-07T00:00', '2026-11-08T00:00'],
    },
    {
      name: 'the 29th of February waits for a leap year',
      cron: '0 0 29 2 *',
      zone: 'Europe/Helsinki',
      from: '2024-03-01T00:00',
      to: '2032-12-31T00:00',
      wantTicks: ['2028-02-28T22:00', '2032-02-28T22:00'],
    },
    {
      name: 'a 29th of February on a Sunday waits for forty years around 2100',
      cron: '0 0 29 2 */7',
      zone: 'Europe/Helsinki',
      from: '2072-03-01T00:00',
      to: '2130-01-01T00:00',
      wantTicks: ['2088-02-28T22:00', '2128-02-28T22:00'],
    },
  ]
  it.each(examples)('$name ($cron, $zone)', ({ cron, zone, from, to, wantTicks }) => {
    const [afterMs, upToMs] = [Date.parse(`${from}Z`), Date.parse(`${to}Z`)]
    const ticks = ticksOf(cron, zone)
    expect(list(ticks, afterMs, upToMs).map(iso)).toEqual(wantTicks)
    expect(ticks.count(afterMs, upToMs)).toBe(wantTicks.length)
    expect(ticks.newest(afterMs, upToMs)).toBe(Date.parse(`${wantTicks.at(-1) ?? ''}Z`))
  })

  it('never come when no calendar has the day', () => {
    const ticks = ticksOf('0 0 31 2 *', 'Europe/Helsinki')
    expect(ticks.next(Date.parse('2026-11-20T00:00Z'))).toBeNull()
    expect(ticks.newest(0, Date.parse('2026-11-20T00:00Z'))).toBeNull()
    expect(ticks.count(0, Date.parse('2026-11-20T00:00Z'))).toBe(0)
  })

  it('are counted over a year with clock changes', () => {
    const [afterMs, upToMs] = [Date.parse('2025-11-20T00:00Z'), Date.parse('2026-11-20T00:00Z')]
    expect(ticksOf('* * * * *', 'Europe/Helsinki').count(afterMs, upToMs)).toBe(365 * 1440)
    expect(ticksOf('*/10 8-17 * * 1-5', 'Europe/Helsinki').count(afterMs, upToMs)).toBe(261 * 60)
  })

  it('of a range that is empty are none', () => {
    const ticks = ticksOf('* * * * *')
    expect(ticks.newest(60_000, 60_000)).toBeNull()
    expect(ticks.newest(120_000, 60_000)).toBeNull()
    expect(ticks.count(120_000, 60_000)).toBe(0)
  })

  it('come after any time that was asked for before, earlier or later', () => {
    const ticks = ticksOf('0 3 * * *')
    const at = (text: string): number => Date.parse(text)
    expect(ticks.next(at('2026-11-20T01:00Z'))).toBe(at('2026-11-20T03:00Z'))
    expect(ticks.next(at('2026-11-20T02:59Z'))).toBe(at('2026-11-20T03:00Z'))
    expect(ticks.next(at('2026-11-20T03:00Z'))).toBe(at('2026-11-21T03:00Z'))
    expect(ticks.next(at('2026-11-10T00:00Z'))).toBe(at('2026-11-10T03:00Z'))
  })
})

describe('the cache of ticks', () => {
  it('gives the same ticks for the same expression and zone, whatever the seed', () => {
    const cache = createCronCache()
    const spec = { cron: '0 3 * * THU', timeZone: 'Europe/Helsinki' }
    expect(cache.ticks({ ...spec, seed: 'one' })).toBe(cache.ticks({ ...spec, seed: 'other' }))
    expect(cache.ticks({ ...spec, seed: 'one' })).not.toBe(cache.ticks({ ...spec, timeZone: 'Etc/UTC', seed: 'one' }))
  })

  it('keeps seeds apart where there is an H', () => {
    const cache = createCronCache()
    const spec = { cron: 'H H * * *', timeZone: 'Etc/UTC' }
    expect(cache.ticks({ ...spec, seed: 'one' })).toBe(cache.ticks({ ...spec, seed: 'one' }))
    expect(cache.ticks({ ...spec, seed: 'one' }).next(0)).not.toBe(cache.ticks({ ...spec, seed: 'other' }).next(0))
  })

  it('drops the oldest when it is full', () => {
    const cache = createCronCache(2)
    const at = (minute: number): CronTicks => cache.ticks({ cron: `${minute} * * * *`, timeZone: 'Etc/UTC', seed: '' })
    const [one, two] = [at(1), at(2)]
    expect(at(1)).toBe(one)
    at(3)
    expect(at(2)).toBe(two)
    expect(at(1)).not.toBe(one)
  })

  it('says what is wrong with an expression or a zone', () => {
    const cache = createCronCache()
    expect(() => cache.ticks({ cron: '0 25 * * *', timeZone: 'Etc/UTC', seed: '' })).toThrow(CronSyntaxError)
    for (const timeZone of ['Europe/Helsinky', '+02:00', '']) {
      expect(() => cache.ticks({ cron: '0 5 * * *', timeZone, seed: '' })).toThrow(TimeZoneError)
    }
  })
})

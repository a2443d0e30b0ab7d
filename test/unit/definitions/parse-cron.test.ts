import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CronSyntaxError, parseCron } from '../../../src/definitions/parse-cron.ts'

const all = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index)

describe('a cron expression', () => {
  it.each([
    {
      cron: '0 3 * * *',
      wantFields: { minutes: [0], hours: [3], daysOfMonth: all(1, 31), months: all(1, 12), daysOfWeek: all(0, 6), dayRule: 'Both', everyHour: false },
    },
    {
      cron: '  5  */6 1,15 JAN-mar mon-FRI/2 ',
      wantFields: {
        minutes: [5],
        hours: [0, 6, 12, 18],
        daysOfMonth: [1, 15],
        months: [1, 2, 3],
        daysOfWeek: [1, 3, 5],
        dayRule: 'Either',
        everyHour: true,
      },
    },
    { cron: '5/20 0 ? * 0', wantFields: { minutes: [5, 25, 45], daysOfMonth: all(1, 31), dayRule: 'Both' } },
    { cron: '0 0 1 * 7', wantFields: { daysOfWeek: [0], dayRule: 'Either' } },
    { cron: '0 0 1 * FRI-SUN', wantFields: { daysOfWeek: [0, 5, 6] } },
    { cron: '0 0 1 * SUN-TUE', wantFields: { daysOfWeek: [0, 1, 2] } },
    { cron: '0 0 1 * */2', wantFields: { daysOfWeek: [0, 2, 4, 6], dayRule: 'Both' } },
    { cron: '0 0 */2,5 * 1', wantFields: { dayRule: 'Both' } },
    { cron: '0 0-23 * * *', wantFields: { hours: all(0, 23), everyHour: false } },
    { cron: '@hourly', wantFields: { minutes: [0], hours: all(0, 23), everyHour: true } },
    { cron: '@daily', wantFields: { minutes: [0], hours: [0], everyHour: false } },
    { cron: '@Midnight', wantFields: { minutes: [0], hours: [0] } },
    { cron: '@weekly', wantFields: { daysOfWeek: [0], daysOfMonth: all(1, 31), dayRule: 'Both' } },
    { cron: '@monthly', wantFields: { daysOfMonth: [1], months: all(1, 12) } },
    { cron: '@yearly', wantFields: { daysOfMonth: [1], months: [1] } },
    { cron: '@annually', wantFields: { daysOfMonth: [1], months: [1] } },
  ])('$cron is read', ({ cron, wantFields }) => {
    expect(parseCron(cron, '')).toMatchObject(wantFields)
  })

  it.each([
    { cron: '', wantMessage: 'has 0 fields' },
    { cron: '0 3 * *', wantMessage: 'has 4 fields: write five' },
    { cron: '0 0 3 * * *', wantMessage: 'there are no seconds' },
    { cron: '60 * * * *', wantMessage: 'minute "60": "60" must be a number from 0 to 59' },
    { cron: '* 24 * * *', wantMessage: 'hour "24"' },
    { cron: '* * 0 * *', wantMessage: 'day of month "0": "0" must be a number from 1 to 31' },
    { cron: '* * * 13 *', wantMessage: 'month "13"' },
    { cron: '* * * * 8', wantMessage: 'day of week "8": "8" must be a number from 0 to 7, or SUN to SAT' },
    { cron: '* * * FOO *', wantMessage: '"FOO" must be a number from 1 to 12, or JAN to DEC' },
    { cron: '* * L * *', wantMessage: '"L" must be' },
    { cron: '* * 15W * *', wantMessage: '"15W" must be' },
    { cron: '* * * * 5#3', wantMessage: '"5#3" must be' },
    { cron: '5-1 * * * *', wantMessage: 'the range "5-1" ends before it starts' },
    { cron: '1-2-3 * * * *', wantMessage: 'must be a range of two values' },
    { cron: '1,,2 * * * *', wantMessage: '"" must be a number' },
    { cron: '*/0 * * * *', wantMessage: 'the step "0" must be a number from 1' },
    { cron: '*/x * * * *', wantMessage: 'the step "x"' },
    { cron: '*/5/5 * * * *', wantMessage: 'only one step' },
    { cron: '*/90 * * * *', wantMessage: 'a step of 90 is more than the 60 values' },
    { cron: '/5 * * * *', wantMessage: '"" must be a number' },
    { cron: '? * * * *', wantMessage: '"?" must be a number' },
    { cron: 'H(5) * * * *', wantMessage: '"H(5)" must be H or H(from-to)' },
    { cron: 'H(9-5) * * * *', wantMessage: 'ends before it starts' },
    { cron: 'H(0-9)/61 * * * *', wantMessage: 'a step of 61 is more than the 60 values' },
    { cron: 'HH * * * *', wantMessage: '"HH" must be H' },
    { cron: 'constructor', wantMessage: 'has 1 fields' },
    { cron: '@reboot', wantMessage: 'write one of @yearly' },
    { cron: '@every 1h', wantMessage: 'write one of @yearly' },
    { cron: 'TZ=Europe/Helsinki 0 3 * * *', wantMessage: 'belongs into the field timeZone' },
  ])('"$cron" is refused', ({ cron, wantMessage }) => {
    expect(() => parseCron(cron, '')).toThrow(CronSyntaxError)
    expect(() => parseCron(cron, '')).toThrow(wantMessage)
  })

  it('is read or refused, whatever it is', () => {
    const pieces = fc.constantFrom('*', '?', 'H', 'H(', ')', '-', '/', ',', '1', '59', '7', 'MON', 'L', '@', ' ', '  ')
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 20 }), (parts) => {
        try {
          parseCron(parts.join(''), 'seed')
        } catch (error) {
          expect(error).toBeInstanceOf(CronSyntaxError)
        }
      }),
    )
  })
})

describe('H', () => {
  const seeds = all(1, 500).map((number) => `data/jobs schedule-${number}`)
  const minutesOf = (field: string, seed: string): readonly number[] => parseCron(`${field} * * * *`, seed).minutes

  it('is always the same for the same seed', () => {
    expect(parseCron('H H H H H', 'data/jobs nightly')).toEqual(parseCron('H H H H H', 'data/jobs nightly'))
    expect(minutesOf('H', 'data/jobs nightly')).toEqual([9])
  })

  it('spreads over the field, and differs between fields', () => {
    const counts = new Map<number, number>()
    for (const seed of seeds) for (const minute of minutesOf('H', seed)) counts.set(minute, (counts.get(minute) ?? 0) + 1)
    expect(counts.size).toBe(60)
    expect(Math.max(...counts.values())).toBeLessThan(25)
    const pairs = new Set(
      seeds.map((seed) => JSON.stringify([parseCron('H(0-9) H(0-9) * * *', seed).minutes, parseCron('H(0-9) H(0-9) * * *', seed).hours])),
    )
    expect(pairs.size).toBeGreaterThan(90)
  })

  it.each([
    { field: 'H(10-19)', lowest: 10, highest: 19, wantStep: 0, wantCounts: [1] },
    { field: 'H/15', lowest: 0, highest: 59, wantStep: 15, wantCounts: [4] },
    { field: 'H/25', lowest: 0, highest: 59, wantStep: 25, wantCounts: [2, 3] },
    { field: 'H(0-29)/10', lowest: 0, highest: 29, wantStep: 10, wantCounts: [3] },
    { field: 'H/1', lowest: 0, highest: 59, wantStep: 1, wantCounts: [60] },
  ])('$field stays in its range and keeps its step', ({ field, lowest, highest, wantStep, wantCounts }) => {
    const firsts = new Set<number>()
    for (const seed of seeds) {
      const minutes = minutesOf(field, seed)
      firsts.add(minutes[0] ?? -1)
      expect(wantCounts).toContain(minutes.length)
      expect(minutes.every((minute) => minute >= lowest && minute <= highest)).toBe(true)
      expect(minutes.every((minute, index) => index === 0 || minute - (minutes[index - 1] ?? 0) === wantStep)).toBe(true)
    }
    expect(firsts.size).toBe(wantStep === 0 ? highest - lowest + 1 : wantStep)
  })

  it('of the day of month lies in every month, and of the day of week has Sunday once', () => {
    const days = seeds.map((seed) => parseCron('0 0 H * H', seed))
    expect(Math.max(...days.flatMap((fields) => fields.daysOfMonth))).toBe(28)
    expect(new Set(days.flatMap((fields) => fields.daysOfWeek)).size).toBe(7)
    expect(days.every((fields) => fields.dayRule === 'Either')).toBe(true)
  })

  it('takes names, and is one of a list', () => {
    expect(parseCron('0 0 * * H(MON-FRI)', 'x').daysOfWeek.every((day) => day >= 1 && day <= 5)).toBe(true)
    expect(parseCron('H(0-0),30 H * * *', 'x')).toMatchObject({ minutes: [0, 30], everyHour: false })
  })
})

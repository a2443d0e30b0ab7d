import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatTick } from '../../../src/clock.ts'
import { encodeTicks, mergeTicks, parseTicks } from '../../../src/history/ticks.ts'
import { fateOf } from '../../support/history-builders.ts'

const hour = (number: number): string => `2026-11-20T${String(number).padStart(2, '0')}:00:00Z`

describe('ticks of a day', () => {
  it('folds equal ones to a range', () => {
    const ranges = mergeTicks(
      [],
      [1, 2, 3, 4].map((number) => fateOf(hour(number))),
    )
    expect(ranges).toEqual([
      { schedule: 'nightly-nordics', fate: 'Missed', reason: 'nothing was running', run: null, from: hour(1), to: hour(4), count: 4 },
    ])
  })

  it('takes ranges as they come, and goes on with them where they are evenly spaced', () => {
    const range = fateOf(hour(1), { until: hour(3), count: 3 })
    expect(mergeTicks([], [range, fateOf(hour(4))]).map(({ from, to, count }) => [from, to, count])).toEqual([[hour(1), hour(4), 4]])
  })

  it.each([
    { name: 'unevenly spaced ticks', range: fateOf(hour(1), { until: hour(8), count: 12 }) },
    { name: 'a year of minutes', range: fateOf('2025-11-20T01:00:00Z', { until: hour(1), count: 525_601 }) },
  ])('keeps a range of $name as it is, however often it comes', ({ range }) => {
    const once = mergeTicks([], [range, fateOf(hour(9))])
    expect(once.map(({ from, to, count }) => [from, to, count])).toEqual([
      [range.at, range.until, range.count],
      [hour(9), hour(9), 1],
    ])
    expect(mergeTicks(parseTicks(encodeTicks('w', once)), [range, fateOf(hour(9)), range])).toEqual(once)
  })

  it('leaves out what simply fired', () => {
    expect(mergeTicks([], [fateOf(hour(1), { fate: 'Fired', reason: null, run: 'x' })])).toEqual([])
  })

  it('begins a new range for another reason, another run and another spacing', () => {
    const fates = [
      fateOf(hour(1)),
      fateOf(hour(2)),
      fateOf(hour(4)),
      fateOf(hour(5), { reason: 'deadline' }),
      fateOf(hour(6), { fate: 'Late', run: 'a' }),
      fateOf(hour(7), { fate: 'Late', run: 'b' }),
    ]
    expect(mergeTicks([], fates).map(({ from, to, count }) => [from, to, count])).toEqual([
      [hour(1), hour(2), 2],
      [hour(4), hour(4), 1],
      [hour(5), hour(5), 1],
      [hour(6), hour(6), 1],
      [hour(7), hour(7), 1],
    ])
  })

  it('gives a tick its newest fate', () => {
    const ranges = mergeTicks(mergeTicks([], [fateOf(hour(1)), fateOf(hour(2)), fateOf(hour(3))]), [
      fateOf(hour(2), { fate: 'Backfilled', reason: null, run: 'x' }),
    ])
    expect(ranges.map(({ fate, from, count }) => [fate, from, count])).toEqual([
      ['Missed', hour(1), 1],
      ['Backfilled', hour(2), 1],
      ['Missed', hour(3), 1],
    ])
  })

  it('is the same for the same fates, in any order, in any parts, however often', () => {
    const fate = fc
      .record({ minute: fc.integer({ min: 0, max: 60 }), schedule: fc.constantFrom('a', 'b') })
      // The fate is a function of the tick: a tick has but one.
      .map(({ minute, schedule }) =>
        fateOf(formatTick(minute * 60_000), { schedule, fate: minute % 7 < 4 ? 'Missed' : 'Skipped', reason: `${Math.floor(minute / 20)}` }),
      )
    fc.assert(
      fc.property(fc.array(fate), fc.infiniteStream(fc.nat()), fc.nat(), (fates, order, cut) => {
        const wantRanges = mergeTicks([], fates)
        const shuffled = fates
          .map((one) => ({ one, key: order.next().value as number }))
          .sort((left, right) => left.key - right.key)
          .map(({ one }) => one)
        const parts = [shuffled.slice(0, cut % (fates.length + 1)), shuffled.slice(cut % (fates.length + 1)), fates]
        expect(parts.reduce((ranges, part) => mergeTicks(parseTicks(encodeTicks('w', ranges)), part), mergeTicks([], []))).toEqual(wantRanges)
        expect(wantRanges.reduce((sum, range) => sum + range.count, 0)).toBe(new Set(fates.map(({ schedule, at }) => `${schedule} ${at}`)).size)
      }),
    )
  })

  it('refuses a file with a number of ticks that nobody can unfold', () => {
    const range = { fate: 'Missed', reason: null, run: null, from: hour(1), to: '2026-11-21T01:00:00Z', count: 1441 } as const
    const ranges = Array.from({ length: 100 }, (_, index) => ({ ...range, schedule: `${index}` }))
    expect(() => parseTicks(encodeTicks('w', ranges))).toThrow('ranges: 144100 ticks, at most 100000 are allowed')
  })
})

import type { CronTicks } from '../../../src/triggers/cron.ts'
import { createCronTicks } from '../../../src/triggers/cron.ts'
import { ticksByWatching, watchClock } from './cron-oracle.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** The days, at midnight in UTC, on which a zone's clock is changed, found by looking at it once a day. */
export function changeDays(timeZone: string, firstYear: number, lastYear: number): number[] {
  const format = new Intl.DateTimeFormat('en-CA', { timeZone, hourCycle: 'h23', dateStyle: 'short', timeStyle: 'short' })
  const offsetAt = (atMs: number): number => {
    const [year = 0, month = 1, day = 1, hour = 0, minute = 0] = (format.format(atMs).match(/\d+/g) ?? []).map(Number)
    return Date.UTC(year, month - 1, day, hour, minute) - atMs
  }
  const days: number[] = []
  let before = offsetAt(Date.UTC(firstYear, 0, 1))
  for (let dayMs = Date.UTC(firstYear, 0, 1); dayMs < Date.UTC(lastYear + 1, 0, 1); dayMs += DAY_MS) {
    const after = offsetAt(dayMs + DAY_MS)
    if (after !== before) days.push(dayMs)
    before = after
  }
  return days
}

/** Those of these zones, of all without them, that change their clock in these years. */
export function changingZones(
  firstYear: number,
  lastYear: number,
  zones: readonly string[] = Intl.supportedValuesOf('timeZone'),
): { timeZone: string; days: number[] }[] {
  return zones.map((timeZone) => ({ timeZone, days: changeDays(timeZone, firstYear, lastYear) })).filter(({ days }) => days.length > 0)
}

/** Expressions of every kind of hour field, with minutes and days that fall into and around changes. */
export function expressionOf(draw: (below: number) => number): string {
  const number = (lowest: number, highest: number): number => lowest + draw(highest - lowest + 1)
  const field = (lowest: number, highest: number, starWeight: number): string => {
    if (draw(10) < starWeight) return draw(3) === 0 ? `*/${number(2, 6)}` : '*'
    const [one, other] = [number(lowest, highest), number(lowest, highest)]
    const kinds = [
      `${one}`,
      `${one},${other}`,
      `${Math.min(one, other)}-${Math.max(one, other)}`,
      `${Math.min(one, other)}-${highest}/${number(1, 7)}`,
    ]
    return kinds[draw(kinds.length)] ?? '*'
  }
  return [field(0, 59, 3), draw(2) === 0 ? field(0, 4, 2) : field(0, 23, 4), field(1, 31, 8), field(1, 12, 9), field(0, 6, 7)].join(' ')
}

/** Where the ticks of a window of three days around a change differ from the oracle's; null when they do not. */
export function disagreement(cron: string, timeZone: string, dayMs: number, ticksOf = listTicks): string | null {
  return disagreements([cron], timeZone, dayMs, ticksOf)[0] ?? null
}

/** The same for several expressions, of which the clock is watched but once. */
export function disagreements(crons: readonly string[], timeZone: string, dayMs: number, ticksOf = listTicks): string[] {
  const [fromMs, toMs] = [dayMs - 12 * HOUR_MS, dayMs + 36 * HOUR_MS]
  const glances = watchClock(timeZone, fromMs, toMs)
  const text = (list: readonly number[]): string => list.map((ms) => new Date(ms).toISOString().slice(5, 16)).join(' ')
  return crons.flatMap((cron) => {
    const want = text(ticksByWatching(cron, glances))
    const found = text(ticksOf(cron, timeZone, fromMs, toMs))
    return found === want ? [] : [`"${cron}" in ${timeZone} around ${new Date(dayMs).toISOString().slice(0, 10)}: want ${want}, found ${found}`]
  })
}

function listTicks(cron: string, timeZone: string, fromMs: number, toMs: number): number[] {
  const ticks: CronTicks = createCronTicks({ cron, timeZone, seed: '' })
  const found: number[] = []
  for (let tickMs = ticks.next(fromMs); tickMs !== null && tickMs <= toMs; tickMs = ticks.next(tickMs)) found.push(tickMs)
  return found
}

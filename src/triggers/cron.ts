import { hash } from 'node:crypto'
import type { CronFields } from '../definitions/parse-cron.ts'
import { isHashed, parseCron } from '../definitions/parse-cron.ts'
import type { OffsetPeriod, TimeZone } from './time-zone.ts'
import { createTimeZone } from './time-zone.ts'
import { countWallTimes, lastWallTime, nextWallTime } from './wall-clock.ts'

/** The ticks of one cron expression in one time zone. All times are milliseconds since the epoch; every answer costs microseconds, however long the range. */
export interface CronTicks {
  /** Digest of the expression and the zone as written: with another form a schedule starts anew. */
  readonly form: string
  /** First tick after this time; null when none ever comes (the 31st of February). */
  next(afterMs: number): number | null
  /** Newest tick of a range; null when it has none. */
  newest(afterMs: number, upToMs: number): number | null
  /** Number of ticks of a range. */
  count(afterMs: number, upToMs: number): number
}

/** What decides the ticks of a schedule. `seed` names it: only `H` depends on it. */
export interface CronSpec {
  cron: string
  timeZone: string
  seed: string
}

/** Ticks by what decides them, so that an expression is read and a zone's clock changes are found once. Hold one per controller or repository. */
export interface CronCache {
  /** Throws CronSyntaxError, TimeZoneError. */
  ticks(spec: CronSpec): CronTicks
}

/** The longest that a day of the calendar keeps one waiting: a weekday's 29th of February around 2100, with a year to spare. */
const LONGEST_GAP_MS = 41 * 366 * 86_400_000

/** An empty cache; the oldest entry goes when there are more than `maxEntries`. */
export function createCronCache(maxEntries = 20_000): CronCache {
  const entries = new Map<string, CronTicks>()
  const zones = new Map<string, TimeZone>()
  const zoneOf = (name: string): TimeZone => {
    const zone = zones.get(name) ?? createTimeZone(name)
    zones.set(name, zone)
    return zone
  }
  return {
    ticks(spec) {
      const key = `${spec.timeZone}\n${isHashed(spec.cron) ? spec.seed : ''}\n${spec.cron}`
      const known = entries.get(key)
      if (known !== undefined) return known
      const ticks = createTicks(spec, zoneOf(spec.timeZone))
      entries.set(key, ticks)
      for (const oldest of entries.keys()) {
        if (entries.size <= maxEntries) break
        entries.delete(oldest)
      }
      return ticks
    },
  }
}

/** The ticks of one expression. Throws CronSyntaxError, TimeZoneError. */
export function createCronTicks(spec: CronSpec): CronTicks {
  return createTicks(spec, createTimeZone(spec.timeZone))
}

/*
 * Clock changes. A zone is a row of periods, each with one offset; a period owns the wall times that belong to it, and a wall time is
 * an instant by the period's offset. All rules come down to which wall times a period owns:
 * - The hour field starts with `*`: those that its clocks show. One that is shown twice is owned twice, one that is never shown by none.
 * - Otherwise: those from where the period before has stopped. Set back, it does not own what was shown already: the first pass counts.
 *   Set forward, it owns the gap too, and what lies in the gap is moved to the period's start, the gap's end.
 */
function firstOwned(fields: CronFields, period: OffsetPeriod): number {
  return period.startMs + (fields.everyHour ? period.offsetMs : period.offsetBeforeMs)
}

function instantOf(wallMs: number, period: OffsetPeriod): number {
  return Math.max(wallMs - period.offsetMs, period.startMs)
}

function createTicks({ cron, timeZone, seed }: CronSpec, zone: TimeZone): CronTicks {
  const fields = parseCron(cron, seed)
  const isNever = nextWallTime(fields, 0, LONGEST_GAP_MS) === null
  let known: { afterMs: number; tickMs: number } | null = null
  return {
    form: hash('sha256', JSON.stringify([cron, timeZone]), 'hex').slice(0, 16),
    next(afterMs) {
      if (isNever) return null
      if (known !== null && known.afterMs <= afterMs && afterMs < known.tickMs) return known.tickMs
      const tickMs = findNext(fields, zone, afterMs)
      known = { afterMs, tickMs }
      return tickMs
    },
    newest: (afterMs, upToMs) => findNewest(fields, zone, afterMs, upToMs),
    count: (afterMs, upToMs) => countTicks(fields, zone, afterMs, upToMs),
  }
}

function findNext(fields: CronFields, zone: TimeZone, afterMs: number): number {
  for (let period = zone.periodAt(afterMs); ; period = zone.periodAt(period.endMs)) {
    const beforeOwned = firstOwned(fields, period) - 1
    const searchedAfter = afterMs < period.startMs ? beforeOwned : Math.max(beforeOwned, afterMs + period.offsetMs)
    const wallMs = nextWallTime(fields, searchedAfter, period.endMs + period.offsetMs)
    if (wallMs !== null) return instantOf(wallMs, period)
  }
}

function findNewest(fields: CronFields, zone: TimeZone, afterMs: number, upToMs: number): number | null {
  let lastMs = upToMs
  while (lastMs > afterMs) {
    const period = zone.periodAt(lastMs)
    const wallMs = lastWallTime(fields, firstOwned(fields, period), lastMs + period.offsetMs)
    if (wallMs !== null) {
      const tickMs = instantOf(wallMs, period)
      return tickMs > afterMs ? tickMs : null
    }
    lastMs = period.startMs - 1
  }
  return null
}

function countTicks(fields: CronFields, zone: TimeZone, afterMs: number, upToMs: number): number {
  let count = 0
  let doneUpTo = afterMs
  while (doneUpTo < upToMs) {
    const period = zone.periodAt(doneUpTo + 1)
    const lastMs = Math.min(upToMs, period.endMs - 1)
    const firstWall = firstOwned(fields, period)
    const startWall = period.startMs + period.offsetMs
    if (doneUpTo < period.startMs && firstWall < startWall) {
      // All of the gap and its end are one tick.
      if (nextWallTime(fields, firstWall - 1, startWall + 1) !== null) count++
      count += countWallTimes(fields, startWall, lastMs + period.offsetMs)
    } else {
      count += countWallTimes(fields, Math.max(firstWall - 1, doneUpTo + period.offsetMs), lastMs + period.offsetMs)
    }
    doneUpTo = lastMs
  }
  return count
}

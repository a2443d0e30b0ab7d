import type { CronFields } from '../definitions/parse-cron.ts'

/*
 * Cron arithmetic on a clock that never changes its offset. A wall time is what such a clock shows, in milliseconds as if it were UTC.
 * What a zone makes of it is the business of cron.ts.
 */

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
const MINUTES_A_DAY = 1440

/** First wall time of the expression after `afterMs` and before `endMs`; null when there is none. */
export function nextWallTime(fields: CronFields, afterMs: number, endMs: number): number | null {
  const firstDay = Math.floor(afterMs / DAY_MS)
  for (let day = firstDay; day * DAY_MS < endMs; day++) {
    if (!isDay(fields, day)) continue
    const minute = minuteAfter(fields, day === firstDay ? minuteOfDay(afterMs) : -1)
    if (minute === null) continue
    const wallMs = day * DAY_MS + minute * MINUTE_MS
    return wallMs < endMs ? wallMs : null
  }
  return null
}

/** Last wall time of the expression from `startMs` up to and including `upToMs`; null when there is none. */
export function lastWallTime(fields: CronFields, startMs: number, upToMs: number): number | null {
  const lastDay = Math.floor(upToMs / DAY_MS)
  for (let day = lastDay; (day + 1) * DAY_MS > startMs; day--) {
    if (!isDay(fields, day)) continue
    const minute = minuteUpTo(fields, day === lastDay ? minuteOfDay(upToMs) : MINUTES_A_DAY)
    if (minute === null) continue
    const wallMs = day * DAY_MS + minute * MINUTE_MS
    return wallMs >= startMs ? wallMs : null
  }
  return null
}

/** Number of wall times of the expression after `afterMs` up to and including `upToMs`. Walks days, never minutes. */
export function countWallTimes(fields: CronFields, afterMs: number, upToMs: number): number {
  if (upToMs <= afterMs) return 0
  const firstDay = Math.floor(afterMs / DAY_MS)
  const lastDay = Math.floor(upToMs / DAY_MS)
  const wholeDays = countDays(fields, firstDay, lastDay) * fields.hours.length * fields.minutes.length
  return wholeDays + countOnDay(fields, lastDay, upToMs) - countOnDay(fields, firstDay, afterMs)
}

function isDay(fields: CronFields, day: number): boolean {
  const date = new Date(day * DAY_MS)
  if (!fields.months.includes(date.getUTCMonth() + 1)) return false
  const isDayOfMonth = fields.daysOfMonth.includes(date.getUTCDate())
  const isDayOfWeek = fields.daysOfWeek.includes(date.getUTCDay())
  return fields.dayRule === 'Both' ? isDayOfMonth && isDayOfWeek : isDayOfMonth || isDayOfWeek
}

function isEveryDay(fields: CronFields): boolean {
  return fields.months.length === 12 && fields.daysOfMonth.length === 31 && fields.daysOfWeek.length === 7
}

/** Days of the expression from `firstDay` up to, not including, `endDay`. */
function countDays(fields: CronFields, firstDay: number, endDay: number): number {
  if (isEveryDay(fields)) return endDay - firstDay
  let count = 0
  for (let day = firstDay; day < endDay; day++) if (isDay(fields, day)) count++
  return count
}

/** Wall times of the expression on that day up to and including `upToMs`, which lies on it. */
function countOnDay(fields: CronFields, day: number, upToMs: number): number {
  if (!isDay(fields, day)) return 0
  const upTo = minuteOfDay(upToMs)
  const hour = Math.floor(upTo / 60)
  const earlierHours = fields.hours.filter((one) => one < hour).length
  const inThisHour = fields.hours.includes(hour) ? fields.minutes.filter((one) => one <= upTo % 60).length : 0
  return earlierHours * fields.minutes.length + inThisHour
}

function minuteOfDay(wallMs: number): number {
  return Math.floor((wallMs - Math.floor(wallMs / DAY_MS) * DAY_MS) / MINUTE_MS)
}

function minuteAfter(fields: CronFields, after: number): number | null {
  for (const hour of fields.hours) {
    if (hour * 60 + 59 <= after) continue
    const minute = fields.minutes.find((one) => hour * 60 + one > after)
    if (minute !== undefined) return hour * 60 + minute
  }
  return null
}

function minuteUpTo(fields: CronFields, upTo: number): number | null {
  for (const hour of fields.hours.toReversed()) {
    if (hour * 60 > upTo) continue
    const minute = fields.minutes.findLast((one) => hour * 60 + one <= upTo)
    if (minute !== undefined) return hour * 60 + minute
  }
  return null
}

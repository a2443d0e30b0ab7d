/*
 * Slow and simple: looks at a zone's clock minute by minute and applies the rules of clock changes word for word. Shares no code with src.
 */

const MINUTE_MS = 60_000
const LIMITS: readonly (readonly [number, number])[] = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 6],
]

/** What the clock shows at an instant, as if it were UTC; so that a clock that is not changed moves by a minute each minute. */
export interface Glance {
  atMs: number
  shownMs: number
}

/** The clock of a zone, each minute of a range. */
export function watchClock(timeZone: string, fromMs: number, toMs: number): Glance[] {
  const format = new Intl.DateTimeFormat('en-CA', { timeZone, hourCycle: 'h23', dateStyle: 'short', timeStyle: 'short' })
  const glances: Glance[] = []
  for (let atMs = fromMs; atMs <= toMs; atMs += MINUTE_MS) {
    const [year = 0, month = 1, day = 1, hour = 0, minute = 0] = (format.format(atMs).match(/\d+/g) ?? []).map(Number)
    glances.push({ atMs, shownMs: Date.UTC(year, month - 1, day, hour, minute) })
  }
  return glances
}

/** The ticks of plain cron (numbers, `*`, ranges, lists, steps) while the clock was watched, the first minute left out. */
export function ticksByWatching(cron: string, glances: readonly Glance[]): number[] {
  const fields = cron.split(' ')
  const sets = fields.map((field, index) => expand(field, LIMITS[index] ?? [0, 0]))
  const matches = (shownMs: number): boolean => {
    const date = new Date(shownMs)
    const [minute, hour, dayOfMonth, month, dayOfWeek] = sets
    const isDayOfMonth = dayOfMonth?.has(date.getUTCDate()) === true
    const isDayOfWeek = dayOfWeek?.has(date.getUTCDay()) === true
    const isStarred = fields[2]?.startsWith('*') === true || fields[4]?.startsWith('*') === true
    const isDay = isStarred ? isDayOfMonth && isDayOfWeek : isDayOfMonth || isDayOfWeek
    return (
      isDay && minute?.has(date.getUTCMinutes()) === true && hour?.has(date.getUTCHours()) === true && month?.has(date.getUTCMonth() + 1) === true
    )
  }
  const everyHour = fields[1]?.startsWith('*') === true
  const ticks: number[] = []
  let latestShown = glances[0]?.shownMs ?? 0
  for (const { atMs, shownMs } of glances.slice(1)) {
    if (everyHour) {
      if (matches(shownMs)) ticks.push(atMs)
      continue
    }
    let isTick = false
    for (; latestShown < shownMs; latestShown += MINUTE_MS) isTick ||= matches(latestShown + MINUTE_MS)
    if (isTick) ticks.push(atMs)
  }
  return ticks
}

function expand(field: string, [lowest, highest]: readonly [number, number]): Set<number> {
  const values = new Set<number>()
  for (const part of field.split(',')) {
    const [range = '', step = '1'] = part.split('/')
    const [from, to] = range === '*' ? [lowest, highest] : range.split('-').map(Number)
    for (let value = from ?? 0; value <= (to ?? from ?? 0); value += Number(step)) values.add(value)
  }
  return values
}

/** A stretch of time during which a zone's clocks keep one offset. Cut at the turn of UTC years too, so that a zone need not be known as a whole. */
export interface OffsetPeriod {
  startMs: number
  /** The next period starts here. */
  endMs: number
  /** Local time minus UTC. */
  offsetMs: number
  /** The offset just before `startMs`: greater when the clocks were set back at the start, less when they were set forward. */
  offsetBeforeMs: number
}

/** The clock changes of one time zone. Remembers the years that it was asked for. */
export interface TimeZone {
  /** The period that holds this time. */
  periodAt(ms: number): OffsetPeriod
}

/** There is no such time zone; the message says what to write. */
export class TimeZoneError extends Error {
  override name = 'TimeZoneError'
}

/** Samples this far apart miss no change: the shortest time that a zone has kept an offset since 1970 is a week, in Brazil's north in 2000. */
const SAMPLE_MS = 3 * 86_400_000
const SECOND_MS = 1000

/** The default zone, by its names. Finding out that its clocks never change would take 10 ms and a formatter. */
const ALWAYS_UTC: ReadonlySet<string> = new Set(['Etc/UTC', 'UTC'])
const UTC: TimeZone = {
  periodAt(ms) {
    const year = new Date(ms).getUTCFullYear()
    if (Number.isNaN(year)) throw new RangeError(`no time: ${ms}`)
    return { startMs: Date.UTC(year, 0), endMs: Date.UTC(year + 1, 0), offsetMs: 0, offsetBeforeMs: 0 }
  },
}

/** The zone of an IANA name, in the data that this Node carries. Throws TimeZoneError. */
export function createTimeZone(name: string): TimeZone {
  if (ALWAYS_UTC.has(name)) return UTC
  const offsetAt = createOffsetReader(name)
  const years = new Map<number, OffsetPeriod[]>()
  return {
    periodAt(ms) {
      const year = new Date(ms).getUTCFullYear()
      let periods = years.get(year)
      if (periods === undefined) {
        periods = findPeriods(offsetAt, Date.UTC(year, 0), Date.UTC(year + 1, 0))
        years.set(year, periods)
      }
      const period = periods.find(({ endMs }) => ms < endMs)
      if (period === undefined) throw new RangeError(`no time: ${ms}`)
      return period
    },
  }
}

function createOffsetReader(name: string): (ms: number) => number {
  const format = createFormat(name)
  return (ms) => {
    const parts: Record<string, number> = {}
    for (const { type, value } of format.formatToParts(ms)) parts[type] = Number(value)
    const { year = NaN, month = NaN, day = NaN, hour = NaN, minute = NaN, second = NaN } = parts
    return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(ms / SECOND_MS) * SECOND_MS
  }
}

function createFormat(name: string): Intl.DateTimeFormat {
  const numeric = 'numeric'
  try {
    if (!/^[A-Za-z]/.test(name)) throw new RangeError('an offset is no zone')
    return new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: numeric,
      month: numeric,
      day: numeric,
      hour: numeric,
      minute: numeric,
      second: numeric,
    })
  } catch (error) {
    throw new TimeZoneError(`there is no time zone "${name}": write an IANA name, such as Europe/Helsinki or Etc/UTC`, { cause: error })
  }
}

function findPeriods(offsetAt: (ms: number) => number, fromMs: number, toMs: number): OffsetPeriod[] {
  const periods: OffsetPeriod[] = []
  let startMs = fromMs
  let offsetMs = offsetAt(fromMs)
  let offsetBeforeMs = offsetAt(fromMs - SECOND_MS)
  for (let sampleMs = fromMs; sampleMs < toMs; sampleMs += SAMPLE_MS) {
    const lastMs = Math.min(sampleMs + SAMPLE_MS, toMs - SECOND_MS)
    while (offsetAt(lastMs) !== offsetMs) {
      const changeMs = findChange(offsetAt, Math.max(sampleMs, startMs), lastMs)
      periods.push({ startMs, endMs: changeMs, offsetMs, offsetBeforeMs })
      offsetBeforeMs = offsetMs
      startMs = changeMs
      offsetMs = offsetAt(changeMs)
    }
  }
  return [...periods, { startMs, endMs: toMs, offsetMs, offsetBeforeMs }]
}

/** The second at which the offset of `fromMs` ends; at `toMs` it is another. */
function findChange(offsetAt: (ms: number) => number, fromMs: number, toMs: number): number {
  const offsetMs = offsetAt(fromMs)
  let same = fromMs
  let other = toMs
  while (other - same > SECOND_MS) {
    const middle = same + Math.floor((other - same) / 2 / SECOND_MS) * SECOND_MS
    if (offsetAt(middle) === offsetMs) same = middle
    else other = middle
  }
  return other
}

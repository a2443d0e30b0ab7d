import { formatTick, parseTimestamp, type Timestamp } from '../clock.ts'
import { API_VERSION } from '../runs/objects.ts'
import type { TickFate } from '../runs/run.ts'
import * as shape from './shape.ts'

/** A fate worth a line: anything but a tick that simply fired. */
export type OddFate = Exclude<TickFate['fate'], 'Fired'>

/**
 * Ticks of one schedule with the same fate, from the first to the last. Those that are added one by one fold to a range only
 * where they are evenly spaced: `from`, `to` and `count` then tell each of them, and what is delivered twice is found again.
 */
export interface TickRange {
  schedule: string
  fate: OddFate
  reason: string | null
  run: string | null
  from: Timestamp
  to: Timestamp
  count: number
}

/** The file `ticks.json`: ticks of one workflow on one UTC day that did not simply fire, by time. */
export interface TicksFile {
  apiVersion: typeof API_VERSION
  kind: 'Ticks'
  workflow: string
  ranges: TickRange[]
}

/** Minutes of a day, both midnights included: a range of more is kept as it came. */
const MOST_UNFOLDED = 1441

/** Enough for dozens of schedules that tick every minute; a file with more was not written here. */
const MOST_TICKS = 100_000

/** A tick, or a range that cannot be told tick by tick. */
interface Tick extends Omit<TickRange, 'from' | 'to' | 'count'> {
  atMs: number
  whole: { toMs: number; count: number } | null
}

/** Whether a fate belongs into `ticks.json`. */
export function isOdd(fate: TickFate): fate is TickFate & { fate: OddFate } {
  return fate.fate !== 'Fired'
}

/** The ranges with these fates added: depends on the set of fates only, whatever came first and however often. A tick that is there already takes the new fate. */
export function mergeTicks(ranges: readonly TickRange[], fates: readonly TickFate[]): TickRange[] {
  const ticks = new Map<string, Tick>()
  for (const tick of [...ranges, ...fates.filter(isOdd).map(rangeOf)].flatMap(unfold)) ticks.set(`${tick.atMs} ${tick.schedule}`, tick)
  return fold([...ticks.values()])
}

/** The bytes of `ticks.json`. */
export function encodeTicks(workflow: string, ranges: readonly TickRange[]): string {
  return `${JSON.stringify({ apiVersion: API_VERSION, kind: 'Ticks', workflow, ranges } satisfies { [K in keyof TicksFile]: unknown }, null, 2)}\n`
}

/** Reads `ticks.json`. Throws ShapeError. */
export function parseTicks(text: string): TickRange[] {
  return parseTicksFile(text).ranges
}

/** The same with the workflow. Throws ShapeError. */
export function parseTicksFile(text: string): TicksFile {
  const file = shape.parseJson(text, readTicks)
  const { ranges } = file
  const total = ranges.reduce((sum, range) => sum + (spacingMs(range) === null ? 1 : range.count), 0)
  if (total > MOST_TICKS) throw new shape.ShapeError(`ranges: ${total} ticks, at most ${MOST_TICKS} are allowed`)
  return file
}

/** Each tick of the ranges with its fate; of a range that cannot be told tick by tick, the first. */
export function unfoldRanges(ranges: readonly TickRange[]): (Omit<TickRange, 'from' | 'to' | 'count'> & { at: Timestamp })[] {
  return ranges.flatMap(unfold).map(({ schedule, atMs, fate, reason, run }) => ({ schedule, at: formatTick(atMs), fate, reason, run }))
}

/** Reads the fate of an odd tick. */
export const readOddFate: shape.Reader<OddFate> = shape.oneOf('Late', 'Skipped', 'Missed', 'Backfilled', 'Lost')

const readTicks = shape.object<TicksFile>({
  apiVersion: shape.oneOf(API_VERSION),
  kind: shape.oneOf('Ticks'),
  workflow: shape.text,
  ranges: shape.list(
    shape.object<TickRange>({
      schedule: shape.text,
      fate: readOddFate,
      reason: shape.nullable(shape.text),
      run: shape.nullable(shape.text),
      from: shape.timestamp,
      to: shape.timestamp,
      count: shape.count,
    }),
  ),
})

function rangeOf({ schedule, fate, reason, run, at, until, count }: TickFate & { fate: OddFate }): TickRange {
  return { schedule, fate, reason, run, from: at, to: until ?? at, count: count ?? 1 }
}

function unfold(range: TickRange): Tick[] {
  const { from, to, count, ...tick } = range
  const [fromMs, toMs] = [parseTimestamp(from), parseTimestamp(to)]
  const spaceMs = spacingMs(range)
  if (spaceMs === null) return [{ ...tick, atMs: fromMs, whole: { toMs, count } }]
  return Array.from({ length: count }, (_, index) => ({ ...tick, atMs: fromMs + index * spaceMs, whole: null }))
}

/** Between two ticks of a range; null when they cannot be told apart: too many, or not evenly spaced for sure. */
function spacingMs({ from, to, count }: TickRange): number | null {
  if (count < 2) return 0
  const spaceMs = (parseTimestamp(to) - parseTimestamp(from)) / (count - 1)
  return count <= MOST_UNFOLDED && spaceMs > 0 && spaceMs % 1000 === 0 ? spaceMs : null
}

function fold(ticks: readonly Tick[]): TickRange[] {
  const bySchedule = ticks.toSorted((left, right) => compare(left.schedule, right.schedule) || left.atMs - right.atMs)
  const ranges: { first: Tick; lastMs: number; spaceMs: number; count: number }[] = []
  for (const tick of bySchedule) {
    if (tick.whole !== null) {
      ranges.push({ first: tick, lastMs: tick.whole.toMs, spaceMs: 0, count: tick.whole.count })
      continue
    }
    const last = ranges.at(-1)
    const open = last?.first.whole === null ? last : undefined
    const spaceMs = open === undefined ? 0 : tick.atMs - open.lastMs
    if (open !== undefined && isAlike(open.first, tick) && (open.count === 1 || open.spaceMs === spaceMs)) {
      Object.assign(open, { lastMs: tick.atMs, spaceMs, count: open.count + 1 })
    } else {
      ranges.push({ first: tick, lastMs: tick.atMs, spaceMs: 0, count: 1 })
    }
  }
  return ranges
    .toSorted((left, right) => left.first.atMs - right.first.atMs || compare(left.first.schedule, right.first.schedule))
    .map(({ first: { schedule, fate, reason, run, atMs }, lastMs, count }) => {
      return { schedule, fate, reason, run, from: formatTick(atMs), to: formatTick(lastMs), count }
    })
}

function isAlike(left: Tick, right: Tick): boolean {
  return left.schedule === right.schedule && left.fate === right.fate && left.reason === right.reason && left.run === right.run
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}

import { formatTick, parseTimestamp, type Timestamp } from '../clock.ts'
import { API_VERSION } from '../runs/objects.ts'
import type { TickFate } from '../runs/run.ts'
import * as shape from './shape.ts'

/** A fate worth a line: anything but a tick that simply fired. */
export type OddFate = Exclude<TickFate['fate'], 'Fired'>

/**
 * Ticks of one schedule with the same fate, evenly spaced: `from`, `to` and `count` tell each of them. So nothing is lost
 * by folding, and what is delivered twice is found again.
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

/** More than a day has minutes, for a few schedules at the same time; a file with more was not written here. */
const MOST_TICKS = 100_000

interface Tick extends Omit<TickRange, 'from' | 'to' | 'count'> {
  atMs: number
}

/** Whether a fate belongs into `ticks.json`. */
export function isOdd(fate: TickFate): fate is TickFate & { fate: OddFate } {
  return fate.fate !== 'Fired'
}

/** The ranges with these fates added: depends on the set of fates only, whatever came first and however often. A tick that is there already takes the new fate. */
export function mergeTicks(ranges: readonly TickRange[], fates: readonly TickFate[]): TickRange[] {
  const ticks = new Map<string, Tick>()
  for (const tick of [...ranges.flatMap(unfold), ...fates.filter(isOdd).map(tickOf)]) ticks.set(`${tick.atMs} ${tick.schedule}`, tick)
  return fold([...ticks.values()])
}

/** The bytes of `ticks.json`. */
export function encodeTicks(workflow: string, ranges: readonly TickRange[]): string {
  return `${JSON.stringify({ apiVersion: API_VERSION, kind: 'Ticks', workflow, ranges } satisfies { [K in keyof TicksFile]: unknown }, null, 2)}\n`
}

/** Reads `ticks.json`. Throws ShapeError. */
export function parseTicks(text: string): TickRange[] {
  const { ranges } = shape.parseJson(text, readTicks)
  const total = ranges.reduce((sum, range) => sum + range.count, 0)
  if (total > MOST_TICKS) throw new shape.ShapeError(`ranges: ${total} ticks, at most ${MOST_TICKS} are allowed`)
  return ranges
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

function tickOf(fate: TickFate & { fate: OddFate }): Tick {
  return { schedule: fate.schedule, fate: fate.fate, reason: fate.reason, run: fate.run, atMs: parseTimestamp(fate.at) }
}

function unfold({ from, to, count, ...tick }: TickRange): Tick[] {
  const fromMs = parseTimestamp(from)
  const spaceMs = count < 2 ? 0 : (parseTimestamp(to) - fromMs) / (count - 1)
  return Array.from({ length: count }, (_, index) => ({ ...tick, atMs: fromMs + index * spaceMs }))
}

function fold(ticks: readonly Tick[]): TickRange[] {
  const bySchedule = ticks.toSorted((left, right) => compare(left.schedule, right.schedule) || left.atMs - right.atMs)
  const ranges: { first: Tick; lastMs: number; spaceMs: number; count: number }[] = []
  for (const tick of bySchedule) {
    const open = ranges.at(-1)
    const spaceMs = open === undefined ? 0 : tick.atMs - open.lastMs
    if (open !== undefined && isAlike(open.first, tick) && (open.count === 1 || open.spaceMs === spaceMs)) {
      Object.assign(open, { lastMs: tick.atMs, spaceMs, count: open.count + 1 })
    } else {
      ranges.push({ first: tick, lastMs: tick.atMs, spaceMs: 0, count: 1 })
    }
  }
  return ranges
    .toSorted((left, right) => left.first.atMs - right.first.atMs || compare(left.first.schedule, right.first.schedule))
    .map(({ first: { atMs, ...tick }, lastMs, count }) => ({ ...tick, from: formatTick(atMs), to: formatTick(lastMs), count }))
}

function isAlike(left: Tick, right: Tick): boolean {
  return left.schedule === right.schedule && left.fate === right.fate && left.reason === right.reason && left.run === right.run
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}

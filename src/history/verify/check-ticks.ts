import { dayOfTimestamp, ticksPath } from '../paths.ts'
import { ShapeError } from '../shape.ts'
import { encodeTicks, mergeTicks, parseTicksFile, type TickRange, type TicksFile, unfoldRanges } from '../ticks.ts'
import type { TickedDay } from './check-state.ts'
import { type Complain, type KnownChange, type Ledger, readText } from './ledger.ts'

/** Fates that may follow another: all others are for good. */
const LATER_FATES = new Set(['Late Lost', 'Missed Backfilled', 'Skipped Backfilled', 'Lost Backfilled', 'Late Backfilled'])

/** Checks that fates of ticks are only ever added, and stay as they were told. Returns the days whose ticks changed. */
export async function checkTicks(ledger: Ledger, changes: readonly KnownChange[], complain: Complain): Promise<TickedDay[]> {
  const days: TickedDay[] = []
  for (const { path, from, to, kind } of changes) {
    if (kind !== 'ticks') continue
    if (to === null) {
      complain('ticks-removed', path, 'the fates of the ticks of a day are removed')
      continue
    }
    const before = from === null ? null : tryTicks(await readText(ledger.log, from))
    const text = await readText(ledger.log, to)
    const after = tryTicks(text)
    if (typeof after === 'string') {
      complain('ticks-malformed', path, after)
      continue
    }
    const day = path.split('/').slice(2, 5).join('/')
    const isMisplaced = (at: string): boolean => ticksPath(after.workflow, dayOfTimestamp(at)) !== path
    if (isMisplaced(`${day.replaceAll('/', '-')}T00:00:00Z`)) complain('ticks-malformed', path, `the ticks in it are of ${after.workflow}`)
    else if (after.ranges.some(({ from }) => isMisplaced(from))) complain('ticks-malformed', path, 'it tells of ticks of another day')
    if (encodeTicks(after.workflow, mergeTicks(after.ranges, [])) !== text)
      complain('ticks-malformed', path, 'it is not laid out as Fusee does it: a tick may stand there twice')
    days.push({ workflow: after.workflow, day, ranges: after.ranges })
    if (before === null || typeof before === 'string') continue
    const now = fatesOf(after)
    for (const [tick, was] of fatesOf(before)) {
      const next = now.get(tick)
      if (next === undefined) complain('ticks-changed', path, `tick ${tick} was ${was.fate} and is not told any more`)
      else if (next.fate !== was.fate) {
        if (!LATER_FATES.has(`${was.fate} ${next.fate}`)) complain('ticks-changed', path, `tick ${tick} was ${was.fate} and becomes ${next.fate}`)
      } else
        for (const field of ['reason', 'run'] as const)
          if (next[field] !== was[field])
            complain(
              'ticks-changed',
              path,
              `tick ${tick} is ${was.fate} as before, its ${field} was ${told(was[field])} and becomes ${told(next[field])}`,
            )
    }
  }
  return days
}

type Told = Pick<TickRange, 'fate' | 'reason' | 'run'>

function fatesOf({ ranges }: TicksFile): Map<string, Told> {
  return new Map(unfoldRanges(ranges).map(({ schedule, at, ...told }) => [`${at} of ${schedule}`, told]))
}

function told(text: string | null): string {
  return text === null ? 'none' : JSON.stringify(text)
}

function tryTicks(text: string): TicksFile | string {
  try {
    return parseTicksFile(text)
  } catch (error) {
    if (error instanceof ShapeError) return error.message
    throw error
  }
}

import { formatTick, parseTimestamp } from '../clock.ts'
import type { Backfill, TickFate } from '../runs/run.ts'
import type { CronTicks } from './cron.ts'
import type { RunRequest } from './run-request.ts'

/** Most ticks of one backfill. */
export const MOST_TICKS = 1000

/** What a tick has already. `Ran`: its own run. `Backfilled`: the run of a backfill, perhaps of this one before a crash. */
export type TickRun = { kind: 'Ran' } | { kind: 'Backfilled'; run: string } | null

/** Whether a backfill has yet to deal with a tick. */
export function isOpen({ from, to, doneUpTo }: Pick<Backfill, 'from' | 'to' | 'doneUpTo'>, tickMs: number): boolean {
  return tickMs > parseTimestamp(doneUpTo) && tickMs >= parseTimestamp(from) && tickMs <= parseTimestamp(to)
}

/** The ticks that a backfill has yet to deal with, ascending, at most `limit`. */
export function openTicks(ticks: CronTicks, { doneUpTo, to }: Pick<Backfill, 'doneUpTo' | 'to'>, limit: number): number[] {
  const found: number[] = []
  const lastMs = parseTimestamp(to)
  for (let tickMs = ticks.next(parseTimestamp(doneUpTo)); tickMs !== null && tickMs <= lastMs && found.length < limit; tickMs = ticks.next(tickMs))
    found.push(tickMs)
  return found
}

/** What is to be done about some ticks: create the Runs of `requests`, then write `doneUpTo` and `fates`. */
export interface BackfillPlan {
  requests: RunRequest[]
  fates: TickFate[]
  /** Null when nothing was dealt with. */
  doneUpTo: string | null
}

/** Goes on with a backfill in order, as far as `free` new runs reach. A tick that ran needs nothing; one that did not gets the fate Backfilled. */
export function planBackfill(input: {
  backfill: Backfill
  target: { workflow: string; commit: string; params: Record<string, unknown> }
  ticks: readonly { tickMs: number; run: TickRun }[]
  free: number
  nameRun: (request: RunRequest) => string
  /** Whether a request has to wait for others of its workflow: so do those after it. */
  mustWait: (request: RunRequest) => boolean
}): BackfillPlan {
  const { backfill, target, nameRun, mustWait } = input
  const plan: BackfillPlan = { requests: [], fates: [], doneUpTo: null }
  for (const { tickMs, run } of input.ticks) {
    const tick = formatTick(tickMs)
    const fate = (name: string): TickFate => ({
      schedule: backfill.schedule,
      workflow: target.workflow,
      at: tick,
      fate: 'Backfilled',
      reason: `by ${backfill.by}${backfill.reason === '' ? '' : `: ${backfill.reason}`}`,
      run: name,
    })
    if (run === null) {
      if (plan.requests.length >= input.free) break
      const { by, reason } = backfill
      const trigger = { kind: 'Backfill', schedule: backfill.schedule, tick, by, ...(reason === '' ? {} : { reason }) } as const
      const request: RunRequest = { ...target, trigger }
      if (mustWait(request)) break
      plan.requests.push(request)
      plan.fates.push(fate(nameRun(request)))
    } else if (run.kind === 'Backfilled') plan.fates.push(fate(run.run))
    plan.doneUpTo = tick
  }
  return plan
}

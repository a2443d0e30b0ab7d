import type { Schedule } from '../definitions/workflow.ts'
import type { CronTicks } from './cron.ts'
import type { SuspensionInForce } from './suspension.ts'
import { suspensionAt, suspensionReason } from './suspension.ts'

/** Up to this late a tick is Fired, and catching up is no question. */
const PROMPT_MS = 60_000

/** Most ticks that `catchUp: All` runs late. */
const MOST_LATE = 100

/** What the judgement of one schedule's ticks depends on. Times are milliseconds since the epoch. */
export interface Case {
  ticks: CronTicks
  /** Ticks up to this one are judged already. */
  judgedUpTo: number
  nowMs: number
  startingDeadlineSeconds: Schedule['startingDeadlineSeconds']
  catchUp: Schedule['catchUp']
  /** The widest first: its reason is the one that is given. */
  suspensions: readonly SuspensionInForce[]
  /** Why nothing can be run, such as a workflow without a valid version; null when it can. */
  obstacle: string | null
  /** Ticks that have a Run already, ascending: they keep the fate that their Run has. */
  started: readonly { tickMs: number }[]
}

/** Ticks after `afterMs` up to and including `upToMs` that are not run, those that have a Run left out. There may be none. */
export interface Stretch {
  afterMs: number
  upToMs: number
  fate: 'Skipped' | 'Missed'
  reason: string
}

/** What is to be done: ticks to run, and why the others are not; both ascending, and each tick without a Run is in exactly one of them. */
export interface Judgement {
  runs: { tickMs: number; fate: 'Fired' | 'Late' }[]
  stretches: Stretch[]
}

/**
 * Judges all ticks since the last judgement. Every rule but catching up asks only whether a tick lies before some moment, so ticks are
 * judged by stretches of time and not one by one; only those that run are looked up. The order: suspension, deadline, catching up.
 */
export function judgeTicks(given: Case): Judgement {
  const { nowMs, ticks } = given
  const stretches: Stretch[] = []
  let doneUpTo = given.judgedUpTo
  const dismiss = (upToMs: number, fate: Stretch['fate'], reason: string): void => {
    const end = Math.min(upToMs, nowMs)
    if (end <= doneUpTo) return
    stretches.push({ afterMs: doneUpTo, upToMs: end, fate, reason })
    doneUpTo = end
  }

  for (
    let ruling = suspensionAt(given.suspensions, doneUpTo + 1);
    ruling !== null && doneUpTo < nowMs;
    ruling = suspensionAt(given.suspensions, doneUpTo + 1)
  ) {
    dismiss((ruling.suspension.untilMs ?? Infinity) - 1, 'Skipped', suspensionReason(ruling))
  }
  if (given.startingDeadlineSeconds !== null) {
    const seconds = given.startingDeadlineSeconds
    dismiss(nowMs - seconds * 1000 - 1, 'Missed', `later than its startingDeadline of ${formatSeconds(seconds)}`)
  }
  if (given.obstacle !== null) dismiss(nowMs, 'Missed', given.obstacle)

  const promptAfter = Math.max(doneUpTo, nowMs - PROMPT_MS - 1)
  const startedMs = new Set(given.started.map(({ tickMs }) => tickMs))
  const late = lateTicks(given, doneUpTo, promptAfter, startedMs)
  for (const tickMs of late) {
    dismiss(tickMs - 1, 'Missed', catchUpReasons[given.catchUp])
    doneUpTo = tickMs
  }
  dismiss(promptAfter, 'Missed', catchUpReasons[given.catchUp])
  const prompt: number[] = []
  for (let tickMs = ticks.next(promptAfter); tickMs !== null && tickMs <= nowMs; tickMs = ticks.next(tickMs)) prompt.push(tickMs)
  const unstarted = (tickMs: number): boolean => !startedMs.has(tickMs)
  return {
    runs: [
      ...late.filter(unstarted).map((tickMs) => ({ tickMs, fate: 'Late' as const })),
      ...prompt.filter(unstarted).map((tickMs) => ({ tickMs, fate: 'Fired' as const })),
    ],
    stretches,
  }
}

const catchUpReasons: Readonly<Record<Schedule['catchUp'], string>> = {
  Latest: 'passed while nothing ran, and catchUp is Latest: only the newest tick runs late',
  All: `passed while nothing ran, and catchUp is All: only the newest ${MOST_LATE} ticks run late`,
  None: 'passed while nothing ran, and catchUp is None',
}

/** Ticks of a range over a minute ago that run all the same, ascending; what has a Run already is among them only where it takes the place of another. */
function lateTicks(given: Case, afterMs: number, upToMs: number, startedMs: ReadonlySet<number>): number[] {
  const { catchUp, nowMs, ticks } = given
  switch (catchUp) {
    case 'None':
      return []
    case 'Latest': {
      const newest = ticks.newest(afterMs, nowMs)
      return newest !== null && newest <= upToMs ? [newest] : []
    }
    case 'All': {
      const alreadyLate = given.started.filter(({ tickMs }) => tickMs > afterMs && tickMs <= upToMs).length
      const found: number[] = []
      let newest = ticks.newest(afterMs, upToMs)
      while (newest !== null && found.length < MOST_LATE - alreadyLate) {
        if (!startedMs.has(newest)) found.push(newest)
        newest = ticks.newest(afterMs, newest - 1)
      }
      return found.reverse()
    }
  }
}

/** A duration as people write it, as in `10m`. */
export function formatSeconds(seconds: number): string {
  const units: [string, number][] = [
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
  ]
  const [unit, size] = units.find(([, one]) => seconds > 0 && seconds % one === 0) ?? ['s', 1]
  return `${seconds / size}${unit}`
}

import { formatTick, formatTimestamp, parseTimestamp } from '../clock.ts'
import type { Schedule, Workflow } from '../definitions/workflow.ts'
import type { ObjectRef } from '../runs/objects.ts'
import type { ScheduleCursor, TickFate } from '../runs/run.ts'
import type { CronCache, CronTicks } from './cron.ts'
import type { Judgement, Stretch } from './judge-ticks.ts'
import { judgeTicks } from './judge-ticks.ts'
import { CronSyntaxError } from '../definitions/parse-cron.ts'
import type { RunRequest } from './run-request.ts'
import type { WrittenSuspension } from './suspension.ts'
import { suspensionsInForce } from './suspension.ts'
import { TimeZoneError } from './time-zone.ts'

const DAY_MS = 86_400_000

/** Ticks of so many UTC days are told day by day; a longer outage is told as one before that, so that what is told stays small. */
const DAYS_TOLD_APART = 7

/** A tick that has a Run. */
export interface StartedTick {
  schedule: string
  tickMs: number
  /** Name of the Run. */
  run: string
  fate: 'Fired' | 'Late' | 'Skipped'
  /** Why it is Skipped. */
  reason?: string | null
}

/** By the schedule as it was read: its ticks, and the time up to which they were judged last. Hold one per Repository. */
export type KnownTicks = WeakMap<Schedule, { ticks: CronTicks; judgedUpTo: string; judgedMs: number }>

/** What the plan of one Repository's ticks depends on. */
export interface TickPlanInput {
  repository: ObjectRef
  /** The schedules in force. */
  schedules: readonly Schedule[]
  /** The workflows in force, each with the newest commit at which it was valid: there its runs are pinned. */
  workflows: ReadonlyMap<string, { commit: string; definition: Pick<Workflow, 'suspend'> }>
  /** The Repository's own suspension. */
  suspend: WrittenSuspension
  cursors: Readonly<Record<string, ScheduleCursor>>
  nowMs: number
  /**
   * The ticks of the Repository that have a Run, in any order. Runs are created before the cursors are written: when the controller
   * stops in between, this is how the next look knows. Such a tick keeps the fate that its Run has, whatever would be judged now.
   */
  started: readonly StartedTick[]
  cron: CronCache
  /** What earlier plans have found of these very schedules: most of them have no tick, and are to cost next to nothing. */
  known?: KnownTicks
  /** Why the workflow's `concurrency` skips a tick that is due; null when it gets its run. Asked in the order in which runs begin. */
  refusalOf?: (request: RunRequest) => string | null
  /** The name that the run of a request will have. */
  nameRun: (request: RunRequest) => string
}

/** What is to be done about the ticks of one Repository: create the Runs of `requests`, then write `cursors` and add `fates` in one write. */
export interface TickPlan {
  /** Oldest first. */
  requests: RunRequest[]
  /** One for each schedule in force; those of others are gone. The same object as before where nothing was judged. */
  cursors: Record<string, ScheduleCursor>
  /** Ticks judged now that were not simply Fired, oldest first. Neighbours with equal fates are folded, but not across UTC days within the last week. */
  fates: TickFate[]
  /** The Runs that the new cursors vouch for: those of `requests`, and those that were there. */
  runs: string[]
  /** When to plan again; null when no tick is to come. */
  nextTickMs: number | null
  /** Schedules whose ticks cannot be computed; definitions that were checked have none. They are left alone. */
  problems: { schedule: string; message: string }[]
}

/**
 * Judges every tick since the cursors, once. A schedule that is new, or whose cron or time zone is, starts now: it has no past.
 *
 * When the clock is set back, times come again that the cursors have passed: nothing is judged until the clock has caught up, so no
 * tick gets a second fate. When it is set forward, ticks pass as in an outage.
 */
export function planTicks(input: TickPlanInput): TickPlan {
  const plan: TickPlan = { requests: [], cursors: {}, fates: [], runs: [], nextTickMs: null, problems: [] }
  const started = bySchedule(input.started)
  const changed: Record<string, ScheduleCursor> = {}
  let kept = 0
  for (const schedule of input.schedules) {
    const remembered = input.known?.get(schedule)
    const ticks = remembered?.ticks ?? ticksOf(input, schedule, plan)
    const known = input.cursors[schedule.name]
    if (known !== undefined) kept++
    if (ticks === null) continue
    const isSame = known !== undefined && known.judgedUpTo === remembered?.judgedUpTo && known.form === ticks.form
    const cursor = isSame ? known : cursorOf(ticks.form, known, input.nowMs)
    const judgedUpTo = isSame ? remembered.judgedMs : parseTimestamp(cursor.judgedUpTo)
    if (!isSame) input.known?.set(schedule, { ticks, judgedUpTo: cursor.judgedUpTo, judgedMs: judgedUpTo })
    const firstMs = ticks.next(judgedUpTo)
    const isDue = firstMs !== null && firstMs <= input.nowMs
    const nextMs = isDue ? ticks.next(input.nowMs) : firstMs
    if (nextMs !== null) plan.nextTickMs = Math.min(plan.nextTickMs ?? Infinity, nextMs)
    if (cursor !== known) changed[schedule.name] = cursor
    if (!isDue) continue
    changed[schedule.name] = { ...cursor, judgedUpTo: formatTick(ticks.newest(judgedUpTo, input.nowMs) ?? firstMs) }
    addSchedule(plan, input, schedule, ticks, judgedUpTo, started.get(schedule.name) ?? [])
  }
  plan.cursors = cursorsWith(input, changed, kept)
  plan.requests.sort((one, other) => compare(tickOf(one), tickOf(other)))
  plan.fates.sort((one, other) => compare(one.at, other.at) || compare(one.schedule, other.schedule))
  return plan
}

/** The cursors with those that have moved and without those of schedules that are gone. Made anew only where it must be: there may be thousands. */
function cursorsWith({ cursors, schedules }: TickPlanInput, changed: Record<string, ScheduleCursor>, kept: number): TickPlan['cursors'] {
  if (Object.keys(cursors).length === kept) return { ...cursors, ...changed }
  const names = new Set(schedules.map(({ name }) => name))
  return { ...Object.fromEntries(Object.entries(cursors).filter(([name]) => names.has(name))), ...changed }
}

function bySchedule(started: readonly StartedTick[]): ReadonlyMap<string, StartedTick[]> {
  const groups = new Map<string, StartedTick[]>()
  for (const tick of started) {
    const group = groups.get(tick.schedule)
    if (group === undefined) groups.set(tick.schedule, [tick])
    else group.push(tick)
  }
  return groups
}

/** A new form starts now, but never before what was judged in the old one: with the clock set back, that may have run already. */
function cursorOf(form: string, known: ScheduleCursor | undefined, nowMs: number): ScheduleCursor {
  const knownMs = known === undefined ? NaN : parseTimestamp(known.judgedUpTo)
  if (known === undefined || Number.isNaN(knownMs)) return { judgedUpTo: formatTimestamp(nowMs), form }
  return known.form === form ? known : { judgedUpTo: formatTimestamp(Math.max(nowMs, knownMs)), form }
}

function ticksOf(input: TickPlanInput, { cron, timeZone, name }: Schedule, plan: TickPlan): CronTicks | null {
  try {
    return input.cron.ticks({ cron, timeZone, seed: `${input.repository.namespace}/${input.repository.name} ${name}` })
  } catch (error) {
    if (!(error instanceof CronSyntaxError || error instanceof TimeZoneError)) throw error
    plan.problems.push({ schedule: name, message: error.message })
    return null
  }
}

/** Adds what becomes of the ticks of one schedule after `judgedUpTo`, of which there is at least one. */
function addSchedule(
  plan: TickPlan,
  input: TickPlanInput,
  schedule: Schedule,
  ticks: CronTicks,
  judgedUpTo: number,
  allStarted: readonly StartedTick[],
): void {
  const { nowMs } = input
  const started = allStarted.filter(({ tickMs }) => tickMs > judgedUpTo && tickMs <= nowMs).sort((one, other) => one.tickMs - other.tickMs)
  const workflow = input.workflows.get(schedule.workflow)
  const judgement = judgeTicks({
    ticks,
    judgedUpTo,
    nowMs,
    startingDeadlineSeconds: schedule.startingDeadlineSeconds,
    catchUp: schedule.catchUp,
    suspensions: suspensionsInForce([
      { subject: 'repository', suspend: input.suspend },
      { subject: `workflow ${schedule.workflow}`, suspend: workflow?.definition.suspend ?? null },
      { subject: `schedule ${schedule.name}`, suspend: schedule.suspend },
    ]),
    obstacle: workflow === undefined ? `no commit has a valid workflow ${schedule.workflow}` : null,
    started,
  })
  const add = (at: string, fate: TickFate['fate'], reason: string | null, run: string | null): void => {
    plan.fates.push({ schedule: schedule.name, workflow: schedule.workflow, at, fate, reason, run })
  }
  for (const { tickMs, run, fate, reason = null } of started) {
    plan.runs.push(run)
    if (fate !== 'Fired') add(formatTick(tickMs), fate, reason, run)
  }
  for (const due of requestsOf(judgement, schedule, workflow?.commit)) {
    const refusal = input.refusalOf?.(due) ?? null
    const request: RunRequest = refusal === null ? due : { ...due, fate: 'Skipped', fateReason: refusal }
    const run = input.nameRun(request)
    plan.requests.push(request)
    plan.runs.push(run)
    if (request.fate === 'Late' || request.fate === 'Skipped') add(tickOf(request), request.fate, refusal, run)
  }
  for (const { afterMs, upToMs, fate, reason } of judgement.stretches.flatMap((stretch) => cut(stretch, started, nowMs))) {
    const first = ticks.next(afterMs)
    const last = ticks.newest(afterMs, upToMs)
    if (first === null || last === null) continue
    const folded = first === last ? {} : { until: formatTick(last), count: ticks.count(afterMs, upToMs) }
    plan.fates.push({ schedule: schedule.name, workflow: schedule.workflow, at: formatTick(first), ...folded, fate, reason, run: null })
  }
}

function requestsOf(judgement: Judgement, schedule: Schedule, commit: string | undefined): RunRequest[] {
  if (commit === undefined) return []
  return judgement.runs.map(({ tickMs, fate }) => ({
    workflow: schedule.workflow,
    commit,
    trigger: { kind: 'Schedule', schedule: schedule.name, tick: formatTick(tickMs) },
    params: schedule.params,
    fate,
  }))
}

/** The parts of a stretch between the ticks that have a Run, and between the last days. */
function cut(stretch: Stretch, started: readonly StartedTick[], nowMs: number): Stretch[] {
  const today = Math.floor(nowMs / DAY_MS)
  const midnights = Array.from({ length: DAYS_TOLD_APART }, (_, index) => (today - DAYS_TOLD_APART + 1 + index) * DAY_MS)
  const gaps = [
    ...started.map(({ tickMs }) => ({ endMs: tickMs - 1, startMs: tickMs })),
    ...midnights.map((ms) => ({ endMs: ms - 1, startMs: ms - 1 })),
  ]
  const parts: Stretch[] = []
  let afterMs = stretch.afterMs
  for (const { endMs, startMs } of gaps.sort((one, other) => one.startMs - other.startMs)) {
    if (startMs <= afterMs || endMs >= stretch.upToMs) continue
    parts.push({ ...stretch, afterMs, upToMs: endMs })
    afterMs = startMs
  }
  return [...parts, { ...stretch, afterMs }]
}

function tickOf(request: RunRequest): string {
  return request.trigger.kind === 'Schedule' ? request.trigger.tick : ''
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}

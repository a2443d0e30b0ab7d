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

/** A schedule with its ticks, and how far they are judged; `nextMs` is the first that is not, Infinity when none is to come. */
export interface ScheduleRow {
  schedule: Schedule
  ticks: CronTicks
  cursor: ScheduleCursor
  judgedMs: number
  nextMs: number
}

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
  /** What an earlier plan has found: most schedules have no tick, and are to cost next to nothing. `isCurrent` when schedules and cursors are those that it left. */
  known?: { rows: readonly ScheduleRow[]; isCurrent: boolean }
  /** Why the workflow's `concurrency` skips a tick that is due; null when it gets its run. Asked in the order in which runs begin. */
  refusalOf?: (request: RunRequest) => string | null
  /** The name that the run of a request will have. */
  nameRun: (request: RunRequest) => string
}

/** What is to be done about the ticks of one Repository: create the Runs of `requests`, then write `cursors` and add `fates` in one write. */
export interface TickPlan {
  /** Oldest first. */
  requests: RunRequest[]
  /** One for each schedule in force; those of others are gone. Each is the same object as before where nothing was judged. */
  cursors: Record<string, ScheduleCursor>
  /** Ticks judged now that were not simply Fired, oldest first. Neighbours with equal fates are folded, but not across UTC days within the last week. */
  fates: TickFate[]
  /** The Runs that the new cursors vouch for: those of `requests`, and those that were there. */
  runs: string[]
  /** When to plan again; null when no tick is to come. */
  nextTickMs: number | null
  /** For the next plan: how far all of them are judged once the cursors are written. */
  rows: ScheduleRow[]
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
  const plan: TickPlan = { requests: [], cursors: input.cursors, fates: [], runs: [], nextTickMs: null, rows: [], problems: [] }
  const isCurrent = input.known?.isCurrent === true
  const rows = isCurrent ? (input.known?.rows ?? []) : layOut(input, plan)
  let started: ReadonlyMap<string, StartedTick[]> | null = null
  let earliestMs = Infinity
  const moved: Record<string, ScheduleCursor> = {}
  plan.rows = rows.map((row) => {
    if (row.nextMs > input.nowMs) {
      earliestMs = Math.min(earliestMs, row.nextMs)
      return row
    }
    started ??= bySchedule(input.started)
    addSchedule(plan, input, row, started.get(row.schedule.name) ?? [])
    const judgedMs = row.ticks.newest(row.judgedMs, input.nowMs) ?? row.nextMs
    const nextMs = row.ticks.next(input.nowMs) ?? Infinity
    earliestMs = Math.min(earliestMs, nextMs)
    const cursor = { ...row.cursor, judgedUpTo: formatTick(judgedMs) }
    moved[row.schedule.name] = cursor
    return { ...row, cursor, judgedMs, nextMs }
  })
  plan.nextTickMs = earliestMs === Infinity ? null : earliestMs
  plan.cursors = isCurrent ? { ...input.cursors, ...moved } : cursorsOf(input, plan.rows)
  plan.requests.sort((one, other) => compare(tickOf(one), tickOf(other)))
  plan.fates.sort((one, other) => compare(one.at, other.at) || compare(one.schedule, other.schedule))
  return plan
}

/** How far each schedule is judged, by its cursor. What an earlier plan knows of it and is still so is taken over. */
function layOut(input: TickPlanInput, plan: TickPlan): ScheduleRow[] {
  const before = new Map(input.known?.rows.map((row) => [row.schedule, row]))
  return input.schedules.flatMap((schedule) => {
    const row = before.get(schedule)
    const ticks = row?.ticks ?? ticksOf(input, schedule, plan)
    if (ticks === null) return []
    const cursor = cursorOf(ticks.form, input.cursors[schedule.name], input.nowMs)
    if (row?.cursor.judgedUpTo === cursor.judgedUpTo) return [row.cursor === cursor ? row : { ...row, cursor }]
    const judgedMs = parseTimestamp(cursor.judgedUpTo)
    return [{ schedule, ticks, cursor, judgedMs, nextMs: ticks.next(judgedMs) ?? Infinity }]
  })
}

/** One cursor for each schedule; that of one whose ticks cannot be computed stays as it is. */
function cursorsOf({ cursors, schedules }: TickPlanInput, rows: readonly ScheduleRow[]): TickPlan['cursors'] {
  const kept = schedules.flatMap(({ name }) => (cursors[name] === undefined ? [] : [[name, cursors[name]] as const]))
  return Object.fromEntries([...kept, ...rows.map(({ schedule, cursor }) => [schedule.name, cursor] as const)])
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

/** Adds what becomes of the ticks of one schedule that are not judged yet, of which there is at least one. */
function addSchedule(
  plan: TickPlan,
  input: TickPlanInput,
  { schedule, ticks, judgedMs: judgedUpTo }: ScheduleRow,
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
  // Most stretches lie between two ticks.
  const stretches = judgement.stretches.filter(({ afterMs, upToMs }) => (ticks.next(afterMs) ?? Infinity) <= upToMs)
  for (const { afterMs, upToMs, fate, reason } of stretches.flatMap((stretch) => cut(stretch, started, nowMs))) {
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

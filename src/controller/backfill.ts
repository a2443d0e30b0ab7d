import { isDeepStrictEqual } from 'node:util'
import { formatTick, parseTimestamp } from '../clock.ts'
import { ConflictError } from '../cluster/ports.ts'
import type { Context } from '../context.ts'
import type { Schedule, Workflow } from '../definitions/workflow.ts'
import { didYouMean } from '../definitions/near-names.ts'
import { recordPath } from '../history/paths.ts'
import type { RunExpressions } from '../runs/run-values.ts'
import { runName } from '../runs/names.ts'
import type { Backfill, Cursors, StoredRun, Trigger } from '../runs/run.ts'
import type { TickRun } from '../triggers/backfill.ts'
import { MOST_TICKS, openTicks, planBackfill } from '../triggers/backfill.ts'
import type { CronTicks } from '../triggers/cron.ts'
import type { RunRequest } from '../triggers/run-request.ts'
import { initialCursors, updateCursors } from './cursors.ts'
import { FULL_RETRY_MS, isHistoryFull } from './history-full.ts'
import { createRefusals } from './refuse-ticks.ts'
import type { RepositoryState, Wake } from './repository.ts'
import { startRun } from './repository.ts'

/** Ticks looked at in one pass. */
const TICKS_A_PASS = 200

/**
 * Goes on with all backfills: Runs first, then the cursors that say so. Woken whenever a run ends. Where a workflow's `concurrency` is not Allow, it
 * waits until nothing is in the way: a tick that was made up for must have run, and replace nothing. While nothing new may start, the Runs that an
 * earlier pass has made are noted all the same: their records wait for that.
 */
export async function backfill(context: Context, state: RepositoryState, expressions: RunExpressions, wake: Wake): Promise<number | null> {
  const { ref } = state.followed.settings
  const cursors = (await context.runs.readCursors(ref)) ?? initialCursors
  const backfills = cursors.backfills ?? []
  if (!state.claimed || !state.ownerRead || state.versions === null || backfills.length === 0) return null
  const isFull = await isHistoryFull(context, state)
  const mayStart = !isFull && cursors.paused === undefined
  let moved = false
  for (const one of backfills) moved = (await goOn(context, state, one, { expressions, mayStart, wake })) || moved
  if (moved) return context.clock.now()
  return isFull ? context.clock.now() + FULL_RETRY_MS : null
}

/** One pass over one backfill. Returns whether it moved. */
async function goOn(
  context: Context,
  state: RepositoryState,
  one: Backfill,
  { expressions, mayStart, wake }: { expressions: RunExpressions; mayStart: boolean; wake: Wake },
): Promise<boolean> {
  const { ref } = state.followed.settings
  const runs = await context.runs.listRuns({ namespace: ref.namespace, repository: ref.name })
  const schedule = state.versions?.schedules.get(one.schedule)?.definition
  const version = schedule === undefined ? undefined : state.versions?.workflows.get(schedule.workflow)
  const ticks = schedule === undefined ? null : ticksOf(state, schedule)
  // A schedule that is gone takes its backfill with it.
  const open = ticks === null ? [] : openTicks(ticks, one, TICKS_A_PASS)
  if (schedule === undefined || version === undefined || open.length === 0) {
    await change(context, state, one, [], () => [])
    return true
  }
  const active = runs.filter(
    ({ spec, status }) => spec.trigger.kind === 'Backfill' && spec.trigger.schedule === one.schedule && status?.phase !== 'Finished',
  )
  const target = { workflow: schedule.workflow, commit: version.commit, params: schedule.params }
  const known = await Promise.all(open.map(async (tickMs) => ({ tickMs, run: await runOfTick(state, schedule, tickMs, runs) })))
  const nameRun = (request: { workflow: string; trigger: Trigger; commit: string }): string =>
    runName(ref, request.workflow, request.trigger, request.commit)
  const refusalOf = createRefusals({
    repository: ref,
    runs,
    workflowOf: (name) => forbidding(state.versions?.workflows.get(name)?.definition),
    expressions,
  })
  const mustWait = (request: RunRequest): boolean => refusalOf(request) !== null
  const free = mayStart ? one.maxActive - active.length : 0
  const plan = planBackfill({ backfill: one, target, ticks: known, free, nameRun, mustWait })
  for (const request of plan.requests) await startRun(context, state, request, wake)
  const { doneUpTo } = plan
  if (doneUpTo === null) return false
  await change(context, state, one, plan.fates, (current) => [{ ...current, doneUpTo }])
  for (const fate of plan.fates) context.report({ kind: 'TickJudged', repository: state.key, fate })
  wake(`records ${state.key}`)
  return true
}

/** The workflow as if it let in no newcomer beside another run, where it does not let in all. */
function forbidding(workflow: Workflow | undefined): Workflow | undefined {
  if (workflow === undefined || workflow.concurrency.policy === 'Allow') return workflow
  return { ...workflow, concurrency: { ...workflow.concurrency, policy: 'Forbid' } }
}

async function change(
  context: Context,
  state: RepositoryState,
  one: Backfill,
  fates: Cursors['fates'],
  next: (current: Backfill) => Backfill[],
): Promise<void> {
  await updateCursors(context, state.followed.settings.ref, (current) => {
    const backfills = current.backfills ?? []
    if (!backfills.some((other) => isDeepStrictEqual(other, one))) throw new ConflictError(`the backfill of ${one.schedule} has changed`)
    return {
      ...current,
      fates: [...current.fates, ...fates],
      backfills: backfills.flatMap((other) => (isDeepStrictEqual(other, one) ? next(other) : [other])),
    }
  })
}

/** The run that a tick has: as an object, or as a record of its day. */
async function runOfTick(state: RepositoryState, schedule: Schedule, tickMs: number, runs: readonly StoredRun[]): Promise<TickRun> {
  const { followed } = state
  const tick = formatTick(tickMs)
  for (const kind of ['Schedule', 'Backfill'] as const) {
    const trigger: Trigger = kind === 'Schedule' ? { kind, schedule: schedule.name, tick } : { kind, schedule: schedule.name, tick, by: '' }
    const name = runName(followed.settings.ref, schedule.workflow, trigger, '')
    if (runs.some(({ metadata }) => metadata.name === name) || (await isRecorded(state, schedule.workflow, trigger, name, tick))) {
      return kind === 'Schedule' ? { kind: 'Ran' } : { kind: 'Backfilled', run: name }
    }
  }
  return null
}

async function isRecorded({ followed }: RepositoryState, workflow: string, trigger: Trigger, name: string, tick: string): Promise<boolean> {
  const spec = { workflow, trigger } as StoredRun['spec']
  const file = recordPath({ metadata: { name, creationTimestamp: tick } as StoredRun['metadata'], spec })
  const folder = file.slice(0, file.lastIndexOf('/'))
  return (await followed.status.list(folder)).includes(`${file.slice(folder.length + 1)}.json`)
}

function ticksOf(state: RepositoryState, { cron, timeZone, name }: Schedule): CronTicks {
  const { namespace, name: repository } = state.followed.settings.ref
  return state.cronCache.ticks({ cron, timeZone, seed: `${namespace}/${repository} ${name}` })
}

/** What came of asking for a backfill. */
export type BackfillAnswer =
  | { kind: 'Asked'; ticks: number; backfill: Backfill }
  | { kind: 'Refused'; reason: 'NotReady' | 'UnknownSchedule' | 'NoTicks' | 'TooMany' | 'NotPast'; message: string }

/** Takes a range of past ticks, both ends included. The same range again is the same backfill. */
export async function askForBackfill(
  context: Context,
  state: RepositoryState,
  wish: { schedule: string; fromMs: number; toMs: number; maxActive: number; by: string; reason: string },
  wake: Wake,
): Promise<BackfillAnswer> {
  if (!state.claimed || !state.ownerRead || state.versions === null)
    return { kind: 'Refused', reason: 'NotReady', message: `${state.key} is not followed yet` }
  const schedule = state.versions.schedules.get(wish.schedule)?.definition
  if (schedule === undefined) {
    const near = didYouMean(wish.schedule, [...state.versions.schedules.keys()])
    return { kind: 'Refused', reason: 'UnknownSchedule', message: `${state.key} has no valid schedule ${JSON.stringify(wish.schedule)}${near}` }
  }
  const cursors = (await context.runs.readCursors(state.followed.settings.ref)) ?? initialCursors
  const judgedMs = parseTimestamp(cursors.schedules[wish.schedule]?.judgedUpTo ?? '')
  if (wish.toMs > context.clock.now())
    return { kind: 'Refused', reason: 'NotPast', message: 'only ticks that have passed can be run: end the range before now' }
  // The schedule itself deals with what it has not judged yet.
  const toMs = Number.isNaN(judgedMs) ? wish.toMs : Math.min(wish.toMs, Math.max(judgedMs, wish.fromMs - 1))
  const ticks = ticksOf(state, schedule).count(wish.fromMs - 1, toMs)
  if (ticks === 0)
    return { kind: 'Refused', reason: 'NoTicks', message: `${wish.schedule} has no ticks from ${formatTick(wish.fromMs)} to ${formatTick(toMs)}` }
  if (ticks > MOST_TICKS)
    return { kind: 'Refused', reason: 'TooMany', message: `${ticks} ticks lie in that range: at most ${MOST_TICKS} at once, take a shorter one` }
  const asked: Backfill = {
    schedule: wish.schedule,
    from: formatTick(wish.fromMs),
    to: formatTick(toMs),
    doneUpTo: formatTick(wish.fromMs - 1000),
    maxActive: wish.maxActive,
    by: wish.by,
    reason: wish.reason,
  }
  await updateCursors(context, state.followed.settings.ref, (current) => {
    const others = (current.backfills ?? []).filter(
      ({ schedule: name, from, to }) => name !== asked.schedule || from !== asked.from || to !== asked.to,
    )
    const same = (current.backfills ?? []).find((one) => !others.includes(one))
    return { ...current, backfills: [...others, same === undefined ? asked : { ...same, maxActive: asked.maxActive }] }
  })
  wake(`backfill ${state.key}`)
  return { kind: 'Asked', ticks, backfill: asked }
}

/** Starts no further tick of any backfill of a schedule; runs under way go on. Returns how many were stopped. */
export async function stopBackfills(context: Context, state: RepositoryState, schedule: string): Promise<number> {
  let stopped = 0
  await updateCursors(context, state.followed.settings.ref, (current) => {
    const backfills = current.backfills ?? []
    const others = backfills.filter((one) => one.schedule !== schedule)
    stopped = backfills.length - others.length
    return stopped === 0 ? current : { ...current, backfills: others }
  })
  return stopped
}

import { parseTimestamp } from '../clock.ts'
import { ConflictError } from '../cluster/ports.ts'
import type { Context } from '../context.ts'
import { runName } from '../runs/names.ts'
import type { Cursors } from '../runs/run.ts'
import { repositorySuspension } from '../triggers/suspension.ts'
import type { StartedTick } from '../triggers/ticks.ts'
import { planTicks } from '../triggers/ticks.ts'
import { initialCursors, updateCursors } from './cursors.ts'
import { planLost, withoutLost } from './lost.ts'
import { FULL_RETRY_MS, isHistoryFull } from './history-full.ts'
import type { RepositoryState, Wake } from './repository.ts'
import type { RunExpressions } from '../runs/run-values.ts'
import { createRefusals } from './refuse-ticks.ts'
import { noteProblem, startRun } from './repository.ts'

/** Odd fates that are kept at hand. */
const RECENT_FATES = 1000

/**
 * Judges every tick since the cursors, and those that were lost with a cluster: Runs first, then the cursors that say so. Stopped in between, the next pass finds the Runs and
 * takes their fate as it is. Returns when the next tick is.
 */
export async function judgeTicks(context: Context, state: RepositoryState, expressions: RunExpressions, wake: Wake): Promise<number | null> {
  const { versions } = state
  if (!state.claimed || state.look === 'Pending' || versions === null) return null
  const { settings } = state.followed
  const nowMs = context.clock.now()
  const cursors = (await context.runs.readCursors(settings.ref)) ?? initialCursors
  const runs = await context.runs.listRuns({ namespace: settings.ref.namespace, repository: settings.ref.name })
  const started = runs.flatMap((run) => {
    const { trigger, fate, fateReason } = run.spec
    if (trigger.kind !== 'Schedule') return []
    return [
      { schedule: trigger.schedule, tickMs: parseTimestamp(trigger.tick), run: run.metadata.name, fate: fate ?? 'Fired', reason: fateReason ?? null },
    ]
  })
  if ((await isHistoryFull(context, state, runs)) && !hasBegun(cursors, started, nowMs)) return nowMs + FULL_RETRY_MS
  const plan = planTicks({
    repository: settings.ref,
    schedules: [...versions.schedules.values()].map((version) => version.definition),
    workflows: versions.workflows,
    suspend: repositorySuspension(settings.suspend, cursors.paused),
    cursors: cursors.schedules,
    nowMs,
    started,
    cron: state.cronCache,
    known: {
      rows: state.knownTicks?.rows ?? [],
      isCurrent: state.knownTicks?.versions === versions && state.knownTicks.cursors === cursors.resourceVersion,
    },
    refusalOf: createRefusals({ repository: settings.ref, runs, workflowOf: (name) => versions.workflows.get(name)?.definition, expressions }),
    nameRun: (request) => runName(settings.ref, request.workflow, request.trigger, request.commit),
  })
  for (const { schedule, message } of plan.problems) {
    noteProblem(state, `schedule ${schedule}`, message, () => {
      context.report({ kind: 'ScheduleUnreadable', repository: state.key, schedule, message })
    })
  }
  const lost = planLost(cursors.lost ?? [], versions)
  const fates = [...lost.fates, ...plan.fates]
  let areAllNew = true
  for (const request of [...lost.requests, ...plan.requests])
    areAllNew = (await startRun(context, state, request, wake)).kind === 'Created' && areAllNew
  const written = await updateCursors(context, settings.ref, (current) => {
    const others = current.resourceVersion === cursors.resourceVersion ? [] : Object.entries(current.schedules)
    for (const [name, { judgedUpTo }] of others) {
      if (judgedUpTo !== cursors.schedules[name]?.judgedUpTo) throw new ConflictError(`somebody else judged the ticks of ${name}`)
    }
    return { ...withoutLost(current), schedules: plan.cursors, fates: [...current.fates, ...fates] }
  })
  state.knownTicks = { versions, cursors: written.resourceVersion, rows: plan.rows }
  state.recentFates = [...state.recentFates, ...fates].slice(-RECENT_FATES)
  for (const fate of fates) context.report({ kind: 'TickJudged', repository: state.key, fate })
  // Runs that were there already may have ended while no cursor vouched for them; new ones cannot.
  if (fates.length > 0 || plan.runs.length > plan.requests.length || !areAllNew) wake(`records ${state.key}`)
  return plan.nextTickMs
}

/** Whether there are Runs of ticks that the cursors have not passed: an earlier pass was stopped half-way. */
function hasBegun({ schedules }: Cursors, started: readonly StartedTick[], nowMs: number): boolean {
  return started.some(({ schedule, tickMs }) => tickMs > parseTimestamp(schedules[schedule]?.judgedUpTo ?? '') && tickMs <= nowMs)
}

import { formatTick } from '../../clock.ts'
import { initialCursors } from '../../controller/cursors.ts'
import type { RepositoryState } from '../../controller/repository.ts'
import { explainRecord } from '../../history/explain-record.ts'
import { dayOfTimestamp, ticksPath } from '../../history/paths.ts'
import { ShapeError } from '../../history/shape.ts'
import type { TickRange } from '../../history/ticks.ts'
import { parseTicks } from '../../history/ticks.ts'
import { explainRun } from '../../runs/explain-run.ts'
import type { Cursors, TickFate } from '../../runs/run.ts'
import { explainSchedule } from '../../triggers/explain-schedule.ts'
import { pauseReason, repositorySuspension, suspensionsInForce } from '../../triggers/suspension.ts'
import { didYouMean } from '../../definitions/near-names.ts'
import type { Api } from '../api.ts'
import { repositoryOf, runOrRecordOf } from '../api.ts'
import { ApiError } from '../api-error.ts'
import type { JsonSchema, Operation } from '../operation.ts'
import { ok } from '../operation.ts'

const LINES: JsonSchema = { type: 'object', required: ['lines'], properties: { lines: { type: 'array', items: { type: 'string' } } } }

/** Why things are as they are, in sentences. */
export function whyOperations(api: Api): Operation[] {
  return [
    {
      id: 'explainRun',
      method: 'get',
      path: '/runs/{namespace}/{name}/why',
      summary: 'Why a run exists, and why it is where it is; also of one that was swept.',
      access: { verb: 'get', resource: 'runs' },
      answer: LINES,
      handle: async ({ path }) => {
        const found = await runOrRecordOf(api, path)
        if (found.kind === 'Record') return ok({ lines: explainRecord(found.record) })
        const cursors = found.run.status === undefined ? await api.context.runs.readCursors(found.state.followed.settings.ref) : null
        const obstacle = cursors === null ? null : fullMessage(cursors)
        return ok({ lines: [...explainRun(found.run), ...(obstacle === null ? [] : [`Nothing starts now: ${obstacle}.`])] })
      },
    },
    {
      id: 'explainSchedule',
      method: 'get',
      path: '/repositories/{namespace}/{name}/schedules/{schedule}/why',
      summary: 'Why a schedule does or does not run, what became of its ticks, and which come next.',
      access: { verb: 'get', resource: 'repositories' },
      answer: LINES,
      handle: async ({ path }) => ok({ lines: await explain(api, repositoryOf(api, path), path['schedule'] ?? '') }),
    },
  ]
}

async function explain({ context }: Api, state: RepositoryState, name: string): Promise<string[]> {
  const { settings } = state.followed
  if (state.versions === null) throw new ApiError('Unavailable', `${state.key} is not followed yet: its first look has not ended`)
  const schedule = state.versions.schedules.get(name)?.definition
  if (schedule === undefined) {
    throw new ApiError(
      'NotFound',
      `${state.key} has no valid schedule ${JSON.stringify(name)}${didYouMean(name, [...state.versions.schedules.keys()])}`,
    )
  }
  const cursors = (await context.runs.readCursors(settings.ref)) ?? initialCursors
  const runs = await context.runs.listRuns({ namespace: settings.ref.namespace, repository: settings.ref.name })
  const workflow = state.versions.workflows.get(schedule.workflow)
  return explainSchedule({
    schedule,
    ticks: state.cronCache.ticks({
      cron: schedule.cron,
      timeZone: schedule.timeZone,
      seed: `${settings.ref.namespace}/${settings.ref.name} ${name}`,
    }),
    workflowCommit: workflow?.commit ?? null,
    cursor: cursors.schedules[name] ?? null,
    fates: newestOf(
      [...(await recordedFates(state, schedule.workflow, context.clock.now())), ...state.recentFates, ...cursors.fates].filter(
        (fate) => fate.schedule === name,
      ),
    ),
    runs: runs
      .flatMap(({ metadata, spec, status }) =>
        spec.trigger.kind === 'Schedule' && spec.trigger.schedule === name
          ? [{ tick: spec.trigger.tick, run: metadata.name, result: status?.result ?? null }]
          : [],
      )
      .sort((one, other) => (one.tick < other.tick ? -1 : 1)),
    suspensions: suspensionsInForce([
      { subject: 'repository', suspend: repositorySuspension(settings.suspend, cursors.paused) },
      { subject: `workflow ${schedule.workflow}`, suspend: workflow?.definition.suspend ?? null },
      { subject: `schedule ${name}`, suspend: schedule.suspend },
    ]),
    obstacle: cursors.paused === undefined ? fullMessage(cursors) : `${state.key} is ${pauseReason(cursors.paused)}`,
    nowMs: context.clock.now(),
  })
}

/** Why nothing new may start though nobody has paused it; null when it may. */
function fullMessage({ conditions }: Cursors): string | null {
  return conditions.find(({ type, status }) => type === 'HistoryFull' && status === 'True')?.message ?? null
}

const DAY_MS = 86_400_000

/** Fates of yesterday and today that are on the status branch: a process before this one may have given them. */
async function recordedFates({ claimed, ownerRead, followed }: RepositoryState, workflow: string, nowMs: number): Promise<TickFate[]> {
  if (!claimed || !ownerRead) return []
  const paths = [nowMs - DAY_MS, nowMs].map((ms) => ticksPath(workflow, dayOfTimestamp(formatTick(ms))))
  const files = await Promise.all(paths.map((path) => followed.status.read(path)))
  return files
    .flatMap((bytes) => (bytes === null ? [] : rangesOf(bytes)))
    .map(({ schedule, fate, reason, run, from, to, count }) => ({
      schedule,
      workflow,
      at: from,
      ...(count > 1 ? { until: to, count } : {}),
      fate,
      reason,
      run,
    }))
}

/** None of a file that somebody has spoilt: the next write mends it. */
function rangesOf(bytes: Uint8Array): TickRange[] {
  try {
    return parseTicks(new TextDecoder().decode(bytes))
  } catch (error) {
    if (error instanceof ShapeError) return []
    throw error
  }
}

/** Each tick's last fate, oldest first: what waits for its record may be among the recent ones too. */
function newestOf(fates: readonly TickFate[]): TickFate[] {
  return [...new Map(fates.map((fate) => [fate.at, fate])).values()].sort((one, other) => (one.at < other.at ? -1 : 1))
}

import { initialCursors } from '../../controller/cursors.ts'
import type { RepositoryState } from '../../controller/repository.ts'
import { explainRun } from '../../runs/explain-run.ts'
import type { TickFate } from '../../runs/run.ts'
import { explainSchedule } from '../../triggers/explain-schedule.ts'
import { pauseReason, repositorySuspension, suspensionsInForce } from '../../triggers/suspension.ts'
import { didYouMean } from '../../definitions/near-names.ts'
import type { Api } from '../api.ts'
import { repositoryOf, runOf } from '../api.ts'
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
      summary: 'Why a run exists, and why it is where it is.',
      access: { verb: 'get', resource: 'runs' },
      answer: LINES,
      handle: async ({ path }) => ok({ lines: explainRun(await runOf(api, path)) }),
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
    throw new ApiError('NotFound', `${state.key} has no schedule ${JSON.stringify(name)}${didYouMean(name, [...state.versions.schedules.keys()])}`)
  }
  const cursors = (await context.runs.readCursors(settings.ref)) ?? initialCursors
  const runs = await context.runs.listRuns({ namespace: settings.ref.namespace, repository: settings.ref.name })
  const workflow = state.versions.workflows.get(schedule.workflow)
  const full = cursors.conditions.find(({ type, status }) => type === 'HistoryFull' && status === 'True')
  return explainSchedule({
    schedule,
    ticks: state.cronCache.ticks({
      cron: schedule.cron,
      timeZone: schedule.timeZone,
      seed: `${settings.ref.namespace}/${settings.ref.name} ${name}`,
    }),
    workflowCommit: workflow?.commit ?? null,
    cursor: cursors.schedules[name] ?? null,
    fates: newestOf([...state.recentFates, ...cursors.fates].filter((fate) => fate.schedule === name)),
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
    obstacle: cursors.paused === undefined ? (full?.message ?? null) : `${state.key} is ${pauseReason(cursors.paused)}`,
    nowMs: context.clock.now(),
  })
}

/** Each tick's last fate, oldest first: what waits for its record may be among the recent ones too. */
function newestOf(fates: readonly TickFate[]): TickFate[] {
  return [...new Map(fates.map((fate) => [fate.at, fate])).values()].sort((one, other) => (one.at < other.at ? -1 : 1))
}

import type { Schedule, Suspension } from '../../../src/definitions/workflow.ts'
import { createCronCache } from '../../../src/triggers/cron.ts'
import type { StartedTick, TickPlan, TickPlanInput } from '../../../src/triggers/ticks.ts'
import { planTicks } from '../../../src/triggers/ticks.ts'

/** The commit at which everything is valid. */
export const COMMIT = 'c'.repeat(40)
const cron = createCronCache()
/** A time of November 2026, in UTC. */
export const at = (text: string): number => Date.parse(`2026-11-${text}Z`)

/** An hourly schedule with something else here and there. */
export function schedule(over: Partial<Schedule> = {}): Schedule {
  return {
    name: 'nightly',
    workflow: 'report',
    cron: '0 * * * *',
    timeZone: 'Etc/UTC',
    params: { site: 'www.example.fi' },
    startingDeadlineSeconds: null,
    catchUp: 'Latest',
    afterLoss: 'Report',
    suspend: null,
    file: 'workflows/report.yaml',
    ...over,
  }
}

/** A suspension until a time of November 2026. */
export function suspension(until: string | null, reason: string | null = null): Suspension {
  return { untilMs: until === null ? null : at(until), reason }
}

/** A tick that has a Run. */
export function started(tick: string, fate: 'Fired' | 'Late' = 'Fired', name = 'nightly'): StartedTick {
  return { schedule: name, tickMs: at(tick), run: `old-${tick}`, fate }
}

/** The plan for schedules whose ticks are judged up to a moment. */
export function plan(judgedUpTo: string, now: string, over: Partial<TickPlanInput> = {}): TickPlan {
  const input: TickPlanInput = { ...inputOf([schedule()]), nowMs: at(judgedUpTo), ...over }
  const { cursors } = planTicks(input)
  return planTicks({ ...input, cursors, nowMs: at(now) })
}

/** Fates of all ticks as lines, simple ones too: `20T05:00 Fired`, `20T01:00..20T04:00 x4 Missed`. */
export function fates({ requests, fates: told }: Pick<TickPlan, 'requests' | 'fates'>): string[] {
  const short = (time: string): string => time.slice(8, 16)
  const lines = told.map(
    ({ at: from, until, count, fate }) => `${short(from)}${until === undefined ? '' : `..${short(until)} x${count ?? 0}`} ${fate}`,
  )
  const fired = requests.flatMap(({ trigger, fate }) => (trigger.kind === 'Schedule' && fate === 'Fired' ? [`${short(trigger.tick)} ${fate}`] : []))
  return [...lines, ...fired].sort()
}

/** Schedules that nothing has judged yet. */
export function inputOf(schedules: Schedule[]): TickPlanInput {
  return {
    repository: { namespace: 'data', name: 'jobs' },
    schedules,
    workflows: new Map([['report', { commit: COMMIT, definition: { suspend: null } }]]),
    suspend: null,
    cursors: {},
    nowMs: 0,
    started: [],
    cron,
    nameRun: ({ trigger }) => (trigger.kind === 'Schedule' ? `new-${trigger.schedule}-${trigger.tick}` : ''),
  }
}

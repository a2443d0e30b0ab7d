import { formatTick, parseTimestamp } from '../clock.ts'
import type { ControllerEvent } from '../controller/events.ts'
import type { Schedule } from '../definitions/workflow.ts'
import type { RunResult, StoredRun, TickFate, Trigger } from '../runs/run.ts'
import type { CronCache } from '../triggers/cron.ts'
import { createCronCache } from '../triggers/cron.ts'

/** A tick and what became of it. */
export interface SimulatedTick {
  schedule: string
  workflow: string
  at: string
  fate: TickFate['fate']
  reason: string | null
  run: string | null
}

/** A run and how it ended; `result` is null for one that would go on beyond a week after the end. */
export interface SimulatedRun {
  run: string
  workflow: string
  trigger: Trigger
  result: RunResult | null
  reason: string | null
  message: string | null
  createdAt: string
  finishedAt: string | null
}

/** Both in order of time. */
export interface Simulation {
  ticks: SimulatedTick[]
  runs: SimulatedRun[]
}

/** What came of the ticks and runs of a range, gathered from what the controller says it does. */
export interface Outcome {
  hear(event: ControllerEvent): void
  /** Whether no run is under way. */
  isQuiet(): boolean
  result(): Simulation
}

/** An outcome of ticks from `fromMs` up to, not including, `toMs`. `repository` is its name in the namespace `default`. */
export function createOutcome(range: { repository: string; schedules: readonly Schedule[]; fromMs: number; toMs: number }): Outcome {
  const ticks = new Map<string, SimulatedTick>()
  const runs = new Map<string, SimulatedRun>()
  const active = new Set<string>()
  const schedules = new Map(range.schedules.map((schedule) => [schedule.name, schedule]))
  const cron = createCronCache()

  function note(tick: SimulatedTick): void {
    const atMs = parseTimestamp(tick.at)
    if (atMs >= range.fromMs && atMs < range.toMs) ticks.set(`${tick.at} ${tick.schedule}`, tick)
  }
  return {
    isQuiet: () => active.size === 0,
    hear(event) {
      if (event.kind === 'RunCreated') {
        const { name } = event.run.metadata
        const { trigger, workflow, fate = 'Fired' } = event.run.spec
        active.add(name)
        runs.set(name, describeRun(event.run))
        if (trigger.kind === 'Schedule') note({ schedule: trigger.schedule, workflow, at: trigger.tick, fate, reason: null, run: name })
      } else if (event.kind === 'RunFinished') {
        active.delete(event.run.metadata.name)
        runs.set(event.run.metadata.name, describeRun(event.run))
      } else if (event.kind === 'TickJudged') {
        const { schedule, workflow, fate, reason, run } = event.fate
        for (const at of eachTick(event.fate, schedules.get(schedule), cron, `default/${range.repository}`))
          note({ schedule, workflow, at, fate, reason, run })
      }
    },
    result: () => inOrder({ ticks: [...ticks.values()], runs: [...runs.values()] }),
  }
}

/** What came of parts that have nothing in common. */
export function joinSimulations(parts: readonly Simulation[]): Simulation {
  return inOrder({ ticks: parts.flatMap(({ ticks }) => ticks), runs: parts.flatMap(({ runs }) => runs) })
}

function inOrder({ ticks, runs }: Simulation): Simulation {
  return {
    ticks: ticks.sort((one, other) => compare(one.at, other.at) || compare(one.schedule, other.schedule)),
    runs: runs.sort((one, other) => compare(one.createdAt, other.createdAt) || compare(one.run, other.run)),
  }
}

/** The ticks of a fate that may be of many. */
function eachTick({ at, until }: TickFate, schedule: Schedule | undefined, cron: CronCache, repository: string): string[] {
  if (until === undefined || schedule === undefined) return [at]
  const ticks = cron.ticks({ cron: schedule.cron, timeZone: schedule.timeZone, seed: `${repository} ${schedule.name}` })
  const found: string[] = []
  const lastMs = parseTimestamp(until)
  for (let tickMs = ticks.next(parseTimestamp(at) - 1); tickMs !== null && tickMs <= lastMs; tickMs = ticks.next(tickMs))
    found.push(formatTick(tickMs))
  return found
}

function describeRun({ metadata, spec, status }: StoredRun): SimulatedRun {
  return {
    run: metadata.name,
    workflow: spec.workflow,
    trigger: spec.trigger,
    result: status?.result ?? null,
    reason: status?.reason ?? null,
    message: status?.message ?? null,
    createdAt: metadata.creationTimestamp,
    finishedAt: status?.finishedAt ?? null,
  }
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}

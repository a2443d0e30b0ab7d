import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import { parseTimestamp } from '../clock.ts'
import type { ControllerEvent, Report } from '../controller/events.ts'
import type { StoredRun } from '../runs/run.ts'

/** What `/metrics` shows, fed by the controller's events. */
export interface Metrics {
  report: Report
  contentType: string
  read(): Promise<string>
}

const DURATIONS_SECONDS = [0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000, 3000, 10_000, 30_000]

/** Metrics of one controller, in a registry of their own. `withProcess`: also those of this process. */
export function createMetrics({ withProcess }: { withProcess: boolean }): Metrics {
  const registry = new Registry()
  if (withProcess) collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const created = new Counter({ name: 'fusee_runs_created_total', help: 'Runs created.', labelNames: ['repository', 'trigger'], registers })
  const finished = new Counter({
    name: 'fusee_runs_finished_total',
    help: 'Runs that have ended.',
    labelNames: ['repository', 'workflow', 'result'],
    registers,
  })
  const duration = new Histogram({
    name: 'fusee_run_duration_seconds',
    help: 'From the creation of a run to its end.',
    labelNames: ['repository', 'workflow'],
    buckets: DURATIONS_SECONDS,
    registers,
  })
  const lateness = new Histogram({
    name: 'fusee_tick_lateness_seconds',
    help: 'From a tick to the creation of its run.',
    labelNames: ['repository'],
    buckets: [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 60, 600, 3600],
    registers,
  })
  const ticks = new Counter({ name: 'fusee_ticks_total', help: 'Ticks by their fate.', labelNames: ['repository', 'fate'], registers })
  const looks = new Counter({
    name: 'fusee_look_failures_total',
    help: 'Looks at a branch that failed, each failure counted once.',
    labelNames: ['repository', 'reason'],
    registers,
  })
  const history = new Counter({
    name: 'fusee_history_failures_total',
    help: 'Writes of records that failed, each failure counted once.',
    labelNames: ['repository', 'reason'],
    registers,
  })
  const recorded = new Counter({ name: 'fusee_records_total', help: 'Records written to the status branch.', labelNames: ['repository'], registers })
  const failures = new Counter({ name: 'fusee_reconcile_failures_total', help: 'Reconciles that failed.', labelNames: ['loop'], registers })
  const swept = new Counter({ name: 'fusee_runs_swept_total', help: 'Runs removed by retention.', labelNames: ['repository'], registers })
  const commit = new Gauge({ name: 'fusee_definitions', help: 'Definitions in force.', labelNames: ['repository', 'kind'], registers })

  function hear(event: ControllerEvent): void {
    switch (event.kind) {
      case 'RunCreated': {
        const { trigger, fate } = event.run.spec
        created.inc({ repository: event.repository, trigger: trigger.kind })
        if (trigger.kind !== 'Schedule') return
        if (fate === 'Fired') ticks.inc({ repository: event.repository, fate })
        lateness.observe({ repository: event.repository }, secondsBetween(trigger.tick, event.run.metadata.creationTimestamp))
        return
      }
      case 'RunFinished':
        finished.inc({ repository: event.repository, workflow: event.run.spec.workflow, result: event.run.status?.result ?? 'Failed' })
        duration.observe({ repository: event.repository, workflow: event.run.spec.workflow }, lasted(event.run))
        return
      case 'TickJudged':
        ticks.inc({ repository: event.repository, fate: event.fate.fate }, event.fate.count ?? 1)
        return
      case 'LookEnded':
        commit.set({ repository: event.repository, kind: 'Workflow' }, event.workflows.length)
        commit.set({ repository: event.repository, kind: 'Schedule' }, event.schedules.length)
        return
      case 'LookFailed':
        looks.inc({ repository: event.repository, reason: event.reason })
        return
      case 'HistoryFailed':
        history.inc({ repository: event.repository, reason: event.reason })
        return
      case 'RecordsPushed':
        recorded.inc({ repository: event.repository }, event.runs.length)
        return
      case 'RunSwept':
        swept.inc({ repository: event.repository })
        return
      case 'ReconcileFailed':
        failures.inc({ loop: event.key.split(' ')[0] ?? '' })
        return
      case 'BranchClaimed':
      case 'BranchOwned':
      case 'HistoryMended':
      case 'LookRecovered':
      case 'RunHeld':
      case 'ScheduleUnreadable':
      case 'StepStarted':
      case 'StepEnded':
      case 'RunnerProblem':
        return
    }
  }
  return { report: hear, contentType: registry.contentType, read: () => registry.metrics() }
}

function lasted(run: StoredRun): number {
  return secondsBetween(run.metadata.creationTimestamp, run.status?.finishedAt ?? run.metadata.creationTimestamp)
}

function secondsBetween(from: string, to: string): number {
  return Math.max(0, (parseTimestamp(to) - parseTimestamp(from)) / 1000)
}

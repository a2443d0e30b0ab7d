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

/** Metrics of one controller, in a registry of their own. `withProcess`: also those of this process. `now` in ms since the epoch. */
export function createMetrics({ withProcess, now = Date.now }: { withProcess: boolean; now?: () => number }): Metrics {
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
  const unrecorded = new Gauge({
    name: 'fusee_history_unrecorded_runs',
    help: 'Finished runs whose record is not on the status branch yet: what would be unknown after a loss of the cluster.',
    labelNames: ['repository'],
    registers,
  })
  const oldestUnrecorded = new Map<string, string | null>()
  const lag = new Gauge({
    name: 'fusee_history_lag_seconds',
    help: 'Since the end of the oldest run whose record is not on the status branch yet; 0 when none waits.',
    labelNames: ['repository'],
    registers,
    collect() {
      for (const [repository, at] of oldestUnrecorded) this.set({ repository }, at === null ? 0 : Math.max(0, (now() - parseTimestamp(at)) / 1000))
    },
  })
  const failures = new Counter({ name: 'fusee_reconcile_failures_total', help: 'Reconciles that failed.', labelNames: ['loop'], registers })
  const swept = new Counter({ name: 'fusee_runs_swept_total', help: 'Runs removed by retention.', labelNames: ['repository'], registers })
  const watched = new Map<string, string[]>()
  const stale = new Gauge({
    name: 'fusee_workflow_stale',
    help: '1 when the workflow had no success within its expect.successWithin.',
    labelNames: ['repository', 'workflow'],
    registers,
  })
  const slow = new Gauge({
    name: 'fusee_workflow_slow',
    help: '1 when a run takes, or the last one took, longer than its expect.duration.',
    labelNames: ['repository', 'workflow'],
    registers,
  })
  const definitions = new Gauge({ name: 'fusee_definitions', help: 'Definitions in force.', labelNames: ['repository', 'kind'], registers })

  const handlers: { [Kind in ControllerEvent['kind']]?: (event: Extract<ControllerEvent, { kind: Kind }>) => void } = {
    RunCreated({ repository, run }) {
      const { trigger, fate } = run.spec
      created.inc({ repository, trigger: trigger.kind })
      if (trigger.kind !== 'Schedule') return
      if (fate === 'Fired') ticks.inc({ repository, fate })
      lateness.observe({ repository }, secondsBetween(trigger.tick, run.metadata.creationTimestamp))
    },
    RunFinished({ repository, run }) {
      finished.inc({ repository, workflow: run.spec.workflow, result: run.status?.result ?? 'Failed' })
      duration.observe({ repository, workflow: run.spec.workflow }, lasted(run))
    },
    TickJudged({ repository, fate }) {
      ticks.inc({ repository, fate: fate.fate }, fate.count ?? 1)
    },
    LookEnded({ repository, workflows, schedules }) {
      definitions.set({ repository, kind: 'Workflow' }, workflows.length)
      definitions.set({ repository, kind: 'Schedule' }, schedules.length)
    },
    LookFailed({ repository, reason }) {
      looks.inc({ repository, reason })
    },
    HistoryFailed({ repository, reason }) {
      history.inc({ repository, reason })
    },
    RecordsWaiting({ repository, runs, oldestAt }) {
      unrecorded.set({ repository }, runs)
      oldestUnrecorded.set(repository, oldestAt)
    },
    RecordsPushed({ repository, runs }) {
      recorded.inc({ repository }, runs.length)
    },
    ExpectationsChecked({ repository, expecting, stale: staleNow, slow: slowNow }) {
      for (const workflow of expecting) {
        stale.set({ repository, workflow }, staleNow.includes(workflow) ? 1 : 0)
        slow.set({ repository, workflow }, slowNow.includes(workflow) ? 1 : 0)
      }
      for (const workflow of watched.get(repository) ?? []) {
        if (expecting.includes(workflow)) continue
        stale.remove({ repository, workflow })
        slow.remove({ repository, workflow })
      }
      watched.set(repository, expecting)
    },
    RunSwept({ repository }) {
      swept.inc({ repository })
    },
    // What counts stays as it is; what tells how things are would go on telling it.
    RepositoryLeft({ repository }) {
      for (const workflow of watched.get(repository) ?? []) {
        stale.remove({ repository, workflow })
        slow.remove({ repository, workflow })
      }
      watched.delete(repository)
      oldestUnrecorded.delete(repository)
      for (const gauge of [unrecorded, lag]) gauge.remove({ repository })
      for (const kind of ['Workflow', 'Schedule']) definitions.remove({ repository, kind })
    },
    ReconcileFailed({ key }) {
      failures.inc({ loop: key.split(' ')[0] ?? '' })
    },
  }
  function hear(event: ControllerEvent): void {
    const handle = handlers[event.kind] as ((event: ControllerEvent) => void) | undefined
    handle?.(event)
  }
  return { report: hear, contentType: registry.contentType, read: () => registry.metrics() }
}

function lasted(run: StoredRun): number {
  return secondsBetween(run.metadata.creationTimestamp, run.status?.finishedAt ?? run.metadata.creationTimestamp)
}

function secondsBetween(from: string, to: string): number {
  return Math.max(0, (parseTimestamp(to) - parseTimestamp(from)) / 1000)
}

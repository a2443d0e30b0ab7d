import type { Schedule, Step, Suspension } from '../../src/definitions/workflow.ts'
import type { InForce } from '../../src/history/schedule-notes.ts'
import type { CronCache } from '../../src/triggers/cron.ts'
import { initialCursors } from '../../src/controller/cursors.ts'
import { API_VERSION } from '../../src/runs/objects.ts'
import type { Cursors, RunResult, RunStatus, StepStatus, StoredRun, TickFate, Trigger } from '../../src/runs/run.ts'

/** What a test says about a run; the rest is ordinary. */
export interface RunWish {
  name?: string
  workflow?: string
  trigger?: Trigger
  params?: Record<string, unknown>
  result?: RunResult
  createdAt?: string
  steps?: StepStatus[]
  status?: Partial<RunStatus>
}

export const COMMIT = 'c0ffee0000000000000000000000000000000001'
export const REPOSITORY = { namespace: 'data', name: 'data-jobs' }

/** A finished run. */
export function finishedRun(wish: RunWish = {}): StoredRun {
  const { name = 'nightly-report-9f3k2m7qxz', workflow = 'nightly-report', createdAt = '2026-11-20T01:00:02.000Z', result = 'Succeeded' } = wish
  const startedAt = new Date(Date.parse(createdAt) + 1000).toISOString()
  const finishedAt = new Date(Date.parse(createdAt) + 193_000).toISOString()
  return {
    apiVersion: API_VERSION,
    kind: 'Run',
    metadata: { name, namespace: REPOSITORY.namespace, uid: `uid-${name}`, resourceVersion: '7', creationTimestamp: createdAt },
    spec: {
      repository: REPOSITORY.name,
      workflow,
      commit: COMMIT,
      trigger: wish.trigger ?? { kind: 'Push', branch: 'main' },
      params: wish.params ?? {},
      rerunOf: null,
    },
    status: { phase: 'Finished', steps: wish.steps ?? [], startedAt, finishedAt, result, ...wish.status },
  }
}

/** A step that has ended. */
export function endedStep(name: string, wish: Partial<StepStatus> = {}): StepStatus {
  return {
    name,
    kind: 'Step',
    state: 'Ended',
    result: 'Succeeded',
    startedAt: '2026-11-20T01:00:03.000Z',
    finishedAt: '2026-11-20T01:00:15.000Z',
    attempts: [{ pod: `pod-${name}`, exitCode: 0, startedAt: '2026-11-20T01:00:03.000Z', finishedAt: '2026-11-20T01:00:15.000Z' }],
    ...wish,
  }
}

/** A step as defined. */
export function definedStep(name: string, dependsOn: string[] = [], wish: Partial<Step> = {}): Step {
  return {
    name,
    dependsOn: dependsOn.map((step) => ({ step, when: 'Succeeded' })),
    work: { kind: 'Join' },
    timeoutSeconds: null,
    retries: 0,
    allowFailure: false,
    source: false,
    sourcePaths: [],
    if: null,
    startTimeoutSeconds: 900,
    results: {},
    expansion: null,
    maxParallel: null,
    undo: null,
    templates: [],
    ...wish,
  }
}

/** The run of the contract, more or less: `measure` fails, `publish` is skipped, `notify` runs. */
export function failedRun(wish: RunWish = {}): StoredRun {
  const steps = [
    endedStep('load'),
    endedStep('measure', {
      result: 'Failed',
      reason: 'ExitCode',
      message: 'measure exited with 3',
      attempts: [{ pod: 'pod-measure', exitCode: 3, startedAt: '2026-11-20T01:00:15.000Z', finishedAt: '2026-11-20T01:03:14.000Z' }],
      log: 'reading index.html\n\u001b[31mdu: cannot access\u001b[0m\n',
    }),
    { name: 'publish', kind: 'Step', state: 'Ended', result: 'Skipped', reason: 'DependencyFailed', attempts: [] } satisfies StepStatus,
    endedStep('notify', { kind: 'Finally' }),
  ]
  const definition = {
    labels: {},
    params: {},
    timeoutSeconds: null,
    retention: { succeeded: 10, failed: 30, maxAgeSeconds: 1 },
    failFast: false,
    maxParallel: null,
    concurrency: { policy: 'Allow' as const, group: null, limit: 100 },
    steps: [definedStep('load'), definedStep('measure', ['load']), definedStep('publish', ['measure'])],
    finally: [definedStep('notify')],
  }
  return finishedRun({
    trigger: { kind: 'Schedule', schedule: 'nightly-nordics', tick: '2026-11-20T01:00:00Z' },
    params: { site: 'www.example.fi' },
    result: 'Failed',
    steps,
    status: { reason: 'StepFailed', message: 'measure exited with 3', definition },
    ...wish,
  })
}

/** The fate of a tick of `nightly-nordics`. */
export function fateOf(at: string, wish: Partial<TickFate> = {}): TickFate {
  return { schedule: 'nightly-nordics', workflow: 'nightly-report', at, fate: 'Missed', reason: 'nothing was running', run: null, ...wish }
}

/** Cursors of a repository with one workflow and one schedule. */
export function cursorsWith(wish: Partial<Cursors> = {}): Cursors {
  return {
    ...initialCursors,
    lastCommit: COMMIT,
    validCommits: { 'nightly-report': COMMIT },
    validScheduleCommits: { 'nightly-nordics': COMMIT },
    schedules: { 'nightly-nordics': { judgedUpTo: '2026-11-20T01:00:00Z', form: 'abc' } },
    ...wish,
  }
}

/** A cron whose ticks are the full hours, whatever the expression. */
export const everyHour: CronCache = {
  ticks: () => ({
    form: 'hourly',
    next: (afterMs) => (Math.floor(afterMs / 3_600_000) + 1) * 3_600_000,
    newest: () => null,
    count: () => 0,
  }),
}

/** One schedule of one workflow in force. */
export function inForce(schedule: string, workflow: string, suspend: Suspension | null = null): InForce {
  const definition: Schedule = {
    name: schedule,
    workflow,
    cron: '0 * * * *',
    timeZone: 'Etc/UTC',
    params: {},
    startingDeadlineSeconds: null,
    catchUp: 'Latest',
    afterLoss: 'Report',
    suspend,
    file: 'workflows/x.yaml',
  }
  return { schedules: new Map([[schedule, { definition }]]), workflows: new Map([[workflow, { definition: { suspend: null } }]]) }
}

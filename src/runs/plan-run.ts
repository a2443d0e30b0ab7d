import { formatTimestamp, parseTimestamp } from '../clock.ts'
import type { RunDefinition, Step } from '../definitions/workflow.ts'
import { concludeRun, outcomeOf } from './conclude.ts'
import type { Ended, Readiness } from './dependencies.ts'
import { readinessOf } from './dependencies.ts'
import { jobName } from './names.ts'
import type { Job, JobObservation, StoredJob } from './objects.ts'
import { FINALIZER } from './objects.ts'
import { observeStep } from './observe-step.ts'
import { isOwnJob, renderJob } from './render-job.ts'
import type { RunStatus, StepStatus, StoredRun } from './run.ts'

/** All `finally` steps together get this long from the first one's start: waiting for a free place among other runs' steps costs them nothing. */
const FINALLY_LIMIT_MS = 10 * 60_000

/**
 * What to do next for a run, and what is now known of it. Apply in this order: read the logs into the status, create the Jobs,
 * write the status, then stop and release: so a reason is kept before it acts, and a result before the Job that proves it may go.
 */
export interface RunPlan {
  status: RunStatus
  /** Steps whose log's tail belongs into `status`; read before anything makes it go. */
  readLogs: { step: string; job: StoredJob }[]
  create: { step: string; job: Job }[]
  stop: StoredJob[]
  /** Their results are in the stored Run already. */
  release: StoredJob[]
  /** When to look again even if nothing happens; null when only an event can change something. */
  requeueAtMs: number | null
  /** A step could start but for the limit on active steps. */
  waitsForSlot: boolean
}

/** What the plan of a run is made from. */
export interface RunInput {
  /** With `status.definition`. */
  run: StoredRun
  jobs: readonly JobObservation[]
  nowMs: number
  /** How many steps may become active in this pass. */
  freeSlots: number
}

/** Plans a run: pure, so that the same function serves the controller, the simulator and the tests. */
export function planRun(input: RunInput): RunPlan {
  const { run, nowMs } = input
  const old = run.status
  const definition = old?.definition
  if (old === undefined || definition === undefined) throw new TypeError(`run ${run.metadata.name} has no definition yet`)
  const observed = new Map(input.jobs.map((observation) => [observation.job.metadata.name, observation]))
  const plan: RunPlan = {
    status: { ...old, steps: old.steps.map((step) => ({ ...step })) },
    readLogs: [],
    create: [],
    stop: [],
    release: [],
    requeueAtMs: null,
    waitsForSlot: false,
  }
  if (old.phase !== 'Finished') {
    for (const step of plan.status.steps) observe(plan, input, definition, step, observed)
    advance(plan, input, definition)
  }
  if (observed.size > 0) for (const step of old.steps) release(plan, run, step, observed)
  if (plan.status.phase !== 'Finished') plan.requeueAtMs = earliest(nowMs, deadlinesOf(run, plan.status, definition))
  return plan
}

/** The state in which a run begins: every step waits. */
export function initialSteps(definition: RunDefinition): StepStatus[] {
  const waiting = (kind: StepStatus['kind']) => (step: Step) =>
    ({ name: step.name, kind: kind === 'Step' && step.work.kind === 'Join' ? 'Join' : kind, state: 'Waiting', attempts: [] }) satisfies StepStatus
  return [...definition.steps.map(waiting('Step')), ...definition.finally.map(waiting('Finally'))]
}

/** Takes over what the cluster shows of one step. */
function observe(plan: RunPlan, input: RunInput, definition: RunDefinition, step: StepStatus, observed: ReadonlyMap<string, JobObservation>): void {
  if (step.state === 'Ended' || step.kind === 'Join') return
  const observation = observed.get(step.job ?? jobName(input.run.metadata.name, step.name))
  const own = observation !== undefined && isOwnJob(input.run, observation.job) ? observation : null
  const timeoutSeconds = definitionOf(definition, step)?.timeoutSeconds ?? null
  const before = step.state
  const decided = observeStep(step, own, { nowMs: input.nowMs, timeoutSeconds })
  if (own === null) return
  if (decided.readLog && step.log === undefined) plan.readLogs.push({ step: step.name, job: own.job })
  if (step.state === 'Stopping' && (before !== 'Stopping' || own.job.metadata.deletionTimestamp === undefined)) plan.stop.push(own.job)
}

/** Moves the run on: ends, cancels, starts, concludes. */
function advance(plan: RunPlan, input: RunInput, definition: RunDefinition): void {
  const { status } = plan
  const main = status.steps.filter((step) => step.kind !== 'Finally')
  if (status.outcome === undefined) {
    // What needs no Job comes first: a pass before a crash may have gone on from it already.
    settle(plan, input, definition, main)
    const halt = haltOf(input.run, status, definition, input.nowMs)
    if (halt !== null) haltSteps(plan, input, main, halt)
    else if (definition.failFast) failFast(plan, input, definition, main)
    start(plan, input, definition, main)
    if (main.some((step) => step.state !== 'Ended')) return
    status.outcome = { ...outcomeOf(definition, main, halt), decidedAt: formatTimestamp(input.nowMs) }
  }
  const last = status.steps.filter((step) => step.kind === 'Finally')
  const overdue = input.nowMs >= (finallyDeadlineMs(status) ?? Infinity)
  if (overdue) haltSteps(plan, input, last, { result: 'Failed', reason: 'Timeout', message: 'the finally steps together ran longer than 10m' })
  start(plan, input, definition, last)
  if (last.some((step) => step.state !== 'Ended')) return
  Object.assign(status, concludeRun(definition, status.outcome, last), {
    phase: 'Finished',
    finishedAt: formatTimestamp(input.nowMs),
  } satisfies Partial<RunStatus>)
}

/** Why the whole run is to end early, if it is. */
function haltOf(run: StoredRun, status: RunStatus, definition: RunDefinition, nowMs: number): NonNullable<StepStatus['stop']> | null {
  if (run.metadata.deletionTimestamp !== undefined) return { result: 'Cancelled', reason: 'RunDeleted', message: 'the Run was deleted' }
  if (run.spec.cancel !== undefined)
    return { result: 'Cancelled', reason: 'RunCancelled', message: `cancelled by ${run.spec.cancel.by}: ${run.spec.cancel.reason}` }
  const deadlineMs = runDeadlineMs(run, definition)
  if (deadlineMs === null || nowMs < deadlineMs) return null
  if (status.steps.every((step) => step.kind === 'Finally' || step.state === 'Ended')) return null
  return { result: 'Cancelled', reason: 'RunTimedOut', message: `the run took longer than its ${definition.timeoutSeconds ?? 0}s` }
}

/** Stops what runs, skips what waits. */
function haltSteps(plan: RunPlan, input: RunInput, steps: readonly StepStatus[], stop: NonNullable<StepStatus['stop']>): void {
  for (const step of steps) {
    if (step.state === 'Waiting') skip(step, stop.reason, stop.message, input.nowMs)
    if (step.state === 'Running') stopStep(plan, input, step, stop)
  }
}

/** After a failure that counts: what runs is cancelled, what waits is skipped unless it waits for that failure. */
function failFast(plan: RunPlan, input: RunInput, definition: RunDefinition, steps: readonly StepStatus[]): void {
  const failed = new Set(
    steps.filter((step) => step.result === 'Failed' && definitionOf(definition, step)?.allowFailure === false).map((step) => step.name),
  )
  const first = [...failed][0]
  if (first === undefined) return
  const why = { reason: 'FailFast', message: `${first} failed` }
  for (const step of steps) {
    const reacts =
      definitionOf(definition, step)?.dependsOn.some((dependency) => failed.has(dependency.step) && ['Failed', 'Always'].includes(dependency.when)) ??
      false
    if (reacts) continue
    if (step.state === 'Waiting') skip(step, why.reason, why.message, input.nowMs)
    if (step.state === 'Running') stopStep(plan, input, step, { result: 'Cancelled', ...why })
  }
}

function stopStep(plan: RunPlan, input: RunInput, step: StepStatus, stop: NonNullable<StepStatus['stop']>): void {
  step.state = 'Stopping'
  step.stop = stop
  const observation = input.jobs.find((one) => one.job.metadata.name === step.job)
  if (observation === undefined) return
  plan.stop.push(observation.job)
  if (stop.result === 'Failed') plan.readLogs.push({ step: step.name, job: observation.job })
}

/** Ends joins that are ready and skips what never can be, until nothing changes: each may free others in the same pass. */
function settle(plan: RunPlan, input: RunInput, definition: RunDefinition, steps: readonly StepStatus[]): void {
  let changed = true
  while (changed) {
    changed = false
    for (const status of steps) {
      const step = status.state === 'Waiting' ? definitionOf(definition, status) : undefined
      const readiness = step === undefined ? null : readinessIn(definition, steps, step)
      if (readiness?.kind === 'NeverReady') {
        const { step: name, when } = readiness.blockedBy
        const blocker = steps.find((one) => one.name === name)
        skip(status, 'DependencyNotMet', `${name} ended ${blocker?.result ?? 'otherwise'}, wanted ${when}`, input.nowMs)
        changed = true
      } else if (readiness?.kind === 'Ready' && step?.work.kind === 'Join') {
        Object.assign(status, { state: 'Ended', result: 'Succeeded', ...times(input.nowMs) } satisfies Partial<StepStatus>)
        changed = true
      }
    }
  }
}

/** Starts what is ready, after what needs no Job. */
function start(plan: RunPlan, input: RunInput, definition: RunDefinition, steps: readonly StepStatus[]): void {
  settle(plan, input, definition, steps)
  for (const status of steps) {
    const step = status.state === 'Waiting' ? definitionOf(definition, status) : undefined
    if (step !== undefined && readinessIn(definition, steps, step).kind === 'Ready') startStep(plan, input, definition, step)
  }
}

function readinessIn(definition: RunDefinition, steps: readonly StepStatus[], { dependsOn }: Step): Readiness {
  return readinessOf(dependsOn, (name) => {
    const step = steps.find((one) => one.name === name)
    if (step?.state !== 'Ended' || step.result === undefined) return null
    return { result: step.result, allowFailure: definitionOf(definition, step)?.allowFailure ?? false } satisfies Ended
  })
}

function startStep(plan: RunPlan, input: RunInput, definition: RunDefinition, step: Step): void {
  const active = plan.status.steps.filter((one) => one.state === 'Running' || one.state === 'Stopping').length + plan.create.length
  if (plan.create.length >= input.freeSlots || active >= (definition.maxParallel ?? Number.POSITIVE_INFINITY)) {
    plan.waitsForSlot ||= plan.create.length >= input.freeSlots
    return
  }
  plan.create.push({ step: step.name, job: renderJob(input.run, step) })
}

/** A Job may go once the stored Run holds the step's result. */
function release(plan: RunPlan, run: StoredRun, stored: StepStatus, observed: ReadonlyMap<string, JobObservation>): void {
  if (stored.state !== 'Ended') return
  const observation = observed.get(stored.job ?? jobName(run.metadata.name, stored.name))
  if (observation === undefined || !isOwnJob(run, observation.job)) return
  if (observation.job.metadata.finalizers?.includes(FINALIZER) === true) plan.release.push(observation.job)
}

function skip(step: StepStatus, reason: string, message: string, nowMs: number): void {
  Object.assign(step, { state: 'Ended', result: 'Skipped', reason, message, finishedAt: formatTimestamp(nowMs) } satisfies Partial<StepStatus>)
}

function times(nowMs: number): { startedAt: string; finishedAt: string } {
  return { startedAt: formatTimestamp(nowMs), finishedAt: formatTimestamp(nowMs) }
}

function definitionOf(definition: RunDefinition, step: StepStatus): Step | undefined {
  return (step.kind === 'Finally' ? definition.finally : definition.steps).find((one) => one.name === step.name)
}

function runDeadlineMs(run: StoredRun, definition: RunDefinition): number | null {
  return definition.timeoutSeconds === null ? null : parseTimestamp(run.metadata.creationTimestamp) + definition.timeoutSeconds * 1000
}

function deadlinesOf(run: StoredRun, status: RunStatus, definition: RunDefinition): (number | null)[] {
  const steps = status.steps.map((step) => {
    const seconds = definitionOf(definition, step)?.timeoutSeconds ?? null
    return step.state !== 'Running' || step.startedAt === undefined || seconds === null ? null : parseTimestamp(step.startedAt) + seconds * 1000
  })
  if (status.outcome !== undefined) return [...steps, finallyDeadlineMs(status)]
  return [...steps, runDeadlineMs(run, definition)]
}

function finallyDeadlineMs(status: RunStatus): number | null {
  const starts = status.steps.flatMap((step) => (step.kind === 'Finally' && step.startedAt !== undefined ? [parseTimestamp(step.startedAt)] : []))
  return starts.length === 0 ? null : Math.min(...starts) + FINALLY_LIMIT_MS
}

function earliest(nowMs: number, times: readonly (number | null)[]): number | null {
  const future = times.filter((time) => time !== null && time > nowMs) as number[]
  return future.length === 0 ? null : Math.min(...future)
}

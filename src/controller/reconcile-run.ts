import { JobRefusedError, UnsupportedJobError } from '../cluster/ports.ts'
import type { Context } from '../context.ts'
import { formatTimestamp } from '../clock.ts'
import type { Policy } from '../definitions/policy/policy.ts'
import { admitJob } from '../runs/admit-job.ts'
import { boundMessages } from '../runs/bound-messages.ts'
import type { StoredJob } from '../runs/objects.ts'
import { isSameJson } from '../same-json.ts'
import { observeStep } from '../runs/observe-step.ts'
import type { RunPlan } from '../runs/plan/board.ts'
import type { RunExpressions } from '../runs/run-values.ts'
import type { OwnWrites } from './own-writes.ts'
import type { Queue } from './admit.ts'
import { admit } from './admit.ts'
import { planRun } from '../runs/plan-run.ts'
import { isOwnJob } from '../runs/render-job.ts'
import type { RunStatus, StepStatus, StoredRun } from '../runs/run.ts'
import { refusedDeadlineMs, stepDeadlineMs } from '../runs/step-deadline.ts'
import { isActive, stepKey } from '../runs/step-key.ts'
import type { Claimant, Slots } from './slots.ts'
import { UnfinishedError } from './work-queue.ts'

/** Most of a failed step's log that its record keeps, in bytes. */
const LOG_TAIL_BYTES = 4096

/** Most of all logs of one run, in bytes: a thousand steps may fail, and the Run must stay small. */
const ALL_LOGS_BYTES = 65_536

/** What one pass over a run needs. */
export interface RunReconciliation {
  context: Pick<Context, 'clock' | 'runs' | 'jobs' | 'writeSite' | 'report'>
  /** Shown in events: `namespace/name` of the Repository. */
  repository: string
  slots: Slots
  /** What steps may ask for; null when they run with the rights of whoever started this. */
  policy: Policy | null
  expressions: RunExpressions
  queue: Queue
  /** Uids of the Jobs that this process has told to end, until they are released. */
  told: Set<string>
  /** Keeps what passes write from being looked at again; absent: every change is. */
  ownWrites?: OwnWrites
  /** The first status of a run: its definition pinned, or its end when there is none. Throws when only a later try can tell. */
  pin: (run: StoredRun) => Promise<RunStatus>
  onFinished: (run: StoredRun) => void
}

/**
 * One pass over one run as it was just read: observe, plan, apply. Stopping anywhere is safe: Jobs have derived names, so that the next pass finds those
 * that were made; reasons are stored before they act, results before the Job that proves them may go.
 * Returns when to look again, null when only an event can change something.
 */
export async function reconcileRun(reconciliation: RunReconciliation, found: StoredRun): Promise<number | null> {
  const { context } = reconciliation
  const isPending = found.status?.phase === undefined || found.status.phase === 'Pending'
  const begun = isPending ? await begin(reconciliation, found) : isBegun(found)
  if (begun.kind === 'Waits') return begun.requeueAtMs
  const { run } = begun
  if (run.status?.definition === undefined) {
    reconciliation.onFinished(run)
    return null
  }
  const nowMs = context.clock.now()
  const claimant = claimantOf(run)
  const jobs = await context.jobs.observeJobs(found.metadata)
  const plan = planRun({ run, jobs, nowMs, freeSlots: reconciliation.slots.free(claimant), expressions: reconciliation.expressions })
  // First, so that a slot that its own steps have freed wakes it too.
  if (plan.waitsForSlot) reconciliation.slots.wait(claimant)
  reconciliation.slots.note(claimant, activeSteps(plan.status) + plan.create.length)
  const { again, failures } = await apply(reconciliation, begun.stored, run, plan)
  const nextAtMs = again ? context.clock.now() : earliest([plan.requeueAtMs, ...plan.create.flatMap(deadlinesOf)])
  if (failures.length > 0) throw new UnfinishedError(failures[0], nextAtMs)
  return nextAtMs
}

/** `stored` is the run as the cluster has it, `run` the same as it begins. */
type Begun = { kind: 'Begun'; stored: StoredRun; run: StoredRun } | { kind: 'Waits'; requeueAtMs: number | null }

function isBegun(run: StoredRun): Begun {
  return { kind: 'Begun', stored: run, run }
}

/** Pins the definition of a run that has none, and lets it begin when its workflow's `concurrency` does. */
async function begin(reconciliation: RunReconciliation, found: StoredRun): Promise<Begun> {
  const pinned = found.status?.definition === undefined ? await reconciliation.pin(found) : found.status
  if (pinned.phase === 'Finished') {
    await endJobs(reconciliation, found)
    return isBegun(await writeStatus(reconciliation, found, pinned))
  }
  return reconciliation.queue.turns(async () => {
    const admitted = await admit(reconciliation, found, pinned)
    if (admitted.kind === 'Status') {
      // Nobody else's turn depends on it: it is written along with what the first pass does. Pinned again after a crash, it is the same.
      const isAlone = pinned.definition?.concurrency.policy === 'Allow' && admitted.status.phase === 'Running'
      if (isAlone) reconciliation.queue.beginning.add(found.metadata.name)
      return isAlone
        ? { kind: 'Begun', stored: found, run: { ...found, status: admitted.status } }
        : isBegun(await writeStatus(reconciliation, found, admitted.status))
    }
    // That it waits, and in which group, must be seen by those who come after it.
    if (found.status?.definition === undefined) await writeStatus(reconciliation, found, pinned)
    return { kind: 'Waits', requeueAtMs: admitted.requeueAtMs }
  })
}

/** The run ends without a definition, which is gone for good. A pass before a crash may have made Jobs: nobody waits for them any more. */
async function endJobs({ context: { jobs, writeSite } }: RunReconciliation, run: StoredRun): Promise<void> {
  for (const { job } of await jobs.observeJobs(run.metadata)) {
    if (!isOwnJob(run, job)) continue
    await writeSite('job-stopped', () => jobs.stopJob(job))
    await writeSite('job-released', () => jobs.releaseJob(job))
  }
}

/** Whether another pass is wanted at once, and why Jobs could not be made: all else was done. */
interface Applied {
  again: boolean
  failures: unknown[]
}

/** `found` is the run as the cluster has it, `run` the same as it begins. */
async function apply(reconciliation: RunReconciliation, found: StoredRun, run: StoredRun, plan: RunPlan): Promise<Applied> {
  const { context } = reconciliation
  const { jobs } = context
  for (const { step, job } of plan.readLogs) {
    const maxBytes = logBytes(plan.status)
    step.log = maxBytes === 0 ? '' : await jobs.readLogTail(job, maxBytes)
  }
  // All that can be: one that fails holds up no other, and nothing that is to be written or stopped.
  const made = await Promise.allSettled(plan.create.map((creation) => createJob(reconciliation, run, creation)))
  const failures = made.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []))
  // A request that has failed may have made its Job all the same.
  const unknown = failures.filter((error) => !(error instanceof JobRefusedError)).length
  // What they would have taken is free again, but not for them to try at once.
  if (failures.length > 0) reconciliation.slots.rest(claimantOf(run))
  reconciliation.slots.note(claimantOf(run), activeSteps(plan.status) + unknown)
  boundMessages(found.status, plan.status)
  const stored = isSameJson(found.status, plan.status) ? run : await writeLast(reconciliation, found, plan.status)
  reconciliation.queue.beginning.delete(found.metadata.name)
  await Promise.all([
    ...plan.relabel.map(({ job, labels }) => context.writeSite('job-relabelled', () => jobs.relabelJob(job, labels))),
    ...plan.stop.map((job) => stopJob(reconciliation, job)),
    ...plan.release.map((job) => releaseJob(reconciliation, job)),
  ])
  if (stored.status?.phase === 'Finished') reconciliation.onFinished(stored)
  return { again: made.some((one) => one.status === 'fulfilled' && one.value), failures }
}

/**
 * Tells a Job to end, once: not again while it is going. That somebody else has deleted it is not enough, since its pods may go on for as long as
 * our finalizer holds it; and a process that is new does not know whether the one before it has come to telling it.
 */
async function stopJob({ context: { jobs, writeSite }, told }: RunReconciliation, job: StoredJob): Promise<void> {
  const { uid, deletionTimestamp } = job.metadata
  if (deletionTimestamp !== undefined && told.has(uid)) return
  await writeSite('job-stopped', () => jobs.stopJob(job))
  told.add(uid)
}

async function releaseJob({ context: { jobs, writeSite }, told }: RunReconciliation, job: StoredJob): Promise<void> {
  await writeSite('job-released', () => jobs.releaseJob(job))
  told.delete(job.metadata.uid)
}

/** Makes a step's Job, or takes over the one that a pass before a crash has made. Returns whether another pass is wanted at once. */
async function createJob(reconciliation: RunReconciliation, run: StoredRun, creation: RunPlan['create'][number]): Promise<boolean> {
  const { step, job, startTimeoutSeconds } = creation
  const { clock, jobs, writeSite } = reconciliation.context
  const refuse = (reason: string, message: string): true => {
    Object.assign(step, { state: 'Ended', result: 'Failed', reason, message, finishedAt: formatTimestamp(clock.now()) } satisfies Partial<StepStatus>)
    return true
  }
  const admission = reconciliation.policy === null ? ({ kind: 'Admitted', job } as const) : admitJob(reconciliation.policy, job)
  if (admission.kind === 'Refused') return refuse('PolicyDenied', admission.message)
  try {
    const { kind, object } = await writeSite('job-created', () => jobs.createJob(admission.job))
    if (!isOwnJob(run, object)) return refuse('NameConflict', `a Job ${object.metadata.name} that is not of this run is in the way: delete it`)
    observeStep(step, { job: object, pods: [] }, { nowMs: clock.now(), timeoutSeconds: null, startTimeoutSeconds: null, results: {} })
    // Nobody tells of one that was there before a crash, whatever has become of it since.
    return kind === 'Exists'
  } catch (error) {
    if (error instanceof UnsupportedJobError) return refuse('Unsupported', error.message)
    const message = `its Job could not be made: ${error instanceof Error ? error.message : String(error)}`
    if (error instanceof JobRefusedError) {
      step.refusedSince ??= formatTimestamp(clock.now())
      // Only now that none is there, be it of an earlier try whose answer was lost.
      const isOver = clock.now() >= (refusedDeadlineMs(step, startTimeoutSeconds) ?? Infinity)
      if (isOver) return refuse('StartTimeout', `could not start within ${startTimeoutSeconds}s: ${message}`)
    }
    step.message = message
    throw error
  }
}

async function writeStatus(reconciliation: RunReconciliation, run: StoredRun, status: RunStatus): Promise<StoredRun> {
  const { context, repository } = reconciliation
  const stored = await context.writeSite('run-status-written', () => context.runs.updateRun({ ...run, status }))
  const states = new Map(run.status?.steps.map((step) => [stepKey(step), step.state]))
  const changes = status.steps
    .map((step) => ({ step, before: states.get(stepKey(step)) ?? 'Waiting' }))
    .filter(({ step, before }) => before !== step.state)
  // What had begun and has ended is told before what follows from it, wherever that stands.
  for (const { step, before } of changes.sort((one, other) => Number(one.before === 'Waiting') - Number(other.before === 'Waiting'))) {
    if (before === 'Waiting' && step.startedAt !== undefined) context.report({ kind: 'StepStarted', repository, run: run.metadata.name, step })
    if (step.state === 'Ended') context.report({ kind: 'StepEnded', repository, run: run.metadata.name, step })
  }
  if (status.phase === 'Finished') context.report({ kind: 'RunFinished', repository, run: stored })
  return stored
}

/** What a pass leaves: the next one with nothing new to see would do nothing. */
function writeLast(reconciliation: RunReconciliation, run: StoredRun, status: RunStatus): Promise<StoredRun> {
  const write = (): Promise<StoredRun> => writeStatus(reconciliation, run, status)
  return reconciliation.ownWrites === undefined ? write() : reconciliation.ownWrites.write(run.metadata, write)
}

function deadlinesOf({ step, timeoutSeconds, startTimeoutSeconds }: RunPlan['create'][number]): (number | null)[] {
  return [stepDeadlineMs(step, timeoutSeconds), refusedDeadlineMs(step, startTimeoutSeconds)]
}

function earliest(times: readonly (number | null)[]): number | null {
  const known = times.filter((time) => time !== null)
  return known.length === 0 ? null : Math.min(...known)
}

function claimantOf({ metadata, spec }: StoredRun): Claimant {
  return { run: metadata.name, workflow: spec.workflow }
}

function activeSteps(status: RunStatus): number {
  return status.steps.filter(isActive).length
}

/** How much of the next failed step's log is kept: less, the more there is already. */
function logBytes({ steps }: RunStatus): number {
  const used = steps.reduce((sum, { log = '' }) => sum + Buffer.byteLength(log), 0)
  return Math.max(0, Math.min(LOG_TAIL_BYTES, Math.floor((ALL_LOGS_BYTES - used) / 8)))
}

import { formatTimestamp, parseTimestamp } from '../clock.ts'
import { groupOf, planAdmission } from '../runs/admission.ts'
import { isOwnJob } from '../runs/render-job.ts'
import type { RunCancellation, RunResult, RunStatus, StepStatus, StoredRun } from '../runs/run.ts'
import type { RunReconciliation } from './reconcile-run.ts'

/** Does one thing at a time: whoever admits a run must see all that others were admitted before. */
export type Turns = <T>(work: () => Promise<T>) => Promise<T>

function createTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const next = last.then(work, work)
    last = next.catch(() => undefined)
    return next
  }
}

/** Who of one Repository may begin. */
export interface Queue {
  turns: Turns
  /** Runs that wait for their turn; they are woken when another has ended. */
  waiting: Set<string>
  /** Runs that have begun while their status does not say so yet. */
  beginning: Set<string>
}

/** A queue in which nobody waits. */
export function createQueue(): Queue {
  return { turns: createTurns(), waiting: new Set(), beginning: new Set() }
}

/** What became of a run that was to be admitted: its next status, or when to ask again. */
export type Admitted = { kind: 'Status'; status: RunStatus } | { kind: 'Waits'; requeueAtMs: number | null }

/** How soon a run that has begun will have said so, or will be looked at again. */
const UNTOLD_MS = 1000

/**
 * Admits a run whose definition is pinned, by its workflow's `concurrency`. Whom it replaces is told to end first, and is waited for with
 * all its Jobs and `finally` steps. One that is cancelled or over time while it waits ends without having begun.
 */
export async function admit({ context, queue }: RunReconciliation, run: StoredRun, status: RunStatus): Promise<Admitted> {
  const nowMs = context.clock.now()
  const begun: Admitted = { kind: 'Status', status: { ...status, phase: 'Running', startedAt: formatTimestamp(nowMs) } }
  // Stopped after its first Jobs were made and before its status told of them: it has begun, whatever else is true of it by now.
  if ((await context.jobs.observeJobs(run.metadata)).some(({ job }) => isOwnJob(run, job))) return begun
  const early = earlyEnd(run, status, nowMs)
  if (early !== null) return { kind: 'Status', status: neverBegun(status, early, nowMs) }
  const { namespace, name } = run.metadata
  const pinned: StoredRun = { ...run, status }
  const all = status.definition?.concurrency.policy === 'Allow' ? [] : await context.runs.listRuns({ namespace, repository: run.spec.repository })
  if (await anyBegunUntold(context, queue, run, all)) {
    queue.waiting.add(name)
    return { kind: 'Waits', requeueAtMs: nowMs + UNTOLD_MS }
  }
  const group = groupOf(pinned, all)
  const admission = planAdmission(pinned, group)
  switch (admission.kind) {
    case 'Begin':
      queue.waiting.delete(name)
      return begun
    case 'Skip':
      return { kind: 'Status', status: neverBegun(status, { result: 'Skipped', reason: admission.reason, message: admission.message }, nowMs) }
    case 'Replace':
      for (const one of admission.replaced) await tellToEnd(context, one, { by: 'fusee', reason: `replaced by ${name}`, word: 'Replaced' })
      for (const one of admission.superseded) await tellToEnd(context, one, { by: 'fusee', reason: `superseded by ${name}`, word: 'Superseded' })
      queue.waiting.add(name)
      return { kind: 'Waits', requeueAtMs: deadlineMs(run, status) }
    case 'Wait':
      queue.waiting.add(name)
      return { kind: 'Waits', requeueAtMs: deadlineMs(run, status) }
  }
}

/**
 * Whether another run of the workflow has begun and nobody can read so yet: under Allow that is told along with the first Jobs. It may be one of an
 * earlier version of the workflow, and a pass before a crash may have made those Jobs.
 */
async function anyBegunUntold({ jobs }: RunReconciliation['context'], queue: Queue, run: StoredRun, all: readonly StoredRun[]): Promise<boolean> {
  const untold = all.filter(({ metadata, spec, status }) => {
    const isOther = spec.workflow === run.spec.workflow && metadata.uid !== run.metadata.uid
    return isOther && status?.definition === undefined && status?.phase !== 'Finished'
  })
  if (untold.some(({ metadata }) => queue.beginning.has(metadata.name))) return true
  for (const other of untold) if ((await jobs.observeJobs(other.metadata)).some(({ job }) => isOwnJob(other, job))) return true
  return false
}

async function tellToEnd({ runs, writeSite }: RunReconciliation['context'], run: StoredRun, cancel: RunCancellation): Promise<void> {
  await writeSite('run-status-written', () => runs.updateRun({ ...run, spec: { ...run.spec, cancel } }))
}

interface EarlyEnd {
  result: RunResult
  reason: string
  message: string
}

function earlyEnd(run: StoredRun, status: RunStatus, nowMs: number): EarlyEnd | null {
  if (run.metadata.deletionTimestamp !== undefined) return { result: 'Cancelled', reason: 'RunDeleted', message: 'the Run was deleted' }
  const { cancel } = run.spec
  if (cancel !== undefined) {
    return {
      result: 'Cancelled',
      reason: cancel.word ?? 'RunCancelled',
      message: cancel.word === undefined ? `cancelled by ${cancel.by}: ${cancel.reason}` : cancel.reason,
    }
  }
  const seconds = status.definition?.timeoutSeconds ?? 0
  return nowMs >= (deadlineMs(run, status) ?? Infinity)
    ? { result: 'TimedOut', reason: 'RunTimedOut', message: `the run waited longer than its ${seconds}s` }
    : null
}

function deadlineMs(run: StoredRun, { definition }: RunStatus): number | null {
  const seconds = definition?.timeoutSeconds ?? null
  return seconds === null ? null : parseTimestamp(run.metadata.creationTimestamp) + seconds * 1000
}

function neverBegun(status: RunStatus, end: EarlyEnd, nowMs: number): RunStatus {
  const finishedAt = formatTimestamp(nowMs)
  // What a rerun has taken over has ended already.
  const skip = (step: StepStatus): StepStatus => ({ ...step, state: 'Ended', result: 'Skipped', reason: end.reason, finishedAt })
  const steps = status.steps.map((step) => (step.state === 'Ended' ? step : skip(step)))
  return { ...status, ...end, phase: 'Finished', steps, finishedAt }
}

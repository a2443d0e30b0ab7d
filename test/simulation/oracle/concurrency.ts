import type { StoredRun } from '../../../src/runs/run.ts'
import { isActive, jobsOf, type RunFacts } from '../facts.ts'
import { SLACK_MS, workflowOf, type Case } from './case.ts'

/** Judges a change of a Run by its workflow's `concurrency`. */
export function checkConcurrency(input: Case, run: RunFacts, before: StoredRun | null, after: StoredRun): void {
  const policy = policyOf(input, run)
  if (after.spec.cancel?.by === 'fusee' && before?.spec.cancel === undefined) checkReplaced(input, run, after)
  checkCancelled(input, run, before, after)
  if (policy === 'Allow') return
  const phaseBefore = before?.status?.phase
  const { phase, result } = after.status ?? {}
  if (phase === 'Running' && phaseBefore !== 'Running') checkBegin(input, run)
  if (phase === 'Pending' && phaseBefore === undefined && policy === 'Queue') checkPlace(input, run)
  if (phase === 'Finished' && result === 'Skipped' && phaseBefore !== 'Finished') checkSkipped(input, run, after)
}

/** One at a time, the last one with all its Jobs and `finally` steps; those that wait in their order, or the newest alone. */
function checkBegin(input: Case, run: RunFacts): void {
  for (const other of groupOf(input, run)) {
    const { phase } = other.run.status ?? {}
    if (phase === 'Running') input.complain('concurrency', `run ${run.name} began while ${other.name} had not ended`)
    if (jobsOf(input.facts, other.name).some((job) => isActive(job) && !job.isGone))
      input.complain('concurrency', `run ${run.name} began while a Job of ${other.name} was active`)
    const isFirst = phase === 'Pending' && cameFirst(other, run) && other.run.status?.definition !== undefined
    if (isFirst && policyOf(input, run) === 'Queue' && policyOf(input, other) === 'Queue')
      input.complain('queue-order', `run ${run.name} began before ${other.name}, which came first`)
  }
}

/** A tick that was judged keeps its place; everybody else finds no more than `limit` before them. */
function checkPlace(input: Case, run: RunFacts): void {
  const limit = workflowOf(input, run)?.concurrency.limit ?? Infinity
  const before = groupOf(input, run).filter((other) => other.run.status?.phase === 'Pending' && cameFirst(other, run))
  const pinned = before.filter((other) => other.run.status?.definition !== undefined)
  if (run.run.spec.fate === undefined && pinned.length >= limit)
    input.complain('queue-limit', `run ${run.name} waits behind ${pinned.length} others, at most ${limit} may`)
}

/** A newcomer is Skipped only because another was there. */
function checkSkipped(input: Case, run: RunFacts, { status, spec }: StoredRun): void {
  const policy = policyOf(input, run)
  const where = `run ${run.name} is Skipped (${status?.reason})`
  if (spec.fate === 'Fired' || spec.fate === 'Late') input.complain('skipped-tick', `${where} though its tick is ${spec.fate}`)
  // A tick is judged by what was in force then, which may have changed.
  if (spec.fate === 'Skipped') return
  if (policy !== 'Forbid' && policy !== 'Queue') return input.complain('skipped-run', `${where}, its workflow says ${policy}`)
  const others = groupOf(input, run).filter(
    (other) => other.createdAtMs <= input.now() && (other.finishedAtMs ?? Infinity) > run.createdAtMs - SLACK_MS,
  )
  const needed = policy === 'Forbid' ? 1 : (workflowOf(input, run)?.concurrency.limit ?? 0)
  if (others.length < needed) input.complain('skipped-run', `${where}, there were ${others.length} others`)
}

/** Whom the controller tells to end, a younger run of the group replaces. */
function checkReplaced(input: Case, run: RunFacts, { spec, status }: StoredRun): void {
  const { reason = '', word } = spec.cancel ?? {}
  const newcomer = input.facts.runs.get(reason.split(' ').at(-1) ?? '')
  const where = `run ${run.name} was told to end (${word}: ${reason})`
  if (newcomer === undefined || policyOf(input, newcomer) !== 'Replace')
    return input.complain('replaced', `${where}, which is no business of anybody`)
  if (newcomer.run.spec.workflow !== spec.workflow) input.complain('replaced', `${where} by a run of another workflow`)
  if (groupNameOf(input, newcomer) !== groupNameOf(input, run)) input.complain('replaced', `${where} by a run of another group`)
  if ((status?.phase === 'Running') !== (word === 'Replaced')) input.complain('replaced', `${where} and was ${status?.phase}`)
}

/** Who was told to end before its end is Cancelled, however far it had come; one whose definition is gone never was anything. */
function checkCancelled(input: Case, { name }: RunFacts, before: StoredRun | null, { status }: StoredRun): void {
  if (before === null || before.status?.phase === 'Finished' || status?.phase !== 'Finished' || status.definition === undefined) return
  const isTold = before.spec.cancel !== undefined || before.metadata.deletionTimestamp !== undefined
  if (isTold && status.result !== 'Cancelled') input.complain('not-cancelled', `run ${name} was told to end, and is ${status.result}`)
}

/** Other runs of the workflow that share their place with this one. */
function groupOf(input: Case, run: RunFacts): RunFacts[] {
  const name = groupNameOf(input, run)
  return [...input.facts.runs.values()].filter(
    (other) => other !== run && other.run.spec.workflow === run.run.spec.workflow && groupNameOf(input, other) === name,
  )
}

/** The cluster tells whole seconds: of runs of one second any may be the first. */
function cameFirst({ run: one }: RunFacts, { run: other }: RunFacts): boolean {
  return one.metadata.creationTimestamp < other.metadata.creationTimestamp
}

function groupNameOf(input: Case, run: RunFacts): string {
  const concurrency = workflowOf(input, run)?.concurrency
  return concurrency?.policy !== 'Allow' && concurrency?.byTrigger === true ? run.run.spec.trigger.kind : ''
}

function policyOf(input: Case, run: RunFacts): string {
  return workflowOf(input, run)?.concurrency.policy ?? 'Allow'
}

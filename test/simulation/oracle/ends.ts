import { hasSucceeded, isActive, isExhausted, jobOf, jobsOf, resultsLeft, type JobFacts, type RunFacts } from '../facts.ts'
import type { StepModel, WorkflowModel } from '../model.ts'
import type { Case } from './case.ts'

/** How a step has ended, as far as the world shows; `Open` while it has not. */
export type StepEnd = 'Succeeded' | 'Failed' | 'Skipped' | 'Cancelled' | 'Cached' | 'Open'

/** One step, or one expansion of it, with its end. */
export interface Unit {
  name: string
  end: StepEnd
}

/** Whether a condition of `dependsOn` holds after these ends of a step's expansions, by section 2.1 of the product's contract. */
export function conditionHolds(when: StepModel['dependsOn'][number]['when'], ends: readonly StepEnd[], allowFailure: boolean): boolean {
  const isGood = (end: StepEnd): boolean => end === 'Succeeded' || end === 'Cached' || (end === 'Failed' && allowFailure)
  switch (when) {
    case 'Succeeded':
      return ends.every(isGood)
    case 'Failed':
      return ends.includes('Failed') && !ends.includes('Open')
    case 'NotFailed':
      return ends.every((end) => isGood(end) || end === 'Skipped')
    case 'Always':
      return !ends.includes('Open')
  }
}

/** Whether all that a step depends on has ended as it wants, or cannot any more. */
function readinessOf(input: Case, run: RunFacts, siblings: readonly StepModel[], step: StepModel): 'Ready' | 'Never' | 'Open' {
  const outlooks = step.dependsOn.map(({ step: name, when }) => {
    const dependency = siblings.find((one) => one.name === name)
    const ends = dependency === undefined ? (['Open'] as const) : unitsOf(input, run, siblings, dependency).map(({ end }) => end)
    if (conditionHolds(when, ends, dependency?.allowFailure ?? false)) return 'Ready'
    const settled = ends.filter((end) => end !== 'Open')
    const isHopeless = when !== 'Failed' && !conditionHolds(when, settled, dependency?.allowFailure ?? false)
    return settled.length < ends.length && !isHopeless ? 'Open' : 'Never'
  })
  if (outlooks.includes('Never')) return 'Never'
  return outlooks.includes('Open') ? 'Open' : 'Ready'
}

/** A step, or its expansions once it has become them. */
export function unitsOf(input: Case, run: RunFacts, siblings: readonly StepModel[], step: StepModel): Unit[] {
  const { name } = step
  const whole = endRecorded(run, name)
  if (whole !== 'Open') return [{ name, end: whole }]
  if (step.expansion !== null && hasExpanded(input, run, name)) {
    return expansionNames(input, run, step).map((one) => ({ name: one, end: endOfUnit(input, run, step, one) }))
  }
  if (step.expansion === null && jobOf(input.facts, run.name, name) !== undefined) return [{ name, end: endOfUnit(input, run, step, name) }]
  if (run.run.spec.carriedOver?.some((one) => one.name === name) === true) return [{ name, end: 'Succeeded' }]
  const approval = step.kind === 'Approval' ? endOfApproval(input, run, step) : 'Open'
  if (approval !== 'Open') return [{ name, end: approval }]
  const readiness = readinessOf(input, run, siblings, step)
  if (readiness === 'Never' || wasGivenUp(run, name)) return [{ name, end: 'Skipped' }]
  if (readiness === 'Open' || step.kind === 'Approval') return [{ name, end: 'Open' }]
  if (conditionOf(input, run, step) === false) return [{ name, end: 'Skipped' }]
  if (step.kind === 'Join') return [{ name, end: 'Succeeded' }]
  if (step.expansion === null) return [{ name, end: 'Open' }]
  const names = expansionNames(input, run, step)
  return names.length === 0 ? [{ name, end: 'Succeeded' }] : names.map((one) => ({ name: one, end: endOfUnit(input, run, step, one) }))
}

/** What a step's `if` comes to; null where nobody can tell any more. */
export function conditionOf(input: Case, run: RunFacts, step: StepModel): boolean | null {
  if (step.if === null) return true
  if (step.if.kind === 'Go') return input.goOf(run)
  const left = leftBy(input, run, step.if.step)
  return left === null ? null : left.n > 0
}

/** The names of a step's expansions; the first where nobody can tell how many there are. */
export function expansionNames(input: Case, run: RunFacts, { name, expansion }: StepModel): string[] {
  if (expansion === null) return [name]
  const count = expansion.kind === 'Items' ? leftBy(input, run, expansion.step)?.items.length : expansion.count
  return Array.from({ length: count ?? 1 }, (_, index) => `${name}/${index}`)
}

/** Whether a Job has run to its end well and left what its step says that it leaves. */
export function hasDoneItsWork(step: StepModel, job: JobFacts): boolean {
  return hasSucceeded(job) && (!step.hasResults || job.isUndo || resultsLeft(job) !== null)
}

/** What a step has left, in this run or in the one from which it was carried over. */
function leftBy(input: Case, run: RunFacts, step: string): { n: number; items: unknown[] } | null {
  const carried = run.run.spec.carriedOver?.find(({ name }) => name === step)
  if (carried !== undefined) {
    const origin = input.facts.runs.get(run.run.spec.rerunOf ?? '')
    return origin === undefined ? null : leftBy(input, origin, step)
  }
  const job = jobOf(input.facts, run.name, step)
  return job === undefined ? null : resultsLeft(job)
}

/** Approved in time, over its time, or neither. */
function endOfApproval({ now }: Case, { run: { spec, status } }: RunFacts, { name, timeoutSeconds }: StepModel): StepEnd {
  const startedAt = status?.steps.find((one) => one.name === name)?.startedAt
  if (startedAt === undefined) return 'Open'
  const untilMs = Date.parse(startedAt) + (timeoutSeconds ?? 0) * 1_000
  if (spec.approvals?.some((one) => one.step === name && Date.parse(one.at) < untilMs) === true) return 'Succeeded'
  return now() >= untilMs ? 'Failed' : 'Open'
}

function hasExpanded(input: Case, { name: run, run: { status } }: RunFacts, step: string): boolean {
  const isExpansion = (name: string): boolean => name.startsWith(`${step}/`)
  return (status?.steps.some(({ name }) => isExpansion(name)) ?? false) || jobsOf(input.facts, run).some((job) => isExpansion(job.step))
}

function wasGivenUp({ run: { spec } }: RunFacts, name: string): boolean {
  return spec.cancelSteps?.some(({ step }) => step === name || step === name.replace(/\/\d+$/, '')) ?? false
}

function endRecorded({ run: { status } }: RunFacts, name: string): StepEnd {
  const step = status?.steps.find((one) => one.name === name && one.kind !== 'Undo')
  return step?.state === 'Ended' ? (step.result ?? 'Open') : 'Open'
}

/**
 * How a step with a Job has ended: by its pods where they decide, and only where somebody intervened (a stop, a deletion, a time-out) by what
 * the Run says, since then both is right.
 */
function endOfUnit(input: Case, run: RunFacts, step: StepModel, name: string): StepEnd {
  const recorded = endRecorded(run, name)
  if (recorded !== 'Open') return recorded
  const job = jobOf(input.facts, run.name, name)
  if (job === undefined) {
    if (run.run.spec.carriedOver?.some((one) => one.name === name) === true) return 'Succeeded'
    return wasGivenUp(run, name) ? 'Skipped' : 'Open'
  }
  if (job.stoppedAtMs !== null || job.isGone) {
    const stop = run.run.status?.steps.find((one) => one.name === name && one.kind !== 'Undo')?.stop
    return isActive(job) ? 'Open' : (stop?.result ?? (hasDoneItsWork(step, job) ? 'Succeeded' : 'Failed'))
  }
  if (hasSucceeded(job)) return hasDoneItsWork(step, job) ? 'Succeeded' : 'Failed'
  return isExhausted(job) ? 'Failed' : 'Open'
}

/** Whether what the steps came to is a failure that counts. */
export function hasFailed(input: Case, run: RunFacts, { steps }: WorkflowModel): boolean {
  return steps.some((step) => !step.allowFailure && unitsOf(input, run, steps, step).some(({ end }) => end === 'Failed'))
}

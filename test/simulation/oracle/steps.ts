import { hasSucceeded, isActive, isExhausted, type JobFacts, type RunFacts } from '../facts.ts'
import type { StepModel, WorkflowModel } from '../model.ts'
import { SLACK_MS, stepOf, workflowOf, type Case } from './case.ts'

/** How a step has ended, as far as the world shows; `Open` while it has not. */
export type StepEnd = 'Succeeded' | 'Failed' | 'Skipped' | 'Cancelled' | 'Cached' | 'Open'

/** Whether a condition of `dependsOn` holds after this end, by section 2.1 of the product's contract. */
export function conditionHolds(when: StepModel['dependsOn'][number]['when'], end: StepEnd, allowFailure: boolean): boolean {
  const isGood = end === 'Succeeded' || end === 'Cached' || (end === 'Failed' && allowFailure)
  switch (when) {
    case 'Succeeded':
      return isGood
    case 'Failed':
      return end === 'Failed'
    case 'NotFailed':
      return isGood || end === 'Skipped'
    case 'Always':
      return end !== 'Open'
  }
}

/** Judges a Job at the moment at which it is made: was it its turn? */
export function checkNewJob(input: Case, job: JobFacts): void {
  const run = input.facts.runs.get(job.run)
  const workflow = run === undefined ? null : workflowOf(input, run)
  if (run === undefined || workflow === null)
    return input.complain('job-without-run', `Job ${job.name} belongs to no run of a workflow that is there`)
  const found = stepOf(workflow, job.step)
  if (found === null || found.step.kind === 'Join') return input.complain('job-without-step', `Job ${job.name} belongs to no step with a Job`)
  const { step, isFinally } = found
  if (job.creations > 1 && job.wasKnown) input.complain('job-twice', `Job ${job.name} was made ${job.creations} times`)
  if (run.finishedAtMs !== null) input.complain('job-after-end', `Job ${job.name} was made after its run had finished`)
  if (job.job.spec.backoffLimit !== step.retries) {
    input.complain('retries', `Job ${job.name} has backoffLimit ${job.job.spec.backoffLimit}, its step ${step.retries} retries`)
  }
  if (step.timeoutSeconds !== null && (job.job.spec.activeDeadlineSeconds ?? Infinity) > step.timeoutSeconds + 600) {
    input.complain('no-backstop', `Job ${job.name} has no deadline near its time-out of ${step.timeoutSeconds}s`)
  }
  const siblings = isFinally ? workflow.finally : workflow.steps
  for (const { step: name, when } of step.dependsOn) {
    const dependency = siblings.find((one) => one.name === name)
    const end = dependency === undefined ? 'Open' : endOf(input, run, siblings, dependency)
    if (!conditionHolds(when, end, dependency?.allowFailure ?? false) && !wasTakenAway(input, run)) {
      input.complain('too-early', `Job ${job.name} was made though ${name} is ${end} and ${when} is wanted`)
    }
  }
  if (isFinally) checkStepsEnded(input, run, workflow, job)
  else checkNotOver(input, run, workflow, step)
  checkParallel(input, run, workflow, job)
}

function checkStepsEnded(input: Case, run: RunFacts, workflow: WorkflowModel, job: JobFacts): void {
  const open = workflow.steps.filter(
    (step) => endOf(input, run, workflow.steps, step) === 'Open' && !(isHalted(input, run, workflow) && !hasJob(input, run, step)),
  )
  if (open.length > 0)
    input.complain('finally-too-early', `finally Job ${job.name} was made while ${open.map(({ name }) => name).join(', ')} had not ended`)
}

/** Whether the whole run is being ended: what has not begun then never does, which is decided and acted on in one pass. */
function isHalted(input: Case, { run, createdAtMs }: RunFacts, { timeoutSeconds, failFast }: WorkflowModel): boolean {
  const isOverdue = timeoutSeconds !== null && (input.now() - createdAtMs >= timeoutSeconds * 1_000 - 1_000 || !input.isClockTrue)
  return run.spec.cancel !== undefined || run.metadata.deletionTimestamp !== undefined || isOverdue || failFast
}

/** Whether somebody took a Job of the run away before its result was noted: what came of that, and so of all that follows, can no longer be known. */
function wasTakenAway(input: Case, run: RunFacts): boolean {
  const noted = new Set(run.run.status?.steps.filter(({ state }) => state === 'Ended').map(({ name }) => name))
  return [...input.facts.jobs.values()].some((job) => job.run === run.name && job.isGone && !noted.has(job.step))
}

function hasJob(input: Case, run: RunFacts, step: StepModel): boolean {
  return [...input.facts.jobs.values()].some((job) => job.run === run.name && job.step === step.name)
}

/** Nothing but `finally` begins once a run is cancelled, or once a step failed that ends all others. */
function checkNotOver(input: Case, run: RunFacts, { failFast, steps }: WorkflowModel, step: StepModel): void {
  const isLongAgo = (atMs: number): boolean => input.now() - atMs > SLACK_MS
  if (run.cancelledAtMs !== null && isLongAgo(run.cancelledAtMs))
    input.complain('job-after-cancel', `step ${step.name} of ${run.name} began after its cancellation`)
  if (!failFast || step.dependsOn.some(({ when }) => when === 'Failed' || when === 'Always')) return
  const failed = run.run.status?.steps.find((one) => {
    const counts = steps.some(({ name, allowFailure }) => name === one.name && !allowFailure)
    return counts && one.result === 'Failed' && isLongAgo(Date.parse(one.finishedAt ?? ''))
  })
  if (failed !== undefined) input.complain('job-after-failure', `step ${step.name} of ${run.name} began though ${failed.name} had failed`)
}

function checkParallel(input: Case, run: RunFacts, workflow: WorkflowModel, job: JobFacts): void {
  const active = [...input.facts.jobs.values()].filter(isActive)
  const own = active.filter((one) => one.run === run.name).length
  if (own > (workflow.maxParallel ?? Infinity)) {
    input.complain('max-parallel', `${own} Jobs of ${run.name} are active with ${job.name}, at most ${workflow.maxParallel} may be`)
  }
  if (active.length > input.maxParallelSteps) {
    input.complain('max-parallel-steps', `${active.length} Jobs are active with ${job.name}, at most ${input.maxParallelSteps} may be`)
  }
}

/**
 * How a step has ended: by its pods where they decide, by what its dependencies rule out, and only where somebody
 * intervened (a stop, a deletion, a time-out) by what the Run says, since then both is right.
 */
function endOf(input: Case, run: RunFacts, siblings: readonly StepModel[], step: StepModel): StepEnd {
  const job = [...input.facts.jobs.values()].find((one) => one.run === run.name && one.step === step.name)
  const status = run.run.status?.steps.find((one) => one.name === step.name)
  const recorded: StepEnd = status?.state === 'Ended' ? (status.result ?? 'Open') : 'Open'
  if (job !== undefined) {
    if (recorded !== 'Open') return recorded
    if (job.stoppedAtMs !== null || job.isGone) return isActive(job) ? 'Open' : (status?.stop?.result ?? (hasSucceeded(job) ? 'Succeeded' : 'Failed'))
    if (hasSucceeded(job)) return 'Succeeded'
    return isExhausted(job) ? 'Failed' : 'Open'
  }
  if (recorded !== 'Open') return recorded
  const ends = step.dependsOn.map(({ step: name, when }) => {
    const dependency = siblings.find((one) => one.name === name)
    const end = dependency === undefined ? 'Open' : endOf(input, run, siblings, dependency)
    if (end === 'Open') return 'Open'
    return conditionHolds(when, end, dependency?.allowFailure ?? false) ? 'Holds' : 'Fails'
  })
  if (ends.includes('Fails')) return 'Skipped'
  if (step.kind === 'Join' && !ends.includes('Open')) return 'Succeeded'
  return 'Open'
}

import { isActive, jobsOf, type JobFacts, type RunFacts } from '../facts.ts'
import { stepKey } from '../../../src/runs/step-key.ts'
import type { StepModel, WorkflowModel } from '../model.ts'
import { SLACK_MS, stepOf, workflowOf, type Case } from './case.ts'
import { conditionHolds, conditionOf, expansionNames, hasFailed, unitsOf, type Unit } from './ends.ts'
import { checkNewUndo, checkUndone } from './undos.ts'

/** Judges a Job at the moment at which it is made: was it its turn? */
export function checkNewJob(input: Case, job: JobFacts): void {
  const run = input.facts.runs.get(job.run)
  const workflow = run === undefined ? null : workflowOf(input, run)
  if (run === undefined || workflow === null)
    return input.complain('job-without-run', `Job ${job.name} belongs to no run of a workflow that is there`)
  const found = stepOf(workflow, job.step)
  if (found === null || found.step.kind !== 'Container') return input.complain('job-without-step', `Job ${job.name} belongs to no step with a Job`)
  const { step, isFinally } = found
  if (job.creations > 1 && job.wasKnown) input.complain('job-twice', `Job ${job.name} was made ${job.creations} times`)
  if (run.finishedAtMs !== null) input.complain('job-after-end', `Job ${job.name} was made after its run had finished`)
  if (job.job.spec.backoffLimit !== step.retries) {
    input.complain('retries', `Job ${job.name} has backoffLimit ${job.job.spec.backoffLimit}, its step ${step.retries} retries`)
  }
  if (step.timeoutSeconds !== null && (job.job.spec.activeDeadlineSeconds ?? Infinity) > step.timeoutSeconds + 600) {
    input.complain('no-backstop', `Job ${job.name} has no deadline near its time-out of ${step.timeoutSeconds}s`)
  }
  if (job.isUndo) checkNewUndo(input, run, workflow, step, job)
  else checkTurn(input, run, workflow, step, job)
  if (isFinally) {
    checkStepsEnded(input, run, workflow, job)
    checkUndone(input, run, workflow, job)
  } else if (!job.isUndo) checkNotOver(input, run, workflow, step)
  checkParallel(input, run, workflow, step, job)
}

/** Whether all that the step depends on had ended as it wants, and its condition holds. */
function checkTurn(input: Case, run: RunFacts, workflow: WorkflowModel, step: StepModel, job: JobFacts): void {
  if (isUnknowable(input, run)) return
  const siblings = workflow.finally.includes(step) ? workflow.finally : workflow.steps
  // What has not begun is given up in the very pass that sees the failure.
  const failsFast = workflow.failFast && hasFailed(input, run, workflow)
  for (const { step: name, when } of step.dependsOn) {
    const dependency = siblings.find((one) => one.name === name)
    const units = dependency === undefined ? [] : unitsOf(input, run, siblings, dependency)
    const isGivenUp = ({ name: unit, end }: Unit): boolean => failsFast && end === 'Open' && !hasJob(input, run, unit)
    const ends = units.map((unit) => (isGivenUp(unit) ? 'Skipped' : unit.end))
    if (!conditionHolds(when, ends, dependency?.allowFailure ?? false)) {
      input.complain('too-early', `Job ${job.name} was made though ${name} is ${ends.join(', ')} and ${when} is wanted`)
    }
  }
  if (conditionOf(input, run, step) === false) input.complain('unwanted', `Job ${job.name} was made though the condition of ${step.name} is false`)
  if (!expansionNames(input, run, step).includes(job.step))
    input.complain('expansion', `Job ${job.name} is of ${job.step}, which there should not be`)
}

function checkStepsEnded(input: Case, run: RunFacts, workflow: WorkflowModel, job: JobFacts): void {
  const open = isUnknowable(input, run) ? [] : openUnits(input, run, workflow)
  if (open.length > 0) input.complain('finally-too-early', `finally Job ${job.name} was made while ${open.join(', ')} had not ended`)
}

/** Names of the steps and expansions that have not ended; what has not begun in a run that is being ended never does. */
export function openUnits(input: Case, run: RunFacts, workflow: WorkflowModel): string[] {
  const units = workflow.steps.flatMap((step) => unitsOf(input, run, workflow.steps, step)).filter(({ end }) => end === 'Open')
  return units.filter(({ name }) => !isHalted(input, run, workflow) || hasJob(input, run, name)).map(({ name }) => name)
}

/** Whether the whole run is being ended: what has not begun then never does, which is decided and acted on in one pass. */
function isHalted(input: Case, { run, createdAtMs }: RunFacts, { timeoutSeconds, failFast }: WorkflowModel): boolean {
  const isOverdue = timeoutSeconds !== null && (input.now() - createdAtMs >= timeoutSeconds * 1_000 - 1_000 || !input.isClockTrue)
  return run.spec.cancel !== undefined || run.metadata.deletionTimestamp !== undefined || isOverdue || failFast
}

/** Whether nobody can tell any more what a step came to: an approval runs out by a clock that is wrong, or somebody took a Job of the run away before its result was noted: what came of that, and so of all that follows, can no longer be known. */
export function isUnknowable(input: Case, run: RunFacts): boolean {
  const waits = run.run.status?.steps.some(({ kind, state }) => kind === 'Approval' && state === 'Running') ?? false
  if (waits && !input.isClockTrue) return true
  const noted = new Set(run.run.status?.steps.filter(({ state }) => state === 'Ended').map(stepKey))
  return jobsOf(input.facts, run.name).some((job) => job.isGone && !noted.has(job.isUndo ? `${job.step} undo` : job.step))
}

function hasJob(input: Case, run: RunFacts, unit: string): boolean {
  return jobsOf(input.facts, run.name).some((job) => job.step === unit && !job.isUndo)
}

/** Nothing but `finally` begins once a run is cancelled, or once a step failed that ends all others. */
function checkNotOver(input: Case, run: RunFacts, { failFast, steps }: WorkflowModel, step: StepModel): void {
  const isLongAgo = (atMs: number): boolean => input.now() - atMs > SLACK_MS
  if (run.cancelledAtMs !== null && isLongAgo(run.cancelledAtMs))
    input.complain('job-after-cancel', `step ${step.name} of ${run.name} began after its cancellation`)
  if (!failFast || step.dependsOn.some(({ when }) => when === 'Failed' || when === 'Always')) return
  const failed = run.run.status?.steps.find((one) => {
    const counts = steps.some(({ name, allowFailure }) => name === one.name.replace(/\/\d+$/, '') && !allowFailure)
    return counts && one.kind !== 'Undo' && one.result === 'Failed' && isLongAgo(Date.parse(one.finishedAt ?? ''))
  })
  if (failed !== undefined) input.complain('job-after-failure', `step ${step.name} of ${run.name} began though ${failed.name} had failed`)
}

function checkParallel(input: Case, run: RunFacts, workflow: WorkflowModel, step: StepModel, job: JobFacts): void {
  const active = [...input.facts.jobs.values()].filter(isActive)
  const own = active.filter((one) => one.run === run.name).length
  if (own > (workflow.maxParallel ?? Infinity)) {
    input.complain('max-parallel', `${own} Jobs of ${run.name} are active with ${job.name}, at most ${workflow.maxParallel} may be`)
  }
  const expansions = active.filter((one) => one.run === run.name && one.step.startsWith(`${step.name}/`) && !one.isUndo).length
  if (expansions > (step.maxParallel ?? Infinity)) {
    input.complain('max-parallel', `${expansions} expansions of ${step.name} are active with ${job.name}, at most ${step.maxParallel} may be`)
  }
  if (active.length > input.maxParallelSteps) {
    input.complain('max-parallel-steps', `${active.length} Jobs are active with ${job.name}, at most ${input.maxParallelSteps} may be`)
  }
}

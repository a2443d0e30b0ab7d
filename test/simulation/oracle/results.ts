import { isDeepStrictEqual } from 'node:util'
import { hasSucceeded, isExhausted, jobOf, resultsLeft, type JobFacts, type RunFacts } from '../facts.ts'
import type { StepModel, WorkflowModel } from '../model.ts'
import { attemptsOfStep } from '../../../src/runs/attempts.ts'
import type { StepStatus } from '../../../src/runs/run.ts'
import { SLACK_MS, stepOf, workflowOf, type Case } from './case.ts'
import { conditionHolds, conditionOf, expansionNames, hasDoneItsWork, type StepEnd } from './ends.ts'

/** Judges how a finished run and its steps ended: section 2.1 of the product's contract. */
export function checkResults(input: Case, run: RunFacts): void {
  const workflow = workflowOf(input, run)
  const status = run.run.status
  if (status === undefined) return input.complain('no-end', `run ${run.name} has no status`)
  if (workflow === null || workflow.mistake !== null) {
    return input.complain('invalid-definition', `run ${run.name} is of a workflow that is not valid at its commit`)
  }
  if (status.result === 'Skipped') {
    if (status.steps.some(({ result, reason }) => result !== 'Skipped' && reason !== 'CarriedOver'))
      input.complain('steps', `run ${run.name} is Skipped, not all its steps are`)
    return
  }
  checkLayout(input, run, workflow, status.steps)
  checkSteps(input, run, workflow, workflow.steps, status.steps)
  checkSteps(input, run, workflow, workflow.finally, status.steps)
  checkUndos(input, run, workflow, status.steps)
  checkRunResult(input, run, workflow, status.steps)
}

/** Steps in the order written, expansions in the place of theirs, undos behind what they undo, `finally` last. */
function checkLayout(input: Case, run: RunFacts, workflow: WorkflowModel, steps: readonly StepStatus[]): void {
  const got = steps.filter(({ kind }) => kind !== 'Undo').map(({ name }) => name)
  const want = [...workflow.steps, ...workflow.finally].flatMap((step) => (got.includes(step.name) ? [step.name] : expansionNames(input, run, step)))
  if (got.join() !== want.join()) input.complain('steps', `run ${run.name} has steps ${got.join(', ')}, wanted ${want.join(', ')}`)
  for (const [index, { kind, name }] of steps.entries()) {
    if (kind === 'Undo' && (steps[index - 1]?.name !== name || steps[index - 1]?.kind === 'Undo'))
      input.complain('steps', `run ${run.name} has the undo of ${name} elsewhere than behind it`)
  }
}

/**
 * Of a run that failed or timed out what succeeded is undone, and of no other; where it is cancelled meanwhile, some may be left. One that never
 * began has nothing to undo, though it may have taken over what succeeded before.
 */
function checkUndos(input: Case, run: RunFacts, workflow: WorkflowModel, steps: readonly StepStatus[]): void {
  const { result, startedAt } = run.run.status ?? {}
  const fails = hasFailure(workflow.steps, steps)
  if (startedAt === undefined && !steps.some(({ kind }) => kind === 'Undo')) return
  for (const step of steps.filter(({ kind }) => kind === 'Step')) {
    const model = stepOf(workflow, step.name)?.step
    const undo = steps.find(({ name, kind }) => name === step.name && kind === 'Undo')
    const where = `${step.name} of ${run.name}`
    const isWanted = model?.hasUndo === true && step.result === 'Succeeded' && step.reason !== 'NothingToDo' && (fails || result === 'TimedOut')
    if (undo === undefined) {
      if (isWanted && result !== 'Cancelled') input.complain('not-undone', `${where} has no undo`)
      continue
    }
    if (!isWanted && !(result === 'Cancelled' && model?.hasUndo === true && step.result === 'Succeeded'))
      input.complain('undone', `${where} has an undo, it is ${step.result} and its run ${result}`)
    if (undo.result === 'Skipped' && result !== 'Cancelled') input.complain('not-undone', `the undo of ${where} is Skipped`)
    if (model !== undefined && undo.result !== 'Skipped' && undo.state === 'Ended')
      checkStepAgainstJob(input, `the undo of ${where}`, model, undo, jobOf(input.facts, run.name, step.name, true))
  }
}

function hasFailure(models: readonly StepModel[], steps: readonly StepStatus[]): boolean {
  return models.some((model) => !model.allowFailure && resultsOf(model, steps).includes('Failed'))
}

/** What a step, or each of its expansions, came to. */
function resultsOf({ name }: StepModel, steps: readonly StepStatus[]): StepEnd[] {
  return entriesOf(name, steps).map(({ result }) => result ?? 'Open')
}

function entriesOf(name: string, steps: readonly StepStatus[]): StepStatus[] {
  return steps.filter((step) => step.kind !== 'Undo' && (step.name === name || step.name.startsWith(`${name}/`)))
}

function checkSteps(input: Case, run: RunFacts, workflow: WorkflowModel, models: readonly StepModel[], steps: readonly StepStatus[]): void {
  for (const model of models) {
    const blocked = model.dependsOn.filter(({ step: name, when }) => {
      const dependency = models.find((one) => one.name === name)
      return dependency === undefined || !conditionHolds(when, resultsOf(dependency, steps), dependency.allowFailure)
    })
    const condition = conditionOf(input, run, model)
    for (const step of entriesOf(model.name, steps))
      checkStep(input, run, { workflow, model, step, blocked: blocked.map((one) => one.step), condition })
  }
}

interface StepCase {
  workflow: WorkflowModel
  model: StepModel
  step: StepStatus
  /** What it depends on and did not end as wanted. */
  blocked: string[]
  condition: boolean | null
}

function checkStep(input: Case, run: RunFacts, { workflow, model, step, blocked, condition }: StepCase): void {
  const where = `step ${step.name} of ${run.name}`
  if (step.state !== 'Ended' || step.result === undefined) return input.complain('step-open', `${where} has not ended, its run has`)
  const { result } = run.run.status ?? {}
  const isHalted = result === 'Cancelled' || result === 'TimedOut' || workflow.failFast || step.reason === 'StepCancelled'
  const isOverdue = step.reason === 'Timeout' && workflow.finally.includes(model)
  if (step.result === 'Skipped' && blocked.length === 0 && condition === true && !isHalted && !isOverdue)
    input.complain('skipped', `${where} was skipped though all that it depends on is as wanted`)
  if (step.result !== 'Skipped' && blocked.length > 0 && !(step.result === 'Cancelled' && isHalted))
    input.complain('not-skipped', `${where} is ${step.result} though ${blocked.join(', ')} did not end as wanted`)
  if (step.result !== 'Skipped' && condition === false) input.complain('not-skipped', `${where} is ${step.result} though its condition is false`)
  if (model.kind === 'Approval') checkApproval(input, run, where, model, step)
  const isWithoutJob = step.reason === 'NothingToDo' || step.reason === 'CarriedOver'
  if (step.reason === 'CarriedOver' && !run.run.spec.carriedOver?.some(({ name }) => name === step.name))
    input.complain('carried-over', `${where} is taken over from nowhere`)
  if (model.kind === 'Container' && !isWithoutJob) checkStepAgainstJob(input, where, model, step, jobOf(input.facts, run.name, step.name))
  if (model.kind === 'Container' && step.result === 'Succeeded' && step.reason === undefined && model.hasResults) checkLeft(input, run, where, step)
}

function checkLeft(input: Case, run: RunFacts, where: string, { name, results }: StepStatus): void {
  const job = jobOf(input.facts, run.name, name)
  const want = job === undefined ? null : resultsLeft(job)
  if (want !== null && !isDeepStrictEqual(results, want))
    input.complain('results', `${where} has ${JSON.stringify(results)}, left ${JSON.stringify(want)}`)
}

function checkApproval(input: Case, { run }: RunFacts, where: string, { timeoutSeconds }: StepModel, step: StepStatus): void {
  const isApproved = run.spec.approvals?.some((one) => one.step === step.name) ?? false
  if (step.result === 'Succeeded' && step.reason !== 'CarriedOver' && !isApproved)
    input.complain('approval', `${where} went on though nobody approved`)
  const waitedMs = Date.parse(step.finishedAt ?? '') - Date.parse(step.startedAt ?? '')
  if (step.result === 'Failed' && waitedMs < (timeoutSeconds ?? 0) * 1_000 && input.isClockTrue)
    input.complain('approval', `${where} was given up after ${waitedMs} ms of ${timeoutSeconds}s`)
}

/** Judges, at the end, that no step that began after `fromMs`, when nothing went wrong any more, was left running beyond its time-out. */
export function checkTimeouts(input: Case, fromMs: number): void {
  for (const job of input.facts.jobs.values()) {
    const run = input.facts.runs.get(job.run)
    const workflow = run === undefined ? null : workflowOf(input, run)
    const timeoutSeconds = workflow === null ? null : (stepOf(workflow, job.step)?.step.timeoutSeconds ?? null)
    if (job.createdAtMs < fromMs || timeoutSeconds === null) continue
    const untilMs = job.createdAtMs + timeoutSeconds * 1_000 + SLACK_MS
    const isOpen = job.pods.some(({ endedAtMs }) => endedAtMs === null || endedAtMs > untilMs)
    if (isOpen && (job.stoppedAtMs ?? Infinity) > untilMs)
      input.complain('overrun', `Job ${job.name} was not stopped at its time-out of ${timeoutSeconds}s`)
  }
}

/** The pods say what happened; where the Job was stopped or taken away, its step may say so instead. */
function checkStepAgainstJob(input: Case, where: string, model: StepModel, step: StepStatus, job: JobFacts | undefined): void {
  if (job === undefined) {
    if (step.result !== 'Skipped' && step.result !== 'Cancelled') input.complain('no-job', `${where} is ${step.result} without ever having had a Job`)
    return
  }
  const wasEnded = job.stoppedAtMs !== null || step.stop !== undefined || isDeadline(job)
  if (step.result === 'Skipped') input.complain('skipped-with-job', `${where} is Skipped but had a Job`)
  if (step.result === 'Succeeded' && !hasDoneItsWork(model, job)) input.complain('false-success', `${where} is Succeeded but none of its pods is`)
  if (step.result === 'Failed' && hasDoneItsWork(model, job) && !wasEnded && step.reason !== 'JobDeleted')
    input.complain('false-failure', `${where} is Failed but a pod of it succeeded`)
  if (step.result === 'Failed' && !isExhausted(job) && !hasSucceeded(job) && !wasEnded && step.reason !== 'JobDeleted') {
    input.complain('early-failure', `${where} is Failed with retries left`)
  }
  if (step.result === 'Cancelled' && !wasEnded) input.complain('false-cancel', `${where} is Cancelled but nobody stopped its Job`)
  if (
    step.stop?.reason === 'Timeout' &&
    model.timeoutSeconds !== null &&
    (job.stoppedAtMs ?? 0) - job.createdAtMs < model.timeoutSeconds * 1_000 - 1_000
  ) {
    if (input.isClockTrue) input.complain('early-timeout', `${where} was stopped before its time-out`)
  }
  if (step.result !== 'Skipped' && !job.isGone) checkAttempts(input, where, step, job)
}

function checkAttempts(input: Case, where: string, step: StepStatus, job: JobFacts): void {
  const pods = job.pods.map(({ pod }) => pod.metadata.name)
  const attempts = attemptsOfStep(job.run, step).map(({ pod }) => pod)
  const isPrefix = attempts.every((pod, index) => pod === pods[index])
  if (!isPrefix) input.complain('attempts', `${where} has attempts ${attempts.join(', ')}, its Job pods ${pods.join(', ')}`)
}

/** Cancelled, else TimedOut, else Failed if any step failed without allowFailure, else Succeeded; a failing `finally` step turns Succeeded into Failed. */
function checkRunResult(input: Case, run: RunFacts, workflow: WorkflowModel, steps: readonly StepStatus[]): void {
  const { result } = run.run.status ?? {}
  const durationMs = (run.finishedAtMs ?? input.now()) - run.createdAtMs
  const mayCancel = run.run.spec.cancel !== undefined || run.deletedByUser
  const mayTimeOut = workflow.timeoutSeconds !== null && durationMs >= workflow.timeoutSeconds * 1_000 - 1_000
  const wantResult = hasFailure(workflow.steps, steps) || hasFailure(workflow.finally, steps) ? 'Failed' : 'Succeeded'
  if (result === wantResult) {
    const lateMs = durationMs - (workflow.timeoutSeconds ?? Infinity) * 1_000
    const isCertain = steps.some((step) => step.reason === 'RunTimedOut')
    if (isCertain && lateMs > SLACK_MS) input.complain('timed-out', `${run.name} is ${result} though its time-out ended steps`)
    return
  }
  if (result === 'Cancelled' && mayCancel) return
  if (result === 'TimedOut' && (mayTimeOut || !input.isClockTrue)) return
  input.complain('result', `${run.name} is ${result} (${run.run.status?.reason}), wanted ${wantResult}`)
}

function isDeadline(job: JobFacts): boolean {
  return job.job.status?.conditions?.some(({ reason }) => reason === 'DeadlineExceeded') ?? false
}

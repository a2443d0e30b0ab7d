import { hasSucceeded, isExhausted, type JobFacts, type RunFacts } from '../facts.ts'
import type { StepModel, WorkflowModel } from '../model.ts'
import { attemptsOfStep } from '../../../src/runs/attempts.ts'
import type { StepStatus } from '../../../src/runs/run.ts'
import { SLACK_MS, stepOf, workflowOf, type Case } from './case.ts'
import { conditionHolds } from './steps.ts'

/** Judges how a finished run and its steps ended: section 2.1 of the product's contract. */
export function checkResults(input: Case, run: RunFacts): void {
  const workflow = workflowOf(input, run)
  const status = run.run.status
  if (status === undefined) return input.complain('no-end', `run ${run.name} has no status`)
  if (workflow === null || workflow.mistake !== null) {
    return input.complain('invalid-definition', `run ${run.name} is of a workflow that is not valid at its commit`)
  }
  const names = [...workflow.steps, ...workflow.finally].map(({ name }) => name)
  if (JSON.stringify(names) !== JSON.stringify(status.steps.map(({ name }) => name))) {
    return input.complain('steps', `run ${run.name} has steps ${status.steps.map(({ name }) => name).join(', ')}, its workflow ${names.join(', ')}`)
  }
  checkSteps(input, run, workflow, workflow.steps, status.steps)
  checkSteps(input, run, workflow, workflow.finally, status.steps)
  checkRunResult(input, run, workflow, status.steps)
}

function checkSteps(input: Case, run: RunFacts, workflow: WorkflowModel, models: readonly StepModel[], steps: readonly StepStatus[]): void {
  const resultOf = (name: string): StepStatus['result'] => steps.find((step) => step.name === name)?.result
  for (const model of models) {
    const step = steps.find(({ name }) => name === model.name)
    const where = `step ${model.name} of ${run.name}`
    if (step?.state !== 'Ended' || step.result === undefined) {
      input.complain('step-open', `${where} has not ended, its run has`)
      continue
    }
    const blocked = model.dependsOn.filter(({ step: name, when }) => {
      const dependency = models.find((one) => one.name === name)
      return !conditionHolds(when, resultOf(name) ?? 'Open', dependency?.allowFailure ?? false)
    })
    const isHalted = run.run.status?.result === 'Cancelled' || run.run.status?.result === 'TimedOut' || workflow.failFast
    const isOverdue = step.reason === 'Timeout' && models === workflow.finally
    if (step.result === 'Skipped' && blocked.length === 0 && !isHalted && !isOverdue) {
      input.complain('skipped', `${where} was skipped though all that it depends on is as wanted`)
    }
    if (step.result !== 'Skipped' && blocked.length > 0 && !(step.result === 'Cancelled' && isHalted)) {
      input.complain('not-skipped', `${where} is ${step.result} though ${blocked.map((one) => one.step).join(', ')} did not end as wanted`)
    }
    const job = [...input.facts.jobs.values()].find((one) => one.run === run.name && one.step === model.name)
    if (model.kind === 'Container') checkStepAgainstJob(input, where, model, step, job)
  }
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
  if (step.result === 'Succeeded' && !hasSucceeded(job)) input.complain('false-success', `${where} is Succeeded but none of its pods is`)
  if (step.result === 'Failed' && hasSucceeded(job) && !wasEnded && step.reason !== 'JobDeleted')
    input.complain('false-failure', `${where} is Failed but a pod of it succeeded`)
  if (step.result === 'Failed' && !isExhausted(job) && !wasEnded && step.reason !== 'JobDeleted') {
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
  const fails = (models: readonly StepModel[]): boolean =>
    models.some((model) => !model.allowFailure && steps.find(({ name }) => name === model.name)?.result === 'Failed')
  const durationMs = (run.finishedAtMs ?? input.now()) - run.createdAtMs
  const mayCancel = run.run.spec.cancel !== undefined || run.deletedByUser
  const mayTimeOut = workflow.timeoutSeconds !== null && durationMs >= workflow.timeoutSeconds * 1_000 - 1_000
  const wantResult = fails(workflow.steps) || fails(workflow.finally) ? 'Failed' : 'Succeeded'
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

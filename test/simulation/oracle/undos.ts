import { isActive, jobOf, jobsOf, type JobFacts, type RunFacts } from '../facts.ts'
import type { StepModel, WorkflowModel } from '../model.ts'
import { SLACK_MS, type Case } from './case.ts'
import { hasFailed, unitsOf } from './ends.ts'
import { openUnits, isUnknowable } from './steps.ts'

/** Judges the Job of an undo when it is made: the run has failed, its step has succeeded, and all that ended later is undone. */
export function checkNewUndo(input: Case, run: RunFacts, workflow: WorkflowModel, step: StepModel, job: JobFacts): void {
  const { status } = run.run
  const where = `undo Job ${job.name} of ${job.step}`
  if (!step.hasUndo) return input.complain('undo-unknown', `${where} was made, its step has none`)
  const open = isUnknowable(input, run) ? [] : openUnits(input, run, workflow)
  if (open.length > 0) input.complain('undo-too-early', `${where} was made while ${open.join(', ')} had not ended`)
  const own = status?.steps.find(({ name, kind }) => name === job.step && kind !== 'Undo')
  if (own?.result !== 'Succeeded') input.complain('undo-unwanted', `${where} was made, its step is ${own?.result ?? 'not there'}`)
  if (status?.outcome?.result !== 'TimedOut' && !hasFailed(input, run, workflow) && !isUnknowable(input, run))
    input.complain('undo-unwanted', `${where} was made though no step failed`)
  if (run.cancelledAtMs !== null && input.now() - run.cancelledAtMs > SLACK_MS)
    input.complain('job-after-cancel', `${where} was made after its run's cancellation`)
  for (const other of status?.steps ?? []) {
    const isLater = other.kind !== 'Undo' && (other.finishedAt ?? '') > (own?.finishedAt ?? '')
    const model = workflow.steps.find(({ name }) => name === other.name.replace(/\/\d+$/, ''))
    if (!isLater || other.result !== 'Succeeded' || model?.hasUndo !== true || !hasWork(model, other.name) || isUndone(input, run, other.name))
      continue
    // One of several that it depends on may have been enough for it to start.
    if (isNeededBy(workflow, step, model.name)) continue
    input.complain('undo-order', `${where} was made before ${other.name} was undone, which ended later`)
  }
  if (jobsOf(input.facts, run.name).some((one) => one !== job && isActive(one)))
    input.complain('undo-order', `${where} was made while another Job was active`)
}

/** Judges a `finally` Job when it is made: whatever is to be undone has been. */
export function checkUndone(input: Case, run: RunFacts, workflow: WorkflowModel, job: JobFacts): void {
  if (run.cancelledAtMs !== null || isUnknowable(input, run) || !hasFailed(input, run, workflow)) return
  for (const step of workflow.steps.filter(({ hasUndo }) => hasUndo)) {
    for (const { name, end } of unitsOf(input, run, workflow.steps, step)) {
      if (end === 'Succeeded' && step.kind === 'Container' && hasWork(step, name) && !isUndone(input, run, name))
        input.complain('finally-too-early', `finally Job ${job.name} was made before ${name} was undone`)
    }
  }
}

/** A step that has succeeded without expansions, though it has a list, had an empty one: there is nothing to undo. */
function hasWork({ name, expansion }: StepModel, unit: string): boolean {
  return expansion === null || unit !== name
}

/** Whether a step depends on another, near or far. */
function isNeededBy(workflow: WorkflowModel, step: StepModel, name: string): boolean {
  return step.dependsOn.some((one) => {
    const needed = workflow.steps.find((other) => other.name === one.step)
    return one.step === name || (needed !== undefined && isNeededBy(workflow, needed, name))
  })
}

/** Whether the undo of a step has had its Job, which is over, or has failed without one. */
function isUndone(input: Case, run: RunFacts, unit: string): boolean {
  const job = jobOf(input.facts, run.name, unit, true)
  if (job !== undefined) return !isActive(job)
  return run.run.status?.steps.some(({ name, kind, state }) => name === unit && kind === 'Undo' && state === 'Ended') ?? false
}

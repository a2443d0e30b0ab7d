import { jobName } from './names.ts'
import type { StepStatus } from './run.ts'

/** Tells the entries of one run apart: the name, and for an undo, which has its step's, a word that no name can have. */
export function stepKey({ name, kind }: Pick<StepStatus, 'name' | 'kind'>): string {
  return kind === 'Undo' ? `${name} undo` : name
}

/** Name of the Job that a step of a run has or had; null for one that never had any. */
export function stepJob(run: string, step: StepStatus): string | null {
  const isWithout = step.kind === 'Join' || step.kind === 'Approval' || step.startedAt === undefined
  return isWithout ? null : jobName(run, stepKey(step))
}

/** Whether the step has a Job that may still run, and so counts against the limits on active steps. */
export function isActive({ kind, state }: StepStatus): boolean {
  return kind !== 'Approval' && (state === 'Running' || state === 'Stopping')
}

/** Name of the step whose expansion has this name: `<step>/<index>`. */
export function stepOfExpansion(name: string): string {
  return name.replace(/\/\d+$/, '')
}

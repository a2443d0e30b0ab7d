import type { RunSpec, StepStatus } from '../run.ts'

/** The status with which a step begins: as it waits, or ended when the run takes it over from the one that it repeats. */
export function carriedOr(waiting: StepStatus, { carriedOver, rerunOf }: Pick<RunSpec, 'carriedOver' | 'rerunOf'>): StepStatus {
  const carried = waiting.kind === 'Finally' ? undefined : carriedOver?.find(({ name }) => name === waiting.name)
  if (carried === undefined) return waiting
  const { name: _, ...left } = carried
  return { ...waiting, state: 'Ended', result: 'Succeeded', reason: 'CarriedOver', message: `succeeded in ${rerunOf ?? 'the run before'}`, ...left }
}

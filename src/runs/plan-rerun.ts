import type { RunDefinition, Step } from '../definitions/workflow.ts'
import type { CarriedStep, StepStatus } from './run.ts'
import { isSteadyList } from './steady-list.ts'
import { stepOfExpansion } from './step-key.ts'

/** What counts of a step of a run that is done again. */
export type EndedStep = Pick<StepStatus, 'name' | 'kind' | 'state' | 'result' | 'finishedAt' | 'results'>

/**
 * What a rerun of the failed steps takes over: steps, and single expansions, that succeeded, whose dependencies did too, near and far, and that
 * have not been undone; of expansions only those whose index means the same again. Everything else is done again, `finally` always.
 */
export function planCarryOver(definition: Pick<RunDefinition, 'steps'>, steps: readonly EndedStep[]): CarriedStep[] {
  const byStep = new Map<string, EndedStep[]>()
  const names = new Set(definition.steps.map(({ name }) => name))
  for (const status of steps) {
    if (status.kind === 'Undo' || status.kind === 'Finally') continue
    const name = names.has(status.name) ? status.name : stepOfExpansion(status.name)
    byStep.set(name, [...(byStep.get(name) ?? []), status])
  }
  const undone = new Set(
    steps.filter(({ kind, state, result }) => kind === 'Undo' && (state !== 'Ended' || result !== 'Skipped')).map(({ name }) => name),
  )
  const isGood = (status: EndedStep): boolean => (status.result === 'Succeeded' || status.result === 'Cached') && !undone.has(status.name)
  const defined = new Map(definition.steps.map((step) => [step.name, step]))
  const known = new Map<string, boolean>()

  function isWhole(name: string): boolean {
    const before = known.get(name)
    if (before !== undefined) return before
    const step = defined.get(name)
    const entries = byStep.get(name) ?? []
    const whole = step !== undefined && entries.length > 0 && entries.every(isGood) && isReachable(step) && isSteady(step)
    known.set(name, whole)
    return whole
  }
  function isReachable(step: Step): boolean {
    return step.dependsOn.every((dependency) => isWhole(dependency.step))
  }

  function isSteady({ expansion }: Step): boolean {
    return expansion === null || isSteadyList(expansion)
  }

  return definition.steps.flatMap((step) => {
    if (!isReachable(step) || !isSteady(step)) return []
    const carried = (byStep.get(step.name) ?? []).filter(isGood)
    return carried.map(({ name, finishedAt, results }) => ({ name, ...(finishedAt && { finishedAt }), ...(results && { results }) }))
  })
}

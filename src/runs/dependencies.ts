import type { Dependency, DependencyCondition } from '../definitions/workflow.ts'
import type { StepResult } from './run.ts'

/** What a step that waits is to do. `blockedBy` is the dependency that can no longer hold. */
export type Readiness = { kind: 'Waits' } | { kind: 'Ready' } | { kind: 'NeverReady'; blockedBy: Dependency }

/** How a dependency ended, as seen by its dependents. */
export interface Ended {
  result: StepResult
  allowFailure: boolean
}

/**
 * Joins a step's conditions: all must hold; one that can no longer hold ends the waiting at once. `endsOf` gives one end for each
 * expansion of a step, null for one that goes on. Steps of one folder count together for `Failed`, as expansions do.
 */
export function readinessOf(dependsOn: readonly Dependency[], endsOf: (step: string) => readonly (Ended | null)[]): Readiness {
  let isOpen = false
  for (const dependency of dependsOn) {
    const { step, anyOf } = dependency
    const ends = anyOf === undefined ? endsOf(step) : dependsOn.flatMap((other) => (other.anyOf === anyOf ? endsOf(other.step) : []))
    const outlook = outlookOf(dependency.when, ends)
    if (outlook === 'Never') return { kind: 'NeverReady', blockedBy: dependency }
    isOpen ||= outlook === 'Open'
  }
  return isOpen ? { kind: 'Waits' } : { kind: 'Ready' }
}

/** A condition on several expansions holds when all have ended and it holds for each; `Failed` when one of them has failed. */
function outlookOf(when: DependencyCondition, ends: readonly (Ended | null)[]): 'Holds' | 'Never' | 'Open' {
  const known = ends.filter((end) => end !== null)
  if (when !== 'Failed' && known.some((end) => !holds(when, end))) return 'Never'
  if (known.length < ends.length) return 'Open'
  return when !== 'Failed' || known.some((end) => holds(when, end)) ? 'Holds' : 'Never'
}

/** Whether a condition holds for a step that has ended so. */
function holds(when: DependencyCondition, end: Ended): boolean {
  switch (when) {
    case 'Always':
      return true
    case 'Failed':
      return end.result === 'Failed'
    case 'Succeeded':
      return isSuccess(end)
    case 'NotFailed':
      return isSuccess(end) || end.result === 'Skipped'
  }
}

function isSuccess(end: Ended): boolean {
  return end.result === 'Succeeded' || end.result === 'Cached' || (end.result === 'Failed' && end.allowFailure)
}

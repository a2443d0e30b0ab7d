import type { Dependency, DependencyCondition } from '../definitions/workflow.ts'
import type { StepResult } from './run.ts'

/** What a step that waits is to do. `blockedBy` is the dependency that can no longer hold. */
export type Readiness = { kind: 'Waits' } | { kind: 'Ready' } | { kind: 'NeverReady'; blockedBy: Dependency }

/** How a dependency ended, as seen by its dependents; null while it has not. */
export interface Ended {
  result: StepResult
  allowFailure: boolean
}

/** Joins a step's conditions: all must hold; one that can no longer hold ends the waiting at once. */
export function readinessOf(dependsOn: readonly Dependency[], endOf: (step: string) => Ended | null): Readiness {
  const open: Dependency[] = []
  for (const dependency of dependsOn) {
    const end = endOf(dependency.step)
    if (end === null) open.push(dependency)
    else if (!holds(dependency.when, end)) return { kind: 'NeverReady', blockedBy: dependency }
  }
  return open.length === 0 ? { kind: 'Ready' } : { kind: 'Waits' }
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

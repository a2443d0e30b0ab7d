import { excerpt } from '../excerpt.ts'
import { didYouMean } from '../near-names.ts'
import { MOST_FINDINGS, type Finding } from '../problem.ts'
import { ownerOfExpanded, type DependencySource, type StepSource } from '../workflow-source.ts'
import type { WorkflowRule } from './rule.ts'

/** `dependsOn` names steps of the same list. Steps of a folder of manifests are looked at where folders are known. */
export const unknownDependency: WorkflowRule = {
  id: 'unknown-dependency',
  severity: 'error',
  check: ({ steps, finally: last }) => [...checkList(steps, last), ...checkList(last, steps)],
}

function checkList(list: readonly StepSource[], other: readonly StepSource[]): Finding[] {
  // A step whose name cannot be read may be the one that is meant.
  if (list.some((step) => step.name === null)) return []
  const known = new Set(list.flatMap(({ name }) => name ?? []))
  const unknown = list.flatMap((step) => step.dependencies.filter(({ step: name }) => !known.has(name) && !ownerOfExpanded(name, list)))
  return unknown.slice(0, MOST_FINDINGS).map((dependency) => ({ at: dependency.at, message: describe(dependency, [...known], other) }))
}

function describe({ step }: DependencySource, known: string[], other: readonly StepSource[]): string {
  const found = other.find(({ name }) => name === step)
  if (found?.list === 'steps') return `${excerpt(step)} is none of the finally steps; those start when all steps have ended, so leave it out`
  if (found) return `${excerpt(step)} is a finally step; no other step can wait for it`
  return `there is no step ${excerpt(step)}${didYouMean(step, known)}`
}

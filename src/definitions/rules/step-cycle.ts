import type { Finding } from '../problem.ts'
import { ownerOfExpanded, type StepSource } from '../workflow-source.ts'
import { findCycles } from './find-cycles.ts'
import type { WorkflowRule } from './rule.ts'

/** Most steps of a cycle that a message names. */
const MOST_NAMED = 20

/** Steps that wait for each other never start. */
export const stepCycle: WorkflowRule = {
  id: 'step-cycle',
  severity: 'error',
  check: ({ steps, finally: last }) => [...checkList(steps), ...checkList(last)],
}

function checkList(steps: readonly StepSource[]): Finding[] {
  const indexes = new Map(steps.flatMap(({ name }, index): [string, number][] => (name === null ? [] : [[name, index]])))
  // With two steps of one name, which is said already, nobody knows which is waited for.
  if (indexes.size < steps.filter(({ name }) => name !== null).length) return []
  const edges = steps.map((step) =>
    step.dependencies.flatMap(({ step: name }) => indexes.get(name) ?? indexes.get(ownerOfExpanded(name, steps)?.name ?? '') ?? []),
  )
  return findCycles(edges).flatMap((cycle) => describe(cycle.flatMap((index) => steps[index] ?? [])))
}

function describe(cycle: readonly StepSource[]): Finding[] {
  const [first] = cycle
  if (!first) return []
  const names = [...cycle, first].map((step) => step.name ?? '')
  const shown = names.length > MOST_NAMED ? [...names.slice(0, MOST_NAMED), '…'] : names
  const message = `these steps wait for each other: ${shown.join(' -> ')}; take one dependency out`
  return [{ at: first.own('dependsOn')?.key.start ?? first.at, message }]
}

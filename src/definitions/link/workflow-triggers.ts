import { excerpt } from '../excerpt.ts'
import { didYouMean } from '../near-names.ts'
import { compareText } from '../problem.ts'
import { findCycles } from '../rules/find-cycles.ts'
import type { Diagnostic } from '../workflow.ts'
import { errorAt, type Linkage, type LinkedWorkflow } from './linker.ts'

/** A workflow waits for workflows of the same repository. */
export function checkUnknownUpstream(workflow: LinkedWorkflow, { byName, lostWorkflows, invalid }: Linkage): Diagnostic[] {
  const unknown = workflow.upstream.filter(({ name }) => !byName.has(name) && !lostWorkflows.has(name))
  if (unknown.length > 0) invalid.add(workflow)
  return unknown.map(({ name, at }) =>
    errorAt(workflow.file, at, 'unknown-workflow', `there is no workflow ${excerpt(name)}${didYouMean(name, [...byName.keys()].sort(compareText))}`),
  )
}

/** Workflows that start each other would never stop. Each loop once, at its first workflow by file and place. */
export function checkWorkflowLoops({ workflows, byName, invalid }: Linkage): Diagnostic[] {
  // Only one that waits for others can be in a loop.
  const counted = workflows.filter((workflow) => workflow.upstream.length > 0 && byName.get(workflow.name) === workflow)
  const indexes = new Map(counted.map(({ name }, index) => [name, index]))
  const edges = counted.map(({ upstream }) => upstream.flatMap(({ name }) => indexes.get(name) ?? []))
  return findCycles(edges).flatMap((cycle) => {
    const members = cycle.flatMap((index) => counted[index] ?? [])
    const [first, second = first] = members
    if (!first || !second) return []
    for (const member of members) invalid.add(member)
    const names = [...members, first].map(({ name }) => name).reverse()
    const at = first.upstream.find(({ name }) => name === second.name)?.at ?? first.nameAt
    return [errorAt(first.file, at, 'workflow-loop', `these workflows start each other without end: ${names.join(' -> ')}; take one trigger out`)]
  })
}

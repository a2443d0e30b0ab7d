import type { Finding } from '../problem.ts'
import { entriesOf, itemsOf, type SourceNode } from '../source/source-node.ts'
import type { StepSource } from '../workflow-source.ts'
import type { WorkflowRule } from './rule.ts'
import { MOST_STEPS } from './too-many-steps.ts'

/** A matrix or a list that makes more Jobs than a run may have, together with the workflow's other steps. */
export const matrixTooLarge: WorkflowRule = {
  id: 'matrix-too-large',
  severity: 'error',
  check({ steps, finally: last }) {
    const all = [...steps, ...last]
    let others = all.length
    return all.flatMap((step): Finding[] => {
      const expansion = expansionOf(step)
      if (!expansion || expansion.count === null) return []
      others += expansion.count - 1
      if (expansion.count > MOST_STEPS) return [{ at: expansion.at, message: describe(expansion.count) }]
      if (others <= MOST_STEPS) return []
      others = -Infinity
      return [
        { at: expansion.at, message: `with this the workflow has more than ${MOST_STEPS} steps, which is the most that a run may have; split it` },
      ]
    })
  },
}

function describe(count: number): string {
  return `this makes ${count} Jobs; a run may have at most ${MOST_STEPS} steps: use fewer values, or split the workflow`
}

/** An empty list makes no Job at all, whatever depends on it. */
export const emptyExpansion: WorkflowRule = {
  id: 'empty-expansion',
  severity: 'warning',
  check: ({ steps, finally: last }) =>
    [...steps, ...last].flatMap((step) => {
      const expansion = expansionOf(step)
      return expansion?.count === 0 ? [{ at: expansion.at, message: 'this list is empty, so the step makes no Job; add values or take it out' }] : []
    }),
}

/** How many Jobs a step becomes; null where a value is worked out in the run. */
function expansionOf(step: StepSource): { count: number | null; at: number } | null {
  const entry = step.own('matrix') ?? step.own('forEach')
  if (!entry) return null
  return { count: countOf(entry.value), at: entry.key.start }
}

function countOf(node: SourceNode): number | null {
  if (node.kind === 'List') return itemsOf(node).length
  if (node.kind !== 'Map') return null
  const lists = entriesOf(node).map(([, { value }]) => countOf(value))
  if (lists.includes(0)) return 0
  return lists.length === 0 || lists.includes(null) ? null : lists.reduce<number>((product, length) => product * (length ?? 1), 1)
}

import type { Finding } from '../problem.ts'
import { childOf, itemsOf } from '../source/source-node.ts'
import type { WorkflowRule } from './rule.ts'

/** An approval that names nobody can be given by everybody, which is seldom what it is there for. */
export const openApproval: WorkflowRule = {
  id: 'open-approval',
  severity: 'warning',
  check: ({ steps, finally: last, isDamaged }) =>
    [...steps, ...last].flatMap((step): Finding[] => {
      const entry = step.own('approval')
      if (entry?.value.kind !== 'Map' || isDamaged(entry.value) || itemsOf(childOf(entry.value, 'by')).length > 0) return []
      return [{ at: entry.key.start, message: 'everybody who may change runs can give this approval; name groups or users in "by"' }]
    }),
}

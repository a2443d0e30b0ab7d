import { entryOf } from '../source/source-node.ts'
import type { WorkflowRule } from './rule.ts'

/** Other systems run a list in order; here steps without an order start together. */
export const stepsUnordered: WorkflowRule = {
  id: 'steps-unordered',
  severity: 'warning',
  check({ spec, steps, defaults, hasUnknownFields }) {
    const entry = entryOf(spec, 'steps')
    if (!entry || steps.length < 2 || [spec, defaults, ...steps.map(({ node }) => node)].some(hasUnknownFields)) return []
    if (entryOf(spec, 'chain') || steps.some((step) => step.field('dependsOn'))) return []
    const message =
      'these steps have no order and start together; add dependsOn, or chain: true to run them one after another (chain: false if this is meant)'
    return [{ at: entry.key.start, message }]
  },
}

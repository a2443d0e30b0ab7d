import { childOf } from '../source/source-node.ts'
import { hereOrDefaults } from './here-or-defaults.ts'
import type { WorkflowRule } from './rule.ts'

/** Without requests Kubernetes places a pod anywhere and ends it first when memory runs short. Once a workflow, at the first such step. */
export const noResources: WorkflowRule = {
  id: 'no-resources',
  severity: 'warning',
  check({ document, steps, finally: last, hasUnknownFields, defaults }) {
    if (hasUnknownFields(defaults)) return []
    const without = [...steps, ...last].filter((step) => {
      if (step.kind !== 'Container' || hasUnknownFields(step.node)) return false
      const resources = step.field('resources')?.value
      return (
        !childOf(resources, 'requests') && !childOf(resources, 'limits') && !childOf(step.field('pod')?.value, 'resources') && !step.field('pool')
      )
    })
    const [first, ...others] = without
    if (!first) return []
    const count = others.length === 0 ? 'this step asks' : `this and ${others.length} other ${others.length === 1 ? 'step ask' : 'steps ask'}`
    return [
      {
        at: first.at,
        message: `${count} for no CPU and memory: Kubernetes may put it on a full node, and ends it first when memory runs short; add resources.requests ${hereOrDefaults(document)}`,
      },
    ]
  },
}

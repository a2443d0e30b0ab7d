import { excerpt } from '../excerpt.ts'
import { childOf, entryOf } from '../source/source-node.ts'
import { checkEachParam } from './each-param.ts'
import type { WorkflowRule } from './rule.ts'

/** A default is for runs that are given no value; a required parameter has none such. */
export const requiredWithDefault: WorkflowRule = {
  id: 'required-with-default',
  severity: 'error',
  check: (workflow) =>
    checkEachParam(workflow, ({ name, node }) => {
      const entry = entryOf(node, 'default')
      if (!entry || childOf(node, 'required')?.json !== true) return []
      return [{ at: entry.key.start, message: `${excerpt(name)} is required, so its default is never used; take one of them out` }]
    }),
}

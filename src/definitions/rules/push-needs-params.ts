import { excerpt } from '../excerpt.ts'
import { childOf, entriesOf, entryOf } from '../source/source-node.ts'
import type { WorkflowRule } from './rule.ts'

/** A push gives no values, so a workflow that it starts must not require any. */
export const pushNeedsParams: WorkflowRule = {
  id: 'missing-param',
  severity: 'error',
  check({ spec }) {
    const push = entryOf(childOf(spec, 'triggers'), 'push')
    if (!push) return []
    const required = entriesOf(childOf(spec, 'params')).filter(
      ([, { value }]) => childOf(value, 'required')?.json === true && !childOf(value, 'default'),
    )
    return required.map(([name]) => ({
      at: push.key.start,
      message: `a push gives no value for ${excerpt(name)}, which is required; give it a default instead`,
    }))
  },
}

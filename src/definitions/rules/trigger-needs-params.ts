import { excerpt } from '../excerpt.ts'
import { childOf, entriesOf, entryOf } from '../source/source-node.ts'
import type { WorkflowRule } from './rule.ts'

/** Triggers that give no values, and what they are called in a sentence. */
const WITHOUT_VALUES: Readonly<Record<string, string>> = { push: 'a push', pullRequest: 'a pull request', workflow: 'the end of another workflow' }

/** A workflow that these start must not require any value. */
export const triggerNeedsParams: WorkflowRule = {
  id: 'missing-param',
  severity: 'error',
  check({ spec }) {
    const required = entriesOf(childOf(spec, 'params')).filter(
      ([, { value }]) => childOf(value, 'required')?.json === true && !childOf(value, 'default'),
    )
    return Object.entries(WITHOUT_VALUES).flatMap(([field, what]) => {
      const trigger = entryOf(childOf(spec, 'triggers'), field)
      if (!trigger || (Array.isArray(trigger.value.json) && trigger.value.json.length === 0)) return []
      return required.map(([name]) => ({
        at: trigger.key.start,
        message: `${what} gives no value for ${excerpt(name)}, which is required; give it a default instead`,
      }))
    })
  },
}

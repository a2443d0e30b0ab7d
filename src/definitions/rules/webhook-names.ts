import { excerpt } from '../excerpt.ts'
import { childOf, itemsOf, textOf } from '../source/source-node.ts'
import { checkDnsLabel } from './dns-label.ts'
import type { WorkflowRule } from './rule.ts'

/** A webhook's name is the last part of its URL. */
export const invalidWebhookName: WorkflowRule = {
  id: 'invalid-name',
  severity: 'error',
  check: ({ spec }) => itemsOf(childOf(spec, 'triggers', 'webhook')).flatMap((item) => checkDnsLabel(childOf(item, 'name'), 'the webhook name')),
}

/** Two webhooks of one name are one. */
export const duplicateWebhook: WorkflowRule = {
  id: 'duplicate-webhook',
  severity: 'error',
  check({ spec }) {
    const seen = new Set<string>()
    return itemsOf(childOf(spec, 'triggers', 'webhook')).flatMap((item) => {
      const node = childOf(item, 'name')
      const name = textOf(node)
      if (!node || name === null || !seen.has(name)) {
        if (name !== null) seen.add(name)
        return []
      }
      return [{ at: node.start, message: `the webhook ${excerpt(name)} is there already; take one out` }]
    })
  },
}

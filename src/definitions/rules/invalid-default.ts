import { checkParamValue } from '../param-value.ts'
import { excerpt } from '../excerpt.ts'
import { childOf, itemsOf, textOf } from '../source/source-node.ts'
import { checkEachParam } from './each-param.ts'
import type { WorkflowRule } from './rule.ts'

/** A default that the parameter would refuse from anybody else. */
export const invalidDefault: WorkflowRule = {
  id: 'invalid-default',
  severity: 'error',
  check: (workflow) =>
    checkEachParam(workflow, ({ name, node, type }) => {
      const value = childOf(node, 'default')
      if (!value) return []
      const allowed = itemsOf(childOf(node, 'enum')).map((item) => item.json)
      const pattern = textOf(childOf(node, 'pattern'))
      const param = { type, required: false, ...(allowed.length > 0 && { enum: allowed }), ...(pattern !== null && { pattern }) }
      const message = checkParamValue(param, value.json)
      return message === null ? [] : [{ at: value.start, message: `the default of ${excerpt(name)} ${message}` }]
    }),
}

/** A value among those allowed that the parameter's type forbids. */
export const invalidEnum: WorkflowRule = {
  id: 'invalid-enum',
  severity: 'error',
  check: (workflow) =>
    checkEachParam(workflow, ({ name, node, type }) =>
      itemsOf(childOf(node, 'enum')).flatMap((item) => {
        const message = checkParamValue({ type, required: false }, item.json)
        return message === null ? [] : [{ at: item.start, message: `a value of ${excerpt(name)} ${message}` }]
      }),
    ),
}

import { checkPatternSyntax } from '../param-value.ts'
import { excerpt } from '../excerpt.ts'
import { childOf, textOf } from '../source/source-node.ts'
import { checkEachParam } from './each-param.ts'
import type { WorkflowRule } from './rule.ts'

/** A pattern must be a regular expression, and there must be text to match. */
export const invalidPattern: WorkflowRule = {
  id: 'invalid-pattern',
  severity: 'error',
  check: (workflow) =>
    checkEachParam(workflow, ({ name, node, type }) => {
      const pattern = childOf(node, 'pattern')
      const text = textOf(pattern)
      if (!pattern || text === null) return []
      const wrong = checkPatternSyntax(text)
      if (wrong !== null) return [{ at: pattern.start, message: `the pattern of ${excerpt(name)} is no regular expression: ${wrong}` }]
      if (type !== 'string') return [{ at: pattern.start, message: `a pattern is for text, and ${excerpt(name)} is of type ${type}; take it out` }]
      return []
    }),
}

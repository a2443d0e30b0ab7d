import { bareExpression } from '../expressions/render.ts'
import type { Finding } from '../problem.ts'
import { offsetOfValue } from '../source/offset-of-value.ts'
import { textOf } from '../source/source-node.ts'
import type { WorkflowRule } from './rule.ts'

/** A condition that uses nothing comes to the same in every run. */
export const constantCondition: WorkflowRule = {
  id: 'constant-condition',
  severity: 'warning',
  check({ document, steps, finally: last, language }) {
    return [...steps, ...last].flatMap((step): Finding[] => {
      const node = step.own('if')?.value
      const text = textOf(node)
      if (!node || text === null) return []
      const bare = bareExpression(text)
      const compiled = language.compile(bare.text, { fields: {} })
      if (compiled.kind === 'Wrong' || compiled.expression.uses.length > 0) return []
      const result = compiled.expression.evaluate({})
      if (result.kind === 'Failed' || typeof result.value !== 'boolean') return []
      const consequence = result.value ? 'always true: take it out' : 'always false: the step never runs; take the step out if that is meant'
      return [
        {
          at: offsetOfValue(document, node, text, bare.at + bare.text.length - bare.text.trimStart().length),
          message: `this condition is ${consequence}`,
        },
      ]
    })
  },
}

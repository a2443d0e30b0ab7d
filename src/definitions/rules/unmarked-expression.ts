import { excerpt } from '../excerpt.ts'
import type { Finding } from '../problem.ts'
import { offsetOfValue } from '../source/offset-of-value.ts'
import { entriesOf, itemsOf, textOf, type SourceDocument, type SourceNode } from '../source/source-node.ts'
import type { WorkflowRule } from './rule.ts'

const NAMES = '(?:params|vars|trigger|run|repository|steps|matrix)'

/** `{{ params.x }}` and `{{ item }}`, as other systems write them. */
const WITHOUT_MARK = `(?<![$\\w{])\\{\\{\\s{0,9}(${NAMES}[.[][^{}]{0,100}|item\\s{0,9})\\}\\}`

/** `${params.x}` and `$(params.x)`; in a script both may be meant for whoever reads it. */
const ONE_BRACE = `(?<!\\$)\\$(?:\\{(${NAMES}\\.[^{}]{0,100})\\}|\\((${NAMES}\\.[^()]{0,100})\\))`

const IN_SCRIPTS = new RegExp(WITHOUT_MARK)
const ANYWHERE = new RegExp(`${WITHOUT_MARK}|${ONE_BRACE}`)

/** What is nearly an expression stays in the text as it is, and whoever wrote it finds out in the run. */
export const unmarkedExpression: WorkflowRule = {
  id: 'unmarked-expression',
  severity: 'warning',
  check({ document, steps, finally: last, defaults }) {
    if (!ANYWHERE.test(document.text)) return []
    return [...steps, ...last]
      .map((step) => step.node)
      .concat(defaults ?? [])
      .flatMap((node) => checkBelow(document, node, ANYWHERE))
  },
}

function checkBelow(document: SourceDocument, node: SourceNode, pattern: RegExp): Finding[] {
  return [
    ...checkText(document, node, pattern),
    ...entriesOf(node).flatMap(([field, { value }]) => checkBelow(document, value, field === 'script' ? IN_SCRIPTS : pattern)),
    ...itemsOf(node).flatMap((item) => checkBelow(document, item, pattern)),
  ]
}

function checkText(document: SourceDocument, node: SourceNode, pattern: RegExp): Finding[] {
  const text = textOf(node)
  const found = text === null ? null : pattern.exec(text)
  if (text === null || found === null) return []
  const expression = (found.slice(1).find((part) => part !== undefined) ?? '').trim()
  const advice =
    pattern === IN_SCRIPTS
      ? `in a script the value has to come by "env": value: "\${{ ${expression} }}"`
      : `an expression is written as "\${{ ${expression} }}"`
  return [{ at: offsetOfValue(document, node, text, found.index), message: `${excerpt(found[0])} stays as it is: ${advice}` }]
}

import type { Finding } from '../problem.ts'
import { childOf, offsetWithin, textOf, type SourceDocument, type SourceNode } from '../source/source-node.ts'
import { stepSpots } from './expressions/spots.ts'
import type { WorkflowRule } from './rule.ts'

/** An expression's value would become shell text: whoever chooses the value could run commands. */
export const expressionInScript: WorkflowRule = {
  id: 'expression-in-script',
  severity: 'error',
  check: (workflow) => {
    const { document, steps, finally: last, defaults } = workflow
    return [...steps, ...last]
      .map((step) => step.node)
      .concat(defaults ?? [])
      .flatMap((node) => [
        ...checkScript(document, childOf(node, 'script')),
        ...checkScript(document, childOf(node, 'undo', 'script')),
        ...stepSpots(workflow, node).inShell,
      ])
  },
}

function checkScript(document: SourceDocument, script: SourceNode | undefined): Finding[] {
  if (!script || !textOf(script)?.includes('${{')) return []
  const message = 'expressions are refused in a script: put the value into "env" and use the variable'
  return [{ at: offsetWithin(document, script, '${{'), message }]
}

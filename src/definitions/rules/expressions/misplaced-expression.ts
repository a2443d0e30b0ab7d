import type { Finding } from '../../problem.ts'
import { childOf, entriesOf, type SourceNode } from '../../source/source-node.ts'
import type { WorkflowSource } from '../../workflow-source.ts'
import type { WorkflowRule } from '../rule.ts'
import { refuse, stepSpots } from './spots.ts'

const id = 'misplaced-expression'
const severity = 'error'

/** Expressions where nobody works them out: the text would stay as it is. */
export const misplacedExpression: WorkflowRule = {
  id,
  severity,
  check(workflow) {
    const { document, spec } = workflow
    const refused: Finding[] = []
    const metadata = childOf(document.root, 'metadata')
    for (const [field, { value }] of [...entriesOf(metadata), ...entriesOf(spec)]) {
      if (['annotations', 'description', 'steps', 'finally', 'defaults', 'concurrency'].includes(field)) continue
      refuse(refused, document, value, field)
    }
    return refused
  },
}

/** Likewise in steps and defaults. */
export const misplacedExpressionInStep: WorkflowRule = {
  id,
  severity,
  check: (workflow) => stepNodes(workflow).flatMap((node) => stepSpots(workflow, node).refused),
}

function stepNodes({ steps, finally: last, defaults }: WorkflowSource): SourceNode[] {
  return [...steps, ...last].map(({ node }) => node).concat(defaults ?? [])
}

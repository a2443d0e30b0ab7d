import { scopeAt, type WorkflowFacts } from '../../expressions/scope.ts'
import { normaliseParams } from '../../normalise/normalise-workflow.ts'
import { childOf } from '../../source/source-node.ts'
import type { WrittenParam } from '../../written.ts'
import type { WorkflowRule } from '../rule.ts'
import { checkSpot } from './check-spot.ts'
import { stepSpots } from './spots.ts'

/** Expressions within a StepTemplate know its own parameters, and nothing of the steps of whoever uses it. */
export const invalidTemplateExpression: WorkflowRule = {
  id: 'invalid-expression',
  severity: 'error',
  check(workflow) {
    const { document, spec, steps, isDamaged, language } = workflow
    const params = childOf(spec, 'params')
    if (params && (params.kind !== 'Map' || isDamaged(params))) return []
    const facts: WorkflowFacts = { params: normaliseParams((params?.json ?? {}) as unknown as Record<string, WrittenParam>), steps: [], finally: [] }
    const scope = scopeAt({ kind: 'Template' }, facts)
    return steps.flatMap(({ node }) => stepSpots(workflow, node).allowed.flatMap((spot) => checkSpot(document, spot, scope, language).findings))
  },
}

/** Likewise where none is worked out. */
export const misplacedTemplateExpression: WorkflowRule = {
  id: 'misplaced-expression',
  severity: 'error',
  check: (workflow) => workflow.steps.flatMap(({ node }) => stepSpots(workflow, node).refused),
}

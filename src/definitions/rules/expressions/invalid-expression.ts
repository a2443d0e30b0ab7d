import type { ExpressionLanguage } from '../../expressions/language.ts'
import type { ExpressionScope } from '../../expressions/expression-type.ts'
import { scopeAt, type OtherFiles, type WorkflowFacts } from '../../expressions/scope.ts'
import { excerpt } from '../../excerpt.ts'
import { MOST_FINDINGS, type Finding } from '../../problem.ts'
import { childOf, entryOf, textOf } from '../../source/source-node.ts'
import type { StepSource, WorkflowSource } from '../../workflow-source.ts'
import type { WorkflowRule } from '../rule.ts'
import { checkSpot } from './check-spot.ts'
import { placeOf, stepSpots, type Spot } from './spots.ts'
import { expansionOf, factsOf } from './workflow-facts.ts'

/** Expressions that do not parse, whose types do not fit, or that name what is not there. */
export const invalidExpression: WorkflowRule = {
  id: 'invalid-expression',
  severity: 'error',
  check: (workflow) => checkExpressions(workflow),
}

/** The same once the other files are known. */
export function checkExpressions(workflow: WorkflowSource, others?: OtherFiles): Finding[] {
  const facts = factsOf(workflow, others)
  if (!facts) return []
  const { document, spec, steps, finally: last, defaults, language } = workflow
  const group = childOf(spec, 'concurrency', 'group')
  const text = textOf(group)
  const inGroup: Spot[] = group && text !== null ? [{ node: group, text, kind: 'Template', time: 'Own', field: 'concurrency.group' }] : []
  const findings = inGroup.flatMap((spot) => checkSpot(document, spot, scopeAt({ kind: 'Run' }, facts), language).findings)
  for (const step of [...steps, ...last]) {
    if (findings.length < MOST_FINDINGS) findings.push(...checkStep(workflow, step, facts))
  }
  return [...findings, ...(defaults ? checkDefaults(workflow, facts) : [])]
}

function checkStep(workflow: WorkflowSource, step: StepSource, facts: WorkflowFacts): Finding[] {
  const { document, language } = workflow
  const { allowed } = stepSpots(workflow, step.node)
  if (allowed.length === 0) return []
  const scope = scopesOf(step, facts, language)
  return allowed.flatMap((spot) => checkSpot(document, spot, scope(spot), language).findings)
}

/** Defaults must suit every step that takes them; the first that they do not suit is named. */
function checkDefaults(workflow: WorkflowSource, facts: WorkflowFacts): Finding[] {
  const { document, defaults, steps, finally: last, language } = workflow
  if (!defaults) return []
  const { allowed } = stepSpots(workflow, defaults)
  if (allowed.length === 0) return []
  const found = new Map<Spot, Finding[]>()
  for (const step of [...steps, ...last]) {
    const scope = scopesOf(step, facts, language)
    for (const spot of allowed) {
      if (found.has(spot) || !isTaken(spot, step)) continue
      const { findings } = checkSpot(document, spot, scope(spot), language)
      const named = findings.map((finding) => ({
        ...finding,
        message: `${finding.message} (in step ${excerpt(step.name)}, which takes this default)`,
      }))
      if (named.length > 0) found.set(spot, named)
    }
  }
  return [...found.values()].flat()
}

function isTaken({ field }: Spot, step: StepSource): boolean {
  if (['pod', 'job', 'env'].includes(field)) return step.kind === 'Container' || (step.kind === 'Manifest' && field === 'env')
  if (['command', 'args', 'image'].includes(field)) return step.kind === 'Container' && !entryOf(step.node, field) && !entryOf(step.node, 'script')
  return !entryOf(step.node, field)
}

/** What the expressions of a step see, worked out once for each time at which they are read. */
function scopesOf(step: StepSource, facts: WorkflowFacts, language: ExpressionLanguage): (spot: Spot) => ExpressionScope {
  const expansion = expansionOf(step, facts, language)
  const scopes = new Map<Spot['time'], ExpressionScope>()
  return (spot) => {
    const scope = scopes.get(spot.time) ?? scopeAt(placeOf(spot, step.name ?? '', expansion), facts)
    scopes.set(spot.time, scope)
    return scope
  }
}

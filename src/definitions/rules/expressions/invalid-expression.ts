import type { ExpressionLanguage } from '../../expressions/language.ts'
import { scopeAt, type ExpressionPlace, type WorkflowFacts } from '../../expressions/scope.ts'
import { excerpt } from '../../excerpt.ts'
import { MOST_FINDINGS, type Finding } from '../../problem.ts'
import { childOf, entryOf, textOf } from '../../source/source-node.ts'
import type { StepSource, WorkflowSource } from '../../workflow-source.ts'
import type { WorkflowRule } from '../rule.ts'
import { checkSpot } from './check-spot.ts'
import { findStepSpots, placeOf, type Spot } from './spots.ts'
import { expansionOf, factsOf } from './workflow-facts.ts'

/** Expressions that do not parse, whose types do not fit, or that name what is not there. */
export const invalidExpression: WorkflowRule = {
  id: 'invalid-expression',
  severity: 'error',
  check(workflow) {
    const facts = factsOf(workflow)
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
  },
}

function checkStep({ document, defaults, language }: WorkflowSource, step: StepSource, facts: WorkflowFacts): Finding[] {
  const { allowed } = findStepSpots(document, step.node, defaults)
  if (allowed.length === 0) return []
  const place = placesOf(step, facts, language)
  return allowed.flatMap((spot) => checkSpot(document, spot, scopeAt(place(spot), facts), language).findings)
}

/** Defaults must suit every step that takes them; the first that they do not suit is named. */
function checkDefaults({ document, defaults, steps, finally: last, language }: WorkflowSource, facts: WorkflowFacts): Finding[] {
  if (!defaults) return []
  const { allowed } = findStepSpots(document, defaults)
  if (allowed.length === 0) return []
  const found = new Map<Spot, Finding[]>()
  for (const step of [...steps, ...last]) {
    const place = placesOf(step, facts, language)
    for (const spot of allowed) {
      if (found.has(spot) || !isTaken(spot, step)) continue
      const { findings } = checkSpot(document, spot, scopeAt(place(spot), facts), language)
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

function placesOf(step: StepSource, facts: WorkflowFacts, language: ExpressionLanguage): (spot: Spot) => ExpressionPlace {
  const expansion = expansionOf(step, facts, language)
  return (spot) => placeOf(spot, step.name ?? '', expansion)
}

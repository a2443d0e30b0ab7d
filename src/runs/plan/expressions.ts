import type { Json } from '../../definitions/container.ts'
import type { Evaluated, ExpressionValues } from '../../definitions/expressions/language.ts'
import type { Evaluation } from '../../definitions/expressions/render.ts'
import { evaluateCondition } from '../../definitions/expressions/render.ts'
import type { ExpressionPlace, WorkflowFacts } from '../../definitions/expressions/scope.ts'
import { scopeAt } from '../../definitions/expressions/scope.ts'
import type { RunDefinition, Step } from '../../definitions/workflow.ts'
import type { StepResult } from '../run.ts'
import { runValues } from '../run-values.ts'
import type { Board, Entry } from './board.ts'
import { endStep } from './board.ts'

/** Whether a step is wanted, once its dependencies hold. */
export function conditionOf(board: Board, entry: Entry): Evaluated<boolean> {
  if (entry.step.if === null) return { kind: 'Value', value: true }
  return evaluateCondition(entry.step.if, conditionEvaluation(board, entry))
}

/** For `if`, `matrix` and `forEach` of a step: what is known before it is expanded. */
export function conditionEvaluation(board: Board, { step }: Entry): Evaluation {
  return evaluationAt(board, { kind: 'Condition', step: step.name })
}

/** For expressions at this place of the run's workflow. */
export function evaluationAt(board: Board, place: ExpressionPlace): Evaluation {
  const { definition, input } = board
  return { language: input.expressions.language, scope: scopeAt(place, factsOf(definition)), values: valuesOf(board) }
}

/** Ends a step whose expression in `field` could not be worked out. */
export function failExpression(board: Board, entry: Entry, field: string, message: string): void {
  endStep(board, entry, { result: 'Failed', reason: 'ExpressionFailed', message: `could not work out its ${field}: ${message}` })
}

/** What expressions may know of a run's workflow. */
export function factsOf({ params, steps, finally: last }: Pick<RunDefinition, 'params' | 'steps' | 'finally'>): WorkflowFacts {
  const facts = ({ name, dependsOn, allowFailure, results, expansion }: Step) => ({
    name,
    dependsOn,
    allowFailure,
    results,
    isExpanded: expansion !== null,
  })
  return { params, steps: steps.map(facts), finally: last.map(facts) }
}

/** Values of all variables but `matrix` and `item`. Steps are looked at when an expression uses them. */
function valuesOf({ run, byStep, plan, input }: Board): ExpressionValues {
  const { params = {}, outcome } = plan.status
  const steps = {}
  for (const [step, entries] of byStep) Object.defineProperty(steps, step, { enumerable: true, get: () => stepValue(entries) })
  const { result = null, reason = null, message = null } = outcome ?? {}
  return { ...runValues(run, params, input.expressions, { result, reason, message }), steps }
}

function stepValue(entries: readonly Entry[]): Json {
  const [first] = entries
  const reason = entries.find(({ status }) => status.reason !== undefined)?.status.reason ?? null
  const result = resultOfAll(entries)
  if (first?.step.expansion === null || first === undefined) return { result, reason, results: (first?.status.results ?? {}) as Json }
  const isExpanded = first.status.name !== first.step.name
  const results = Object.keys(first.step.results).map((key): [string, Json] => {
    // One that was skipped has null; one that had nothing to do has an empty list.
    if (!isExpanded) return [key, first.status.result === 'Succeeded' ? [] : null]
    return [key, entries.map(({ status }) => (status.results?.[key] ?? null) as Json)]
  })
  return { result, reason, results: Object.fromEntries(results) }
}

/** What the expansions of a step came to together: the worst of them. */
function resultOfAll(entries: readonly Entry[]): StepResult | null {
  const results = new Set(entries.map(({ status }) => status.result))
  const worst: StepResult[] = ['Failed', 'Cancelled', 'Succeeded', 'Cached', 'Skipped']
  return worst.find((result) => results.has(result)) ?? null
}

import type { Json } from '../../definitions/container.ts'
import type { Evaluated, ExpressionValues } from '../../definitions/expressions/language.ts'
import type { Evaluation } from '../../definitions/expressions/render.ts'
import { evaluateCondition } from '../../definitions/expressions/render.ts'
import type { ExpressionPlace, StepFacts, WorkflowFacts } from '../../definitions/expressions/scope.ts'
import { scopeAt } from '../../definitions/expressions/scope.ts'
import type { DependencyCondition, RunDefinition, Step } from '../../definitions/workflow.ts'
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
  board.facts ??= factsOf(definition)
  return { language: input.expressions.language, scope: scopeAt(place, board.facts), values: valuesOf(board) }
}

/** Ends a step whose expression in `field` could not be worked out. */
export function failExpression(board: Board, entry: Entry, field: string, message: string): void {
  endStep(board, entry, { result: 'Failed', reason: 'ExpressionFailed', message: `could not work out its ${field}: ${message}` })
}

/** What expressions may know of a run's workflow: no more and no less than when it was checked. */
export function factsOf({ params, steps, finally: last }: Pick<RunDefinition, 'params' | 'steps' | 'finally'>): WorkflowFacts {
  return { params, steps: factsOfSteps(steps), finally: factsOfSteps(last) }
}

/** A folder of manifests is known by its own name too: to whatever depends on all of its files. */
function factsOfSteps(steps: readonly Step[]): StepFacts[] {
  const folders = foldersOf(steps)
  const facts = steps.map(({ name, dependsOn, allowFailure, results, expansion }): StepFacts => {
    const whole = [...folders].flatMap(([folder, files]) => {
      const edges = dependsOn.filter(({ step }) => files.includes(step))
      const isWhole = (when: DependencyCondition): boolean => files.every((file) => edges.some((edge) => edge.step === file && edge.when === when))
      return [...new Set(edges.map(({ when }) => when))].filter(isWhole).map((when) => ({ step: folder, when }))
    })
    return { name, dependsOn: [...dependsOn, ...whole], allowFailure, results, isExpanded: expansion !== null }
  })
  const known = new Map(facts.map((one) => [one.name, one]))
  return [...facts, ...[...folders].flatMap(([name, [file = '']]) => ({ ...(known.get(file) as StepFacts), name, isExpanded: true }))]
}

/** The names of the steps that the files of a folder make, by that of the step that names the folder. */
function foldersOf(steps: readonly Step[]): Map<string, string[]> {
  const folders = new Map<string, string[]>()
  for (const { name, work } of steps) {
    const [folder = '', file] = name.split('/')
    if (work.kind === 'Manifest' && file !== undefined) folders.set(folder, [...(folders.get(folder) ?? []), name])
  }
  return folders
}

/** Values of all variables but `matrix` and `item`. Steps are looked at when an expression uses them. */
function valuesOf({ run, definition, byStep, plan, input }: Board): ExpressionValues {
  const { params = {}, outcome } = plan.status
  const steps = {}
  for (const [step, entries] of byStep) Object.defineProperty(steps, step, { enumerable: true, get: () => stepValue(entries) })
  for (const [folder, files] of foldersOf([...definition.steps, ...definition.finally])) {
    const get = (): Json => folderValue(files.flatMap((file) => byStep.get(file) ?? []))
    Object.defineProperty(steps, folder, { enumerable: true, get })
  }
  const { result = null, reason = null, message = null } = outcome ?? {}
  return { ...runValues(run, params, input.expressions, { result, reason, message }), steps }
}

function stepValue(entries: readonly Entry[]): Json {
  const [first] = entries
  const { result, reason } = endOfAll(entries)
  if (first === undefined) return { result, reason, results: {} }
  if (first.step.expansion === null) {
    const none = Object.fromEntries(Object.keys(first.step.results).map((key) => [key, null]))
    return { result, reason, results: { ...none, ...(first.status.results as Record<string, Json> | undefined) } }
  }
  const isExpanded = first.status.name !== first.step.name
  const results = Object.keys(first.step.results).map((key): [string, Json] => {
    // One that was skipped has null; one that had nothing to do has an empty list.
    if (!isExpanded) return [key, first.status.result === 'Succeeded' ? [] : null]
    return [key, entries.map(({ status }) => (status.results?.[key] ?? null) as Json)]
  })
  return { result, reason, results: Object.fromEntries(results) }
}

/** The steps of one folder of manifests together: their results are lists, in the order of its files. */
function folderValue(entries: readonly Entry[]): Json {
  const keys = new Set(entries.flatMap(({ step }) => Object.keys(step.results)))
  const results = [...keys].map((key): [string, Json] => [key, entries.map(({ status }) => (status.results?.[key] ?? null) as Json)])
  return { ...endOfAll(entries), results: Object.fromEntries(results) }
}

/** What several came to together: the worst of them. */
function endOfAll(entries: readonly Entry[]): { result: StepResult | null; reason: string | null } {
  const results = new Set(entries.map(({ status }) => status.result))
  const worst: StepResult[] = ['Failed', 'Cancelled', 'Succeeded', 'Cached', 'Skipped']
  const reason = entries.find(({ status }) => status.reason !== undefined)?.status.reason ?? null
  return { result: worst.find((result) => results.has(result)) ?? null, reason }
}

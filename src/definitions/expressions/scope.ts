import { excerpt } from '../excerpt.ts'
import type { DependencyCondition, Param, ValueType } from '../workflow.ts'
import { ANY, TEXT, typeOfDeclared, type ExpressionScope, type ExpressionType, type RecordType } from './expression-type.ts'

/** What expressions may know of a step. A step of a Run, and one of a checked workflow, is such. */
export interface StepFacts {
  name: string
  dependsOn: readonly { step: string; when: DependencyCondition }[]
  allowFailure: boolean
  results: Readonly<Record<string, ValueType>>
  /** Whether it becomes several Jobs: its results are lists then. */
  isExpanded: boolean
}

/** What expressions may know of a workflow. */
export interface WorkflowFacts {
  params: Readonly<Record<string, Pick<Param, 'type' | 'required' | 'default'>>>
  steps: readonly StepFacts[]
  finally: readonly StepFacts[]
}

/**
 * Where an expression stands, which decides what is known there.
 * - `Run`: before any step, such as `concurrency.group`.
 * - `Condition`: `if`, `matrix` and `forEach` of a step, before it is expanded.
 * - `Step`: whatever is worked out for each Job of a step.
 * - `Undo`: the same of its undo, when the run has failed.
 */
export type ExpressionPlace =
  | { kind: 'Run' }
  | { kind: 'Condition'; step: string }
  | { kind: 'Step' | 'Undo'; step: string; matrix?: Readonly<Record<string, ExpressionType>> | null; item?: ExpressionType | null }

const TRIGGER_FIELDS = ['branch', 'schedule', 'tick', 'number', 'head', 'name', 'delivery', 'workflow', 'run', 'key', 'by']

/** Of what kind the run's trigger is, and its fields; those of other kinds are null. */
const TRIGGER: RecordType = {
  kind: 'Record',
  noun: 'field of trigger',
  fields: { kind: TEXT, ...Object.fromEntries(TRIGGER_FIELDS.map((name) => [name, ANY])) },
}

const REPOSITORY: RecordType = { kind: 'Record', noun: 'field of repository', fields: { name: TEXT, namespace: TEXT, branch: TEXT } }

const RUN_FIELDS: RecordType['fields'] = { name: TEXT, workflow: TEXT, commit: TEXT }

/** The variables of an expression at this place. The same facts at run time give the same scope as at the check. */
export function scopeAt(place: ExpressionPlace, workflow: WorkflowFacts): ExpressionScope {
  const general = { params: paramsOf(workflow), vars: { kind: 'Map', of: TEXT } as const, trigger: TRIGGER, repository: REPOSITORY }
  if (place.kind === 'Run') {
    return {
      fields: { ...general, run: runOf(false) },
      hidden: { ...hide('steps', 'no step has run yet'), ...hideExpansion('no step is expanded here') },
    }
  }
  const isLast = place.kind === 'Undo' || workflow.finally.some(({ name }) => name === place.step)
  const fields = { ...general, run: runOf(isLast), steps: stepsOf(place, workflow) }
  if (place.kind === 'Condition') return { fields, hidden: hideExpansion('it is worked out once, before the step is expanded') }
  const { matrix, item } = place
  return {
    fields: { ...fields, ...(matrix && { matrix: { kind: 'Record', noun: 'key of matrix', fields: matrix } as const }), ...(item && { item }) },
    hidden: { ...(!matrix && hide('matrix', 'the step has no matrix')), ...(!item && hide('item', 'the step has no forEach')) },
  }
}

function hide(name: string, reason: string): Record<string, string> {
  return { [name]: `${excerpt(name)} cannot be used here: ${reason}` }
}

function hideExpansion(reason: string): Record<string, string> {
  return { ...hide('matrix', reason), ...hide('item', reason) }
}

/** A parameter that nobody must give and that has no default may be null. */
function paramsOf({ params }: WorkflowFacts): RecordType {
  const entries = Object.entries(params).map(([name, param]): [string, ExpressionType] => {
    return [name, param.required || param.default !== undefined ? typeOfDeclared(param.type) : ANY]
  })
  return { kind: 'Record', noun: 'parameter', fields: Object.fromEntries(entries) }
}

function runOf(isOver: boolean): RecordType {
  const noun = 'field of run'
  if (isOver) return { kind: 'Record', noun, fields: { ...RUN_FIELDS, result: TEXT, reason: ANY, message: ANY } }
  const reason = 'is known once the steps have ended: use it in "finally" or "undo"'
  return {
    kind: 'Record',
    noun,
    fields: RUN_FIELDS,
    hidden: Object.fromEntries(['result', 'reason', 'message'].map((name) => [name, `run.${name} ${reason}`])),
  }
}

/** The steps that have ended for certain when this one begins. */
function stepsOf(place: { kind: string; step: string }, { steps, finally: last }: WorkflowFacts): RecordType {
  const isFinally = last.some(({ name }) => name === place.step)
  const list = isFinally ? last : steps
  const before = reachable(place.step, list)
  const fields: [string, ExpressionType][] = isFinally ? steps.map((step) => [step.name, typeOfStep(step, false)]) : []
  const hidden: [string, string][] = []
  for (const step of list) {
    const found = before.get(step.name)
    if (found !== undefined) fields.push([step.name, typeOfStep(step, found)])
    else if (step.name === place.step && place.kind === 'Undo') fields.push([step.name, typeOfStep(step, true)])
    else if (step.name === place.step) hidden.push([step.name, `step ${excerpt(step.name)} cannot use its own results, it has none before it ends`])
    else hidden.push([step.name, `step ${excerpt(step.name)} may not have ended here; add it to dependsOn`])
  }
  if (!isFinally) hidden.push(...last.map(({ name }): [string, string] => [name, `${excerpt(name)} is a finally step; it runs after all others`]))
  return { kind: 'Record', noun: 'step', fields: Object.fromEntries(fields), hidden: Object.fromEntries(hidden) }
}

/** The steps that are waited for, near and far; whether all on the way must have succeeded, so that results are there. */
function reachable(name: string, list: readonly StepFacts[]): Map<string, boolean> {
  const byName = new Map(list.map((step) => [step.name, step]))
  const found = new Map<string, boolean>()
  const queue: { step: string; isCertain: boolean }[] = [{ step: name, isCertain: true }]
  for (const { step, isCertain } of queue) {
    for (const edge of byName.get(step)?.dependsOn ?? []) {
      const isSure = isCertain && edge.when === 'Succeeded'
      const known = found.get(edge.step)
      if (known === true || (known === false && !isSure)) continue
      found.set(edge.step, isSure)
      queue.push({ step: edge.step, isCertain: isSure })
    }
  }
  return found
}

/** Results of a step that was skipped, or failed without consequence, are null. */
function typeOfStep(step: StepFacts, isCertain: boolean): RecordType {
  const isThere = isCertain && !step.allowFailure
  const results = Object.entries(step.results).map(([name, declared]): [string, ExpressionType] => {
    const type = isThere ? typeOfDeclared(declared) : ANY
    return [name, step.isExpanded ? { kind: 'List', of: type } : type]
  })
  const fields = { result: TEXT, reason: ANY, results: { kind: 'Record', noun: 'result', fields: Object.fromEntries(results) } as const }
  return { kind: 'Record', noun: `field of step ${excerpt(step.name)}`, fields }
}

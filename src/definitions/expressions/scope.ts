import { excerpt } from '../excerpt.ts'
import type { DependencyCondition, Param, ValueType } from '../workflow.ts'
import { ANY, TEXT, typeOfDeclared, type ExpressionScope, type ExpressionType, type RecordType } from './expression-type.ts'

/** What expressions may know of a step. A step of a Run, and one of a checked workflow, is such. */
export interface StepFacts {
  name: string
  dependsOn: readonly { step: string; when: DependencyCondition }[]
  allowFailure: boolean
  /** Null where it is not known: a template says it, which is another file, or a folder of manifests has several. */
  results: Readonly<Record<string, ValueType>> | null
  /** Whether it becomes several Jobs: its results are lists then. Null where only the repository tells: a manifest may be a folder of them. */
  isExpanded: boolean | null
}

/** What expressions may know of a workflow and its own file does not say; null is for what is not known. */
export interface OtherFiles {
  /** Whether the manifest of the step with this name is a folder of them. */
  isFolder: (step: string) => boolean | null
  /** Results that the template of this name declares. */
  resultsOf: (template: string) => StepFacts['results']
}

/** A file by itself. */
export const NO_OTHER_FILES: OtherFiles = { isFolder: () => null, resultsOf: () => null }

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
 * - `Template`: within a StepTemplate, whose parameters are then those of the workflow facts.
 */
export type ExpressionPlace =
  | { kind: 'Run' }
  | { kind: 'Template' }
  | { kind: 'Condition'; step: string }
  | { kind: 'Step' | 'Undo'; step: string; matrix?: ExpressionType | null; item?: ExpressionType | null }

const TRIGGER_FIELDS = ['branch', 'schedule', 'tick', 'number', 'head', 'name', 'delivery', 'workflow', 'run', 'key', 'by']

/** Of what kind the run's trigger is, and its fields; those of other kinds are null. */
const TRIGGER: RecordType = {
  kind: 'Record',
  noun: 'field of trigger',
  fields: { kind: TEXT, ...Object.fromEntries(TRIGGER_FIELDS.map((name) => [name, ANY])) },
}

const REPOSITORY: RecordType = { kind: 'Record', noun: 'field of repository', fields: { name: TEXT, namespace: TEXT, branch: TEXT } }

const RUN_FIELDS: RecordType['fields'] = { name: TEXT, workflow: TEXT, commit: TEXT }
const OUTCOME_FIELDS: RecordType['fields'] = { result: TEXT, reason: ANY, message: ANY }

const RUN: RecordType = {
  kind: 'Record',
  noun: 'field of run',
  fields: RUN_FIELDS,
  others: Object.keys(OUTCOME_FIELDS),
  whyNot: (name) => (Object.hasOwn(OUTCOME_FIELDS, name) ? `run.${name} is known once the steps have ended: use it in "finally" or "undo"` : null),
}

const ENDED_RUN: RecordType = { kind: 'Record', noun: 'field of run', fields: { ...RUN_FIELDS, ...OUTCOME_FIELDS } }

const NO_STEPS = 'no step has run yet'
const NOT_EXPANDED = 'it is worked out once, before the step is expanded'
const IN_TEMPLATE = 'a template knows nothing of the workflow that uses it; pass the value by "with"'

const VARS: ExpressionType = { kind: 'Map', of: TEXT }

const BEFORE_STEPS = because({ steps: NO_STEPS, matrix: 'no step is expanded here', item: 'no step is expanded here' })
const INSIDE_TEMPLATE = because({ steps: IN_TEMPLATE, matrix: IN_TEMPLATE, item: IN_TEMPLATE })
const BEFORE_EXPANSION = because({ matrix: NOT_EXPANDED, item: NOT_EXPANDED })

/** The variables of an expression at this place. The same facts at run time give the same scope as at the check. Most expressions use one of them: the others are not worked out. */
export function scopeAt(place: ExpressionPlace, workflow: WorkflowFacts): ExpressionScope {
  switch (place.kind) {
    case 'Run':
      return { fields: generalVariables(workflow), ...BEFORE_STEPS }
    case 'Template':
      return { fields: generalVariables(workflow), ...INSIDE_TEMPLATE }
    case 'Condition':
      return { fields: variablesOfStep(place, workflow), ...BEFORE_EXPANSION }
    case 'Step':
    case 'Undo': {
      const { matrix, item } = place
      const fields = variablesOfStep(place, workflow)
      if (matrix) fields['matrix'] = matrix
      if (item) fields['item'] = item
      const missing = { ...(!matrix && { matrix: 'the step has no matrix' }), ...(!item && { item: 'the step has no forEach' }) }
      return { fields, ...because(missing) }
    }
  }
}

function generalVariables(workflow: WorkflowFacts, run = RUN): Record<string, ExpressionType> {
  return Object.assign(
    whenAsked({}, 'params', () => paramsOf(workflow)),
    { vars: VARS, trigger: TRIGGER, repository: REPOSITORY, run },
  )
}

function variablesOfStep(place: { kind: string; step: string }, workflow: WorkflowFacts): Record<string, ExpressionType> {
  const isLast = place.kind === 'Undo' || workflow.finally.some(({ name }) => name === place.step)
  return whenAsked(generalVariables(workflow, isLast ? ENDED_RUN : RUN), 'steps', () => stepsOf(place, workflow))
}

/** Adds a variable whose type is worked out when somebody asks for it. */
function whenAsked(fields: Record<string, ExpressionType>, name: string, workOut: () => ExpressionType): Record<string, ExpressionType> {
  let type: ExpressionType | undefined
  return Object.defineProperty(fields, name, { enumerable: true, get: () => (type ??= workOut()) })
}

function because(reasons: Readonly<Record<string, string>>): Pick<ExpressionScope, 'others' | 'whyNot'> {
  return {
    others: Object.keys(reasons),
    whyNot: (name) => (Object.hasOwn(reasons, name) ? `${excerpt(name)} cannot be used here: ${reasons[name] ?? ''}` : null),
  }
}

/** A parameter that nobody must give and that has no default may be null. */
function paramsOf({ params }: WorkflowFacts): RecordType {
  const entries = Object.entries(params).map(([name, param]): [string, ExpressionType] => {
    return [name, param.required || param.default !== undefined ? typeOfDeclared(param.type) : ANY]
  })
  return { kind: 'Record', noun: 'parameter', fields: Object.fromEntries(entries) }
}

/** The steps that have ended for certain when this one begins. */
function stepsOf(place: { kind: string; step: string }, { steps, finally: last }: WorkflowFacts): RecordType {
  const isFinally = last.some(({ name }) => name === place.step)
  const list = isFinally ? last : steps
  const before = reachable(place.step, list)
  const fields: [string, ExpressionType][] = isFinally ? steps.map((step) => [step.name, typeOfStep(step, false)]) : []
  for (const { step, isCertain } of before.values()) fields.push([step.name, typeOfStep(step, isCertain)])
  const own = list.find(({ name }) => name === place.step)
  if (own && place.kind === 'Undo') fields.push([own.name, typeOfStep(own, true)])
  return {
    kind: 'Record',
    noun: 'step',
    fields: Object.fromEntries(fields),
    others: [...steps, ...last].map(({ name }) => name),
    whyNot: (name) => {
      if (name === place.step) return `step ${excerpt(name)} cannot use its own results, it has none before it ends`
      if (list.some((step) => step.name === name)) return `step ${excerpt(name)} may not have ended here; add it to dependsOn`
      return last.some((step) => step.name === name) ? `${excerpt(name)} is a finally step; it runs after all others` : null
    },
  }
}

/** The steps that are waited for, near and far; whether all on the way must have succeeded, so that results are there. */
function reachable(name: string, list: readonly StepFacts[]): Map<string, { step: StepFacts; isCertain: boolean }> {
  const byName = new Map(list.map((step) => [step.name, step]))
  const found = new Map<string, { step: StepFacts; isCertain: boolean }>()
  const queue: { step: StepFacts | undefined; isCertain: boolean }[] = [{ step: byName.get(name), isCertain: true }]
  for (const { step: waiting, isCertain } of queue) {
    for (const edge of waiting?.dependsOn ?? []) {
      const step = byName.get(edge.step)
      const isSure = isCertain && edge.when === 'Succeeded'
      const known = found.get(edge.step)
      if (!step || edge.step === name || known?.isCertain === true || (known && !isSure)) continue
      found.set(edge.step, { step, isCertain: isSure })
      queue.push({ step, isCertain: isSure })
    }
  }
  return found
}

/** Results of a step that was skipped, or failed without consequence, are null. */
function typeOfStep(step: StepFacts, isCertain: boolean): RecordType {
  const isThere = isCertain && !step.allowFailure
  const results = Object.entries(step.results ?? {}).map(([name, declared]): [string, ExpressionType] => {
    if (step.isExpanded === null) return [name, ANY]
    const type = isThere ? typeOfDeclared(declared) : ANY
    return [name, step.isExpanded ? { kind: 'List', of: type } : type]
  })
  const declared: ExpressionType =
    step.results === null ? { kind: 'Map', of: ANY } : { kind: 'Record', noun: 'result', fields: Object.fromEntries(results) }
  const fields = { result: TEXT, reason: ANY, results: declared }
  return { kind: 'Record', noun: `field of step ${excerpt(step.name)}`, fields }
}

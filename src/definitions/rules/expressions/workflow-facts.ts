import { ANY, commonType, TEXT, typeOfValue, type ExpressionType } from '../../expressions/expression-type.ts'
import type { ExpressionLanguage } from '../../expressions/language.ts'
import { bareExpression } from '../../expressions/render.ts'
import { NO_OTHER_FILES, scopeAt, type ExpressionPlace, type OtherFiles, type StepFacts, type WorkflowFacts } from '../../expressions/scope.ts'
import { holdsExpression, parseTemplate, soleExpression } from '../../expressions/template.ts'
import type { Json } from '../../container.ts'
import { normaliseParams } from '../../normalise/normalise-workflow.ts'
import { childOf, entriesOf, textOf, type SourceNode } from '../../source/source-node.ts'
import type { ValueType } from '../../workflow.ts'
import type { StepSource, WorkflowSource } from '../../workflow-source.ts'
import type { WrittenParam } from '../../written.ts'

/** What expressions may know of a workflow, from its source; null where parts of it are wrong on which everything else depends. */
export function factsOf({ spec, steps, finally: last, isDamaged }: WorkflowSource, others = NO_OTHER_FILES): WorkflowFacts | null {
  const params = childOf(spec, 'params')
  if (params && (params.kind !== 'Map' || isDamaged(params))) return null
  if ([...steps, ...last].some(({ name }) => name === null)) return null
  return {
    params: params ? normaliseParams(params.json as Record<string, unknown> as Record<string, WrittenParam>) : {},
    steps: steps.flatMap((step) => factsOfStep(step, others)),
    finally: last.flatMap((step) => factsOfStep(step, others)),
  }
}

function factsOfStep(step: StepSource, { isFolder, resultsOf }: OtherFiles): StepFacts[] {
  if (step.name === null) return []
  const isExpanded = step.field('matrix') !== undefined || step.field('forEach') !== undefined
  const facts: StepFacts = {
    name: step.name,
    dependsOn: step.dependencies.flatMap(({ step: name, when }) => [name, ...namedFiles(step, name)].map((one) => ({ step: one, when }))),
    allowFailure: step.field('allowFailure')?.value.json === true,
    results: step.kind === 'Template' ? resultsOf(textOf(step.own('use')?.value) ?? '') : ownResults(step.field('results')?.value),
    isExpanded: isExpanded || (step.kind === 'Manifest' ? isFolder(step.name) : false),
  }
  // Files of a folder of manifests are steps of their own; which there are is not known here.
  const files = step.kind === 'Manifest' ? namedFiles(step, step.name) : []
  return [facts, ...files.map((name) => ({ ...facts, name, isExpanded }))]
}

/** The files of a folder that are named anywhere in the workflow: whoever depends on the folder depends on each. */
function namedFiles({ siblings }: StepSource, folder: string): string[] {
  return [...new Set(siblings.flatMap((other) => other.dependencies.map(({ step }) => step)))].filter((step) => step.startsWith(`${folder}/`))
}

function ownResults(node: SourceNode | undefined): Record<string, ValueType> {
  return Object.fromEntries(entriesOf(node).map(([name, { value }]) => [name, (textOf(value) ?? 'string') as ValueType]))
}

/** Types of `matrix` and `item` for a step's Jobs; null where there is none. */
export function expansionOf(
  step: StepSource,
  facts: WorkflowFacts,
  language: ExpressionLanguage,
): { matrix: ExpressionType | null; item: ExpressionType | null } {
  const matrix = step.field('matrix')?.value
  const forEach = step.field('forEach')?.value
  const compile = (text: string) => compileAt({ kind: 'Condition', step: step.name ?? '' }, text, facts, language)
  return { matrix: matrix ? matrixType(matrix, compile) : null, item: forEach ? itemType(forEach, compile) : null }
}

function matrixType(node: SourceNode, compile: (text: string) => ExpressionType): ExpressionType {
  if (node.kind !== 'Map') return { kind: 'Map', of: ANY }
  const fields = entriesOf(node).map(([name, { value }]) => [name, itemType(value, compile)] as const)
  return { kind: 'Record', noun: 'key of matrix', fields: Object.fromEntries(fields) }
}

function itemType(node: SourceNode, compile: (text: string) => ExpressionType): ExpressionType {
  const text = textOf(node)
  if (text !== null) {
    const list = compile(bareExpression(text).text)
    return list.kind === 'List' ? list.of : ANY
  }
  return Array.isArray(node.json) ? commonType(node.json.map((item) => typeOfItem(item, compile))) : ANY
}

function typeOfItem(item: Json, compile: (text: string) => ExpressionType): ExpressionType {
  if (typeof item !== 'string' || !holdsExpression(item)) return holdsAnywhere(item) ? ANY : typeOfValue(item)
  const template = parseTemplate(item)
  const sole = template.kind === 'Template' ? soleExpression(template) : null
  return sole ? compile(sole.text) : TEXT
}

function holdsAnywhere(value: Json): boolean {
  return typeof value === 'object' && value !== null && holdsExpression(JSON.stringify(value))
}

function compileAt(place: ExpressionPlace, text: string, facts: WorkflowFacts, language: ExpressionLanguage): ExpressionType {
  const compiled = language.compile(text, scopeAt(place, facts))
  return compiled.kind === 'Expression' ? compiled.expression.type : ANY
}

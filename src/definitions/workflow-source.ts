import type { ExpressionLanguage } from './expressions/language.ts'
import type { JobView } from './kubernetes/job-view.ts'
import type { Spots } from './rules/expressions/spots.ts'
import type { SchemaFindings } from './schema/schema-findings.ts'
import type { DependencyCondition } from './workflow.ts'
import { childOf, entryOf, itemsOf, textOf, type SourceDocument, type SourceEntry, type SourceMap, type SourceNode } from './source/source-node.ts'

/** Fields of a core/v1 Container that make a step one by being there. */
export const CONTAINER_FIELDS: readonly string[] =
  `image command args workingDir env envFrom ports resources resizePolicy restartPolicy restartPolicyRules volumeMounts volumeDevices livenessProbe readinessProbe
  startupProbe lifecycle terminationMessagePath terminationMessagePolicy imagePullPolicy securityContext stdin stdinOnce tty`.split(/\s+/)

const MAKES_A_CONTAINER: ReadonlySet<string> = new Set(['script', ...CONTAINER_FIELDS])

/** An edge as written: `step` and where it is named. */
export interface DependencySource {
  step: string
  when: DependencyCondition
  at: number
}

/** A step as written, for the rules: whatever is there, right or wrong. */
export interface StepSource {
  node: SourceNode
  list: 'steps' | 'finally'
  name: string | null
  /** Where its name stands, or the step where it has none. */
  at: number
  /** Edges of the step's own `dependsOn`, else of the default one, else of `chain`. */
  dependencies: DependencySource[]
  /** The field as the step has it. */
  own(field: string): SourceEntry | undefined
  /** The field as the step or `defaults` has it. */
  field(field: string): SourceEntry | undefined
  kind: StepKind
  /** All steps of the list, this one included. */
  siblings: readonly StepSource[]
}

/** What the fields of a step make it. */
export type StepKind = 'Container' | 'Manifest' | 'Join' | 'Approval' | 'Template'

/** A schedule as written, for the rules: the `spec` of a document, or a trigger inside a workflow. */
export interface ScheduleSource {
  document: SourceDocument
  spec: SourceNode | undefined
}

/** A workflow as written, for the rules. */
export interface WorkflowSource {
  document: SourceDocument
  spec: SourceNode | undefined
  defaults: SourceNode | undefined
  steps: StepSource[]
  finally: StepSource[]
  /** The schedules among its triggers. */
  schedules: ScheduleSource[]
  /** Whether the schema finds this value, or something in it, wrong. */
  isDamaged: (node: SourceNode | undefined) => boolean
  /** Whether this map has fields that nobody knows, so that what it lacks means nothing. */
  hasUnknownFields: (node: SourceNode | undefined) => boolean
  /** Compiles expressions. */
  language: ExpressionLanguage
  /** Texts of its steps that may hold expressions, as far as somebody has asked for them. */
  spots: Map<SourceNode, Spots>
  /** Jobs of its steps, likewise. */
  jobs: Map<StepSource, readonly JobView[]>
}

/** Makes the view of a Workflow document that rules look at. */
export function viewWorkflow(document: SourceDocument, { damaged, withUnknownFields }: SchemaFindings, language: ExpressionLanguage): WorkflowSource {
  const spec = childOf(document.root, 'spec')
  const defaults = childOf(spec, 'defaults')
  const isChain = childOf(spec, 'chain')?.json === true
  return {
    document,
    spec,
    defaults,
    steps: viewSteps('steps', childOf(spec, 'steps'), defaults, isChain),
    finally: viewSteps('finally', childOf(spec, 'finally'), defaults, isChain),
    schedules: itemsOf(childOf(spec, 'triggers', 'schedule')).map((node) => ({ document, spec: node })),
    isDamaged: (node) => node !== undefined && damaged.has(node),
    hasUnknownFields: (node) => node !== undefined && withUnknownFields.has(node),
    language,
    spots: new Map(),
    jobs: new Map(),
  }
}

/** Makes the view of a StepTemplate document: that of a workflow of one step without a name. */
export function viewTemplate(document: SourceDocument, findings: SchemaFindings, language: ExpressionLanguage): WorkflowSource {
  const view = viewWorkflow(document, findings, language)
  const step = childOf(view.spec, 'step')
  if (step?.kind === 'Map') view.steps.push(viewStep('steps', step, undefined, undefined, view.steps))
  return view
}

function viewSteps(list: StepSource['list'], nodes: SourceNode | undefined, defaults: SourceNode | undefined, isChain: boolean): StepSource[] {
  const views: StepSource[] = []
  for (const node of itemsOf(nodes)) {
    if (node.kind === 'Map') views.push(viewStep(list, node, defaults, isChain ? views.at(-1) : undefined, views))
  }
  return views
}

function viewStep(
  list: StepSource['list'],
  node: SourceMap,
  defaults: SourceNode | undefined,
  above: StepSource | undefined,
  siblings: readonly StepSource[],
): StepSource {
  const own = (field: string) => entryOf(node, field)
  const name = childOf(node, 'name')
  const dependsOn = own('dependsOn') ?? (list === 'steps' ? entryOf(defaults, 'dependsOn') : undefined)
  return {
    node,
    list,
    name: textOf(name),
    at: name?.start ?? node.start,
    dependencies: dependsOn ? dependenciesOf(dependsOn.value) : chainTo(list, above),
    own,
    field: (field) => own(field) ?? entryOf(defaults, field),
    kind: stepKind(fieldsOf(node), fieldsOf(defaults)),
    siblings,
  }
}

function chainTo(list: StepSource['list'], above: StepSource | undefined): DependencySource[] {
  return above?.name ? [{ step: above.name, when: list === 'steps' ? 'Succeeded' : 'Always', at: above.at }] : []
}

function dependenciesOf(list: SourceNode): DependencySource[] {
  return itemsOf(list).flatMap((item) => {
    const node = item.kind === 'Map' ? childOf(item, 'step') : item
    const step = textOf(node)
    return node && step !== null ? [{ step, when: conditionOf(childOf(item, 'when')), at: node.start }] : []
  })
}

const CONDITIONS: readonly DependencyCondition[] = ['Succeeded', 'Failed', 'NotFailed', 'Always']

/** What is written wrong is reported; the default stands in for it. */
function conditionOf(node: SourceNode | undefined): DependencyCondition {
  return CONDITIONS.find((condition) => condition === node?.json) ?? 'Succeeded'
}

/** Fields of a step say what it is; `defaults` only when they say what is to be run, since an image alone must leave joins possible. */
export function stepKind(fields: readonly string[], defaults: readonly string[]): StepKind {
  if (fields.includes('manifest')) return 'Manifest'
  if (fields.includes('use')) return 'Template'
  if (fields.includes('approval')) return 'Approval'
  if (fields.some((field) => MAKES_A_CONTAINER.has(field))) return 'Container'
  if (defaults.includes('manifest')) return 'Manifest'
  return ['script', 'command', 'args'].some((field) => defaults.includes(field)) ? 'Container' : 'Join'
}

function fieldsOf(node: SourceNode | undefined): string[] {
  return node?.kind === 'Map' ? [...node.entries.keys()] : []
}

/** The step of a folder of manifests that `folder/file` belongs to. */
export function ownerOfExpanded(name: string, steps: readonly StepSource[]): StepSource | undefined {
  const owner = name.split('/', 1)[0]
  return owner === name ? undefined : steps.find((step) => step.name === owner && step.kind === 'Manifest')
}

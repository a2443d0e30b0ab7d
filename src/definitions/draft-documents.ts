import type { GivenParam, ScheduleDraft, WithOthers, WorkflowDraft } from './draft.ts'
import { draftUse } from './draft-template.ts'
import { scopeAt, type OtherFiles } from './expressions/scope.ts'
import { checkExpressions, invalidExpression } from './rules/expressions/invalid-expression.ts'
import { stepSpots } from './rules/expressions/spots.ts'
import { expansionOf, factsOf } from './rules/expressions/workflow-facts.ts'
import { normaliseSchedule, triggerScheduleName } from './normalise/normalise-schedule.ts'
import { normaliseParams, normaliseWorkflow } from './normalise/normalise-workflow.ts'
import { placeWorkflowAsks } from './policy/place-asks.ts'
import type { Position } from './problem.ts'
import { childOf, entriesOf, entryOf, itemsOf, textOf, type SourceDocument, type SourceNode } from './source/source-node.ts'
import { ownerOfExpanded, type ScheduleSource, type StepSource, type WorkflowSource } from './workflow-source.ts'
import type { Param } from './workflow.ts'
import type { WrittenParam, WrittenSchedule, WrittenScheduleTrigger, WrittenWorkflow } from './written.ts'

/** The draft of a Workflow document; none when its name cannot be read. Only a valid one has a body. */
export function draftWorkflow(source: WorkflowSource, isValid: boolean): WorkflowDraft[] {
  const { document, spec } = source
  const nameNode = childOf(document.root, 'metadata', 'name')
  const name = textOf(nameNode)
  if (!nameNode || name === null) return []
  const place = (offset: number) => document.positionAt(offset)
  const lists = [source.steps, source.finally]
  const references = lists.flat().flatMap((step) => draftReference(step, place))
  return [
    {
      name,
      nameAt: place(nameNode.start),
      stepsAt: place(entryOf(spec, 'steps')?.key.start ?? nameNode.start),
      // The schema has nothing against it, which is what the written types say.
      body: isValid ? normaliseWorkflow(document.root.json as unknown as WrittenWorkflow) : null,
      params: readParams(source),
      references,
      withOthers: references.length > 0 || usesTemplateResults(source) ? (others) => viewWithOthers(source, others) : null,
      expandedDependencies: lists.flatMap((list) => draftExpandedDependencies(list, place)),
      schedules: source.schedules.flatMap((schedule) => draftTrigger(schedule, name, source, isValid)),
      uses: lists.flat().flatMap((step) => draftUse(document, step.node, source.isDamaged) ?? []),
      upstream: itemsOf(childOf(spec, 'triggers', 'workflow')).flatMap((trigger) => {
        const node = childOf(trigger, 'name')
        const upstream = textOf(node)
        return node && upstream !== null ? [{ name: upstream, at: place(node.start) }] : []
      }),
      asks: placeWorkflowAsks(source),
    },
  ]
}

/** The draft of a Schedule document; none when its name or its workflow cannot be read. */
export function draftSchedule(document: SourceDocument, damaged: ReadonlySet<SourceNode>, isValid: boolean): ScheduleDraft[] {
  const spec = childOf(document.root, 'spec')
  const nameNode = childOf(document.root, 'metadata', 'name')
  const workflowNode = childOf(spec, 'workflow')
  const name = textOf(nameNode)
  const workflow = textOf(workflowNode)
  if (!nameNode || !workflowNode || name === null || workflow === null) return []
  const written = document.root.json as unknown as WrittenSchedule
  return [
    {
      name,
      nameAt: document.positionAt(nameNode.start),
      workflow,
      workflowAt: document.positionAt(workflowNode.start),
      body: isValid ? normaliseSchedule(name, workflow, written.spec) : null,
      params: readGivenParams(document, spec, (node) => damaged.has(node)),
      paramsAt: document.positionAt(entryOf(spec, 'params')?.key.start ?? workflowNode.start),
    },
  ]
}

function draftTrigger({ document, spec }: ScheduleSource, workflow: string, source: WorkflowSource, isValid: boolean): ScheduleDraft[] {
  if (spec?.kind !== 'Map') return []
  const nameNode = childOf(spec, 'name')
  const name = triggerScheduleName(workflow, textOf(nameNode))
  return [
    {
      name,
      nameAt: document.positionAt(nameNode?.start ?? spec.start),
      workflow,
      workflowAt: null,
      body: isValid ? normaliseSchedule(name, workflow, spec.json as unknown as WrittenScheduleTrigger) : null,
      params: readGivenParams(document, spec, source.isDamaged),
      paramsAt: document.positionAt(entryOf(spec, 'params')?.key.start ?? spec.start),
    },
  ]
}

function viewWithOthers(source: WorkflowSource, others: OtherFiles): WithOthers {
  const { document, language } = source
  const all = [...source.steps, ...source.finally]
  const facts = factsOf(source, others)
  // Nothing else of a manifest is known to other steps.
  const haveResults = all.some((step) => step.kind === 'Manifest' && step.field('results') !== undefined)
  const { id: rule, severity } = invalidExpression
  const findings = haveResults || usesTemplateResults(source) ? checkExpressions(source, others) : []
  return {
    problems: findings.map(({ at, message, severity: own = severity }) => ({ ...document.positionAt(at), severity: own, rule, message })),
    scopeOf(name) {
      const step = all.find((candidate) => candidate.name === name)
      return facts && step ? scopeAt({ kind: 'Step', step: name, ...expansionOf(step, facts, language) }, facts) : null
    },
  }
}

/** Whether expressions may name results of steps whose templates declare them. */
function usesTemplateResults(source: WorkflowSource): boolean {
  const steps = [...source.steps, ...source.finally]
  if (!steps.some(({ kind }) => kind === 'Template')) return false
  const nodes = steps.map(({ node }) => node).concat(source.defaults ?? [])
  return nodes.some((node) => stepSpots(source, node).allowed.some(({ text }) => text.includes('results')))
}

function readParams({ spec, isDamaged }: WorkflowSource): Record<string, Param> | null {
  const params = childOf(spec, 'params')
  if (!params) return {}
  return params.kind === 'Map' && !isDamaged(params) ? normaliseParams(params.json as unknown as Record<string, WrittenParam>) : null
}

function readGivenParams(document: SourceDocument, spec: SourceNode | undefined, isDamaged: (node: SourceNode) => boolean): GivenParam[] | null {
  const params = childOf(spec, 'params')
  if (params && isDamaged(params)) return null
  return entriesOf(params).map(([name, { key, value }]) => ({
    name,
    value: value.json,
    nameAt: document.positionAt(key.start),
    valueAt: document.positionAt(value.start),
  }))
}

function draftReference(step: StepSource, place: (offset: number) => Position) {
  const manifest = step.kind === 'Manifest' ? step.field('manifest')?.value : undefined
  const path = textOf(manifest)
  return manifest && path ? [{ step: step.name, path, at: place(manifest.start) }] : []
}

function draftExpandedDependencies(list: readonly StepSource[], place: (offset: number) => Position) {
  const dependencies = list.flatMap((step) => step.dependencies).filter(({ step }) => ownerOfExpanded(step, list))
  return dependencies.map(({ step, at }) => ({ step, at: place(at) }))
}

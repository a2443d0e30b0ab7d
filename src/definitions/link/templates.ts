import type { DraftStep, TemplateDraft, TemplateUse } from '../draft.ts'
import { excerpt } from '../excerpt.ts'
import { holdsExpression } from '../expressions/template.ts'
import { didYouMean } from '../near-names.ts'
import { checkParamValue } from '../param-value.ts'
import type { OtherFiles } from '../expressions/scope.ts'
import { findCycles } from '../rules/find-cycles.ts'
import type { Diagnostic, TemplateCall } from '../workflow.ts'
import type { Policy } from '../policy/policy.ts'
import { judge } from './check-policy.ts'
import { errorAt, type Linkage, type LinkedWorkflow, type Located } from './linker.ts'

/** A StepTemplate with the file in which it lies. `fault` is what is wrong with it or with a template that it uses; null when nothing is. */
export interface LinkedTemplate extends Located<TemplateDraft> {
  fault: Diagnostic | null
}

/** The templates of the files, the first of each name, and what is wrong with them as a whole. `problems` are those of their own files; nobody is refused anything without a policy. */
export function linkTemplates(
  drafts: readonly Located<TemplateDraft>[],
  problems: readonly Diagnostic[],
  policy: Policy | null,
): { templates: ReadonlyMap<string, LinkedTemplate>; diagnostics: Diagnostic[] } {
  const templates = new Map<string, LinkedTemplate>()
  const diagnostics: Diagnostic[] = []
  for (const draft of drafts) {
    const other = templates.get(draft.name)
    if (other) {
      const message = `a template ${excerpt(draft.name)} is in ${other.file}, line ${other.nameAt.line} already; choose another name`
      diagnostics.push(errorAt(draft.file, draft.nameAt, 'duplicate-template', message))
    } else {
      const refused = policy === null ? [] : judge(policy, draft.file, draft.asks)
      diagnostics.push(...refused)
      const own = problems.find(({ file, severity }) => file === draft.file && severity === 'error') ?? null
      templates.set(draft.name, {
        ...draft,
        fault: draft.body
          ? (refused.find(({ severity }) => severity === 'error') ?? null)
          : (own ?? errorAt(draft.file, draft.nameAt, 'invalid-template', 'the document cannot be used')),
      })
    }
  }
  for (const template of templates.values()) {
    const found = template.use ? checkUse(template.file, template.use, templates) : []
    template.fault ??= found[0] ?? null
    diagnostics.push(...found)
  }
  diagnostics.push(...checkLoops(templates))
  return { templates, diagnostics }
}

function checkLoops(templates: ReadonlyMap<string, LinkedTemplate>): Diagnostic[] {
  const all = [...templates.values()]
  const edges = all.map(({ use }) => all.flatMap(({ name }, index) => (name === use?.template ? [index] : [])))
  return findCycles(edges).flatMap((cycle) => {
    const members = cycle.flatMap((index) => all[index] ?? [])
    const [first] = members
    if (!first) return []
    const names = [...members, first].map(({ name }) => name)
    const found = errorAt(
      first.file,
      first.use?.at ?? first.nameAt,
      'template-loop',
      `these templates use each other: ${names.join(' -> ')}; take one "use" out`,
    )
    for (const member of members) member.fault ??= found
    return [found]
  })
}

/** What is wrong with the templates that a workflow's steps use: both places are named. */
export function checkTemplates(workflow: LinkedWorkflow, { templates, invalid }: Linkage): Diagnostic[] {
  const found = workflow.uses.flatMap((use) => checkUse(workflow.file, use, templates))
  if (found.length > 0) invalid.add(workflow)
  return found
}

/** What a template declares is what the last of those says that use each other. */
export function resultsOfTemplates(templates: ReadonlyMap<string, LinkedTemplate>): OtherFiles['resultsOf'] {
  return (name) => {
    let template = templates.get(name)
    for (const seen = new Set<LinkedTemplate>(); template?.use && !seen.has(template);) {
      seen.add(template)
      template = templates.get(template.use.template)
    }
    return template?.body && !template.use ? template.body.results : null
  }
}

function checkUse(file: string, use: TemplateUse, templates: ReadonlyMap<string, LinkedTemplate>): Diagnostic[] {
  const template = templates.get(use.template)
  if (!template) {
    return [
      errorAt(file, use.at, 'unknown-template', `there is no template ${excerpt(use.template)}${didYouMean(use.template, [...templates.keys()])}`),
    ]
  }
  const fault = faultOf(template, templates)
  if (fault) {
    const { line, column, message } = fault
    return [
      errorAt(file, use.at, 'invalid-template', `the template ${excerpt(use.template)} is wrong at ${fault.file}:${line}:${column}: ${message}`),
    ]
  }
  return checkWith(file, use, template)
}

/** Its own fault, or that of a template further down. */
function faultOf(template: LinkedTemplate, templates: ReadonlyMap<string, LinkedTemplate>): Diagnostic | null {
  const seen = new Set<LinkedTemplate>()
  for (let next: LinkedTemplate | undefined = template; next && !seen.has(next); next = next.use ? templates.get(next.use.template) : undefined) {
    if (next.fault) return next.fault
    seen.add(next)
  }
  return null
}

function checkWith(file: string, use: TemplateUse, { name, params }: LinkedTemplate): Diagnostic[] {
  if (!params || !use.given) return []
  const declared = new Map(Object.entries(params))
  const given = new Set(use.given.map((param) => param.name))
  const wrong = use.given.flatMap((value) => {
    const param = declared.get(value.name)
    if (!param) {
      const near = didYouMean(value.name, [...declared.keys()])
      return [errorAt(file, value.nameAt, 'unknown-param', `the template ${excerpt(name)} has no parameter ${excerpt(value.name)}${near}`)]
    }
    // What an expression comes to is judged in the run.
    if (holdsExpression(JSON.stringify(value.value))) return []
    const message = checkParamValue(param, value.value)
    return message === null ? [] : [errorAt(file, value.valueAt, 'invalid-param', `${excerpt(value.name)} ${message}`)]
  })
  const missing = [...declared].filter(([key, param]) => param.required && param.default === undefined && !given.has(key))
  return [
    ...wrong,
    ...missing.map(([key]) =>
      errorAt(file, use.withAt, 'missing-param', `the template ${excerpt(name)} requires a value for ${excerpt(key)}; add it to "with"`),
    ),
  ]
}

/** The step with what its templates say; how it stands in the chain is its own. Only for steps of which `checkTemplates` finds nothing wrong. */
export function applyTemplates(step: DraftStep, templates: ReadonlyMap<string, LinkedTemplate>): DraftStep {
  const calls: TemplateCall[] = []
  let made = step
  let own = {}
  while (made.work.kind === 'Use') {
    const template = templates.get(made.work.template)
    if (!template?.body) return step
    calls.push({ name: template.name, params: template.params ?? {}, with: made.work.with })
    own = { ...made.work.own, ...own }
    made = template.body
  }
  if (calls.length === 0) return step
  const { name, dependsOn, allowFailure, if: condition, expansion, maxParallel } = step
  return { ...made, ...own, name, dependsOn, allowFailure, if: condition, expansion, maxParallel, templates: calls }
}

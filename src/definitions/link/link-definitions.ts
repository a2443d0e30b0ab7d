import type { FileAnalysis } from '../analyse-file.ts'
import type { FoundManifest } from '../manifests/read-manifests.ts'
import { compareProblems, compareText } from '../problem.ts'
import type { Definitions, Diagnostic, Schedule, Workflow } from '../workflow.ts'
import { checkManifests } from './check-manifests.ts'
import { checkPolicy } from './check-policy.ts'
import { checkDuplicateSchedules, checkDuplicateWorkflows } from './duplicate-names.ts'
import { expandSteps } from './expand-manifests.ts'
import type { Linkage, LinkedFile, LinkedSchedule, LinkedWorkflow } from './linker.ts'
import { applyTemplates, checkTemplates, linkTemplates } from './templates.ts'
import type { DraftStep } from '../draft.ts'
import { checkUnknownUpstream, checkWorkflowLoops } from './workflow-triggers.ts'
import { checkScheduleParams, checkUnknownWorkflow } from './schedule-targets.ts'

/** A file of the definitions' folder and what it says. */
export interface AnalysedFile {
  path: string
  analysis: FileAnalysis
}

/** What linking needs beside the files. */
export type LinkContext = Pick<Linkage, 'policy' | 'language' | 'memory'>

/** So many workflows or schedules are looked at before the next pause. */
const PACE = 100

/**
 * Joins what the files say, each by itself, into what the commit defines. `files` are sorted by path. In steps, so that thousands of
 * files do not hold the thread from beginning to end.
 */
export function* linkDefinitions(
  files: readonly AnalysedFile[],
  manifests: ReadonlyMap<string, FoundManifest>,
  context: LinkContext,
): Generator<undefined, Definitions> {
  const linked = yield* gather(files, (file) => [context.memory.files.of(file.analysis, file.path, () => linkFile(file))])
  const problems = yield* gather(linked, (file) => file.problems)
  const drafts = files.flatMap(({ path, analysis }) => analysis.templates.map((template) => ({ ...template, file: path })))
  const { templates, diagnostics: inTemplates } = linkTemplates(drafts, problems)
  const linkage = yield* createLinkage(files, linked, manifests, templates, context)
  const { workflows, schedules, invalid } = linkage
  const diagnostics = [
    ...problems,
    ...inTemplates,
    ...(yield* gather(workflows, (workflow) => checkTemplates(workflow, linkage))),
    ...checkDuplicateWorkflows(linkage),
    ...(yield* gather(workflows, (workflow) => checkManifests(workflow, linkage))),
    ...(yield* gather(workflows, (workflow) => checkPolicy(workflow, linkage))),
    ...(yield* gather(workflows, (workflow) => checkUnknownUpstream(workflow, linkage))),
    ...checkWorkflowLoops(linkage),
    ...checkDuplicateSchedules(linkage),
    ...(yield* gather(schedules, (schedule) => checkUnknownWorkflow(schedule, linkage))),
    ...(yield* gather(schedules, (schedule) => checkScheduleParams(schedule, linkage))),
  ]
  for (const schedule of schedules) if (schedule.owner && invalid.has(schedule)) invalid.add(schedule.owner)
  yield
  const valid = yield* gather(workflows, (workflow) => finishWorkflow(workflow, linkage))
  const names = [...linkage.byName.keys(), ...linkage.lostWorkflows]
  return {
    workflows: valid,
    schedules: yield* gather(schedules, (schedule) => finishSchedule(schedule, linkage)),
    diagnostics: yield* inOrder(diagnostics),
    ignored: files.filter(({ analysis }) => !analysis.isOurs && !analysis.isUnreadable && analysis.problems.length === 0).map(({ path }) => path),
    invalidWorkflows: without(names, valid),
  }
}

/** As flatMap, with pauses. */
function* gather<Item, Found>(items: readonly Item[], find: (item: Item) => readonly Found[]): Generator<undefined, Found[]> {
  const all: Found[] = []
  for (const [index, item] of items.entries()) {
    for (const found of find(item)) all.push(found)
    if (index % PACE === PACE - 1) yield
  }
  return all
}

function linkFile({ path: file, analysis }: AnalysedFile): LinkedFile {
  const workflows = analysis.workflows.map((draft): LinkedWorkflow => ({ ...draft, file }))
  const triggers = workflows.flatMap((owner) => owner.schedules.map((draft): LinkedSchedule => ({ ...draft, file, owner })))
  const documents = analysis.schedules.map((draft): LinkedSchedule => ({ ...draft, file, owner: null }))
  const schedules = [...triggers, ...documents].sort(
    (one, other) => one.nameAt.line - other.nameAt.line || one.nameAt.column - other.nameAt.column,
  )
  return { path: file, problems: analysis.problems.map((problem) => ({ file, ...problem })), workflows, schedules }
}

function* createLinkage(
  files: readonly AnalysedFile[],
  linked: readonly LinkedFile[],
  manifests: ReadonlyMap<string, FoundManifest>,
  templates: Linkage['templates'],
  context: LinkContext,
): Generator<undefined, Linkage> {
  const workflows = yield* gather(linked, (file) => file.workflows)
  const schedules = yield* gather(linked, (file) => file.schedules)
  const invalid: Linkage['invalid'] = new Set()
  const byName = new Map<string, LinkedWorkflow>()
  for (const workflow of workflows) {
    if (!byName.has(workflow.name)) byName.set(workflow.name, workflow)
    if (workflow.body === null) invalid.add(workflow)
  }
  // A trigger of a workflow that is wrong is nothing that is wrong with it.
  for (const schedule of schedules) if (schedule.body === null && !schedule.owner) invalid.add(schedule)
  const lostWorkflows = new Set(files.flatMap(({ analysis }) => analysis.lostWorkflows))
  return { ...context, workflows, schedules, byName, manifests, lostWorkflows, templates, invalid, duplicates: new Set() }
}

function finishWorkflow(workflow: LinkedWorkflow, { manifests, templates, invalid, memory }: Linkage): Workflow[] {
  const { body, file, references, uses } = workflow
  if (!body || invalid.has(workflow)) return []
  const expand = (steps: readonly DraftStep[]) =>
    expandSteps(
      steps.map((step) => applyTemplates(step, templates)),
      manifests,
    )
  const make = (): Workflow => ({ ...body, steps: expand(body.steps), finally: expand(body.finally), file })
  return [references.length === 0 && uses.length === 0 ? memory.workflows.of(body, file, make) : make()]
}

function finishSchedule(schedule: LinkedSchedule, { invalid, memory }: Linkage): Schedule[] {
  const { body, file, owner } = schedule
  if (!body || invalid.has(schedule) || (owner && invalid.has(owner))) return []
  return [memory.schedules.of(body, file, () => ({ ...body, file }))]
}

function without(names: readonly string[], valid: readonly { name: string }[]): string[] {
  const known = new Set(valid.map(({ name }) => name))
  return [...new Set(names)].filter((name) => !known.has(name)).sort(compareText)
}

/** By file and place, each once: two workflows may name the same broken manifest. */
function* inOrder(diagnostics: readonly Diagnostic[]): Generator<undefined, Diagnostic[]> {
  const keyed = yield* gather(diagnostics, (diagnostic) => [[JSON.stringify(diagnostic), diagnostic] as const])
  return [...new Map(keyed).values()].sort((one, other) => compareText(one.file, other.file) || compareProblems(one, other))
}

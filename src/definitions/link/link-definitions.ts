import type { FileAnalysis } from '../analyse-file.ts'
import type { FoundManifest } from '../manifests/read-manifests.ts'
import { compareProblems, compareText } from '../problem.ts'
import type { Definitions, Diagnostic, Schedule, Workflow } from '../workflow.ts'
import { checkManifests } from './check-manifests.ts'
import { checkWithOthers } from './check-with-others.ts'
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

/** What a commit defines, and what that was made of. */
export interface Linked {
  files: readonly AnalysedFile[]
  linkage: Linkage
  definitions: Definitions
}

/** So many files are looked at before the next pause. */
const PACE = 100

/**
 * Joins what the files say, each by itself, into what the commit defines. `files` are sorted by path. In steps, so that thousands of
 * files do not hold the thread from beginning to end.
 */
export function* linkDefinitions(
  files: readonly AnalysedFile[],
  manifests: ReadonlyMap<string, FoundManifest>,
  context: LinkContext,
): Generator<undefined, Linked> {
  const linked = yield* gather(files, (file) => [context.memory.files.of(file.analysis, file.path, () => linkFile(file))])
  const drafts = files.flatMap(({ path, analysis }) => analysis.templates.map((template) => ({ ...template, file: path })))
  const problems = drafts.length === 0 ? [] : linked.flatMap((file) => file.problems)
  const { templates, diagnostics: inTemplates } = linkTemplates(drafts, problems, context.policy)
  const linkage = yield* createLinkage(files, linked, manifests, templates, context)
  const diagnostics = [
    ...inTemplates,
    ...checkDuplicateWorkflows(linkage),
    ...checkDuplicateSchedules(linkage),
    ...checkWorkflowLoops(linkage),
    ...(yield* gather(linked, (file) => checkFile(file, linkage))),
  ]
  const workflows = yield* gather(linked, (file) => file.workflows.flatMap((workflow) => finishWorkflow(workflow, linkage)))
  const schedules = yield* gather(linked, (file) => file.schedules.flatMap((schedule) => finishSchedule(schedule, linkage)))
  const ignored = files.filter(({ analysis }) => isIgnored(analysis)).map(({ path }) => path)
  const invalidWorkflows = without([...linkage.byName.keys(), ...linkage.lostWorkflows], workflows)
  return { files, linkage, definitions: { workflows, schedules, diagnostics: inOrder(diagnostics), ignored, invalidWorkflows } }
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

/** A file without anything that Fusee would know, or nearly. */
export function isIgnored({ isOurs, isUnreadable, problems }: FileAnalysis): boolean {
  return !isOurs && !isUnreadable && problems.length === 0
}

/** What one file brings. */
export function linkFile({ path: file, analysis }: AnalysedFile): LinkedFile {
  const workflows = analysis.workflows.map((draft): LinkedWorkflow => ({ ...draft, file }))
  const triggers = workflows.flatMap((owner) => owner.schedules.map((draft): LinkedSchedule => ({ ...draft, file, owner })))
  const documents = analysis.schedules.map((draft): LinkedSchedule => ({ ...draft, file, owner: null }))
  const schedules = [...triggers, ...documents].sort((one, other) => one.nameAt.line - other.nameAt.line || one.nameAt.column - other.nameAt.column)
  return { path: file, problems: analysis.problems.map((problem) => ({ file, ...problem })), workflows, schedules }
}

/** All that is wrong with one file, whether it shows it itself or others do; who is in error is noted in the linkage. */
export function checkFile({ problems, workflows, schedules }: LinkedFile, linkage: Linkage): Diagnostic[] {
  const { invalid } = linkage
  const found = [
    ...problems,
    ...workflows.flatMap((workflow) => [
      ...checkTemplates(workflow, linkage),
      ...checkManifests(workflow, linkage),
      ...checkWithOthers(workflow, linkage),
      ...checkPolicy(workflow, linkage),
      ...checkUnknownUpstream(workflow, linkage),
    ]),
    ...schedules.flatMap((schedule) => [...checkUnknownWorkflow(schedule, linkage), ...checkScheduleParams(schedule, linkage)]),
  ]
  for (const workflow of workflows) if (workflow.body === null) invalid.add(workflow)
  for (const schedule of schedules) {
    // A trigger of a workflow that is wrong is nothing that is wrong with it; one that is wrong itself makes its workflow so.
    if (schedule.body === null && !schedule.owner) invalid.add(schedule)
    if (schedule.owner && invalid.has(schedule)) invalid.add(schedule.owner)
  }
  return found
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
  const byName = new Map<string, LinkedWorkflow>()
  for (const workflow of workflows) if (!byName.has(workflow.name)) byName.set(workflow.name, workflow)
  const lostWorkflows = new Set(files.flatMap(({ analysis }) => analysis.lostWorkflows))
  return { ...context, workflows, schedules, byName, manifests, lostWorkflows, templates, invalid: new Set(), duplicates: new Set() }
}

/** The workflow as it counts, unless something is wrong with it. */
export function finishWorkflow(workflow: LinkedWorkflow, { manifests, templates, invalid, memory }: Linkage): Workflow[] {
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

/** The schedule likewise. */
export function finishSchedule(schedule: LinkedSchedule, { invalid, memory }: Linkage): Schedule[] {
  const { body, file, owner } = schedule
  if (!body || invalid.has(schedule) || (owner && invalid.has(owner))) return []
  return [memory.schedules.of(body, file, () => ({ ...body, file }))]
}

/** Those names of which no workflow is valid, in order. */
export function without(names: readonly string[], valid: readonly { name: string }[]): string[] {
  const known = new Set(valid.map(({ name }) => name))
  return [...new Set(names)].filter((name) => !known.has(name)).sort(compareText)
}

/** By file and place, each once: two workflows may name the same broken manifest. */
export function inOrder(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const keyed = new Map(diagnostics.map((diagnostic) => [JSON.stringify(diagnostic), diagnostic]))
  return [...keyed.values()].sort((one, other) => compareText(one.file, other.file) || compareProblems(one, other))
}

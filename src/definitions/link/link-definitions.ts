import type { FileAnalysis } from '../analyse-file.ts'
import type { FoundManifest } from '../manifests/read-manifests.ts'
import { compareProblems, compareText } from '../problem.ts'
import type { Definitions, Diagnostic, Schedule, Workflow } from '../workflow.ts'
import { checkManifests } from './check-manifests.ts'
import { checkPolicy } from './check-policy.ts'
import { checkDuplicateSchedules, checkDuplicateWorkflows } from './duplicate-names.ts'
import { expandSteps } from './expand-manifests.ts'
import type { Linkage, LinkedSchedule, LinkedWorkflow } from './linker.ts'
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
export interface LinkContext extends Pick<Linkage, 'policy' | 'language'> {
  finished: Finished
}

/** What came of drafts that stand for themselves, the same object each time: whatever has not changed need not be made again. */
export type Finished = WeakMap<object, Workflow | Schedule>

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
  const problems = yield* gather(files, ({ path, analysis }) => analysis.problems.map((problem) => ({ file: path, ...problem })))
  const drafts = files.flatMap(({ path, analysis }) => analysis.templates.map((template) => ({ ...template, file: path })))
  const { templates, diagnostics: inTemplates } = linkTemplates(drafts, problems)
  const linkage = yield* createLinkage(files, manifests, templates, context)
  const { workflows, schedules } = linkage
  const diagnostics = [
    ...problems,
    ...inTemplates,
    ...(yield* gather(workflows, (workflow) => checkTemplates(workflow, linkage))),
    ...checkDuplicateWorkflows(workflows),
    ...(yield* gather(workflows, (workflow) => [...checkManifests(workflow, linkage), ...checkPolicy(workflow, linkage)])),
    ...(yield* gather(workflows, (workflow) => checkUnknownUpstream(workflow, linkage))),
    ...checkWorkflowLoops(linkage),
    ...checkDuplicateSchedules(schedules),
    ...(yield* gather(schedules, (schedule) => [...checkUnknownWorkflow(schedule, linkage), ...checkScheduleParams(schedule, linkage)])),
  ]
  for (const schedule of schedules) if (schedule.isInvalid && schedule.owner) schedule.owner.isInvalid = true
  yield
  const valid = yield* gather(workflows, (workflow) => finishWorkflow(workflow, linkage, context.finished))
  const names = [...linkage.byName.keys(), ...linkage.lostWorkflows]
  return {
    workflows: valid,
    schedules: yield* gather(schedules, (schedule) => finishSchedule(schedule, context.finished)),
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

function* createLinkage(
  files: readonly AnalysedFile[],
  manifests: ReadonlyMap<string, FoundManifest>,
  templates: Linkage['templates'],
  { policy, language }: LinkContext,
): Generator<undefined, Linkage> {
  const workflows: LinkedWorkflow[] = []
  const schedules: LinkedSchedule[] = []
  for (const [index, { path: file, analysis }] of files.entries()) {
    const own = analysis.workflows.map((draft): LinkedWorkflow => ({ ...draft, file, isInvalid: draft.body === null, isDuplicate: false }))
    const triggers = own.flatMap((owner) => owner.schedules.map((draft): LinkedSchedule => ({ ...draft, file, isInvalid: false, owner })))
    const documents = analysis.schedules.map((draft): LinkedSchedule => ({ ...draft, file, isInvalid: draft.body === null, owner: null }))
    workflows.push(...own)
    schedules.push(
      ...[...triggers, ...documents].sort((one, other) => one.nameAt.line - other.nameAt.line || one.nameAt.column - other.nameAt.column),
    )
    if (index % PACE === PACE - 1) yield
  }
  const byName = new Map<string, LinkedWorkflow>()
  for (const workflow of workflows) if (!byName.has(workflow.name)) byName.set(workflow.name, workflow)
  const lostWorkflows = new Set(files.flatMap(({ analysis }) => analysis.lostWorkflows))
  return { workflows, schedules, byName, manifests, lostWorkflows, templates, policy, language }
}

function finishWorkflow(
  { body, file, isInvalid, references, uses }: LinkedWorkflow,
  { manifests, templates }: Linkage,
  finished: Finished,
): Workflow[] {
  if (!body || isInvalid) return []
  const standsForItself = references.length === 0 && uses.length === 0
  const known = standsForItself ? finished.get(body) : undefined
  if (known?.file === file) return [known as Workflow]
  const expand = (steps: readonly DraftStep[]) =>
    expandSteps(
      steps.map((step) => applyTemplates(step, templates)),
      manifests,
    )
  const made = { ...body, steps: expand(body.steps), finally: expand(body.finally), file }
  if (standsForItself) finished.set(body, made)
  return [made]
}

function finishSchedule({ body, file, isInvalid, owner }: LinkedSchedule, finished: Finished): Schedule[] {
  if (!body || isInvalid || owner?.isInvalid) return []
  const known = finished.get(body)
  if (known?.file === file) return [known as Schedule]
  const made = { ...body, file }
  finished.set(body, made)
  return [made]
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

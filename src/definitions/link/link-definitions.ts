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

/** What has been linked before: whatever has not changed need not be made again. */
export interface Finished {
  /** What came of drafts that stand for themselves, the same object each time. */
  drafts: WeakMap<object, Workflow | Schedule>
  /** What came of files that name no other. */
  files: WeakMap<FileAnalysis, LinkedFile>
}

/** A file that names no other, linked: it says the same whatever lies beside it, unless that has taken one of its names. */
interface LinkedFile extends Linked {
  file: string
  policy: Linkage['policy']
}

/** Linked files: what they define, and the names that they take. */
interface Linked {
  definitions: Definitions
  workflows: readonly LinkedWorkflow[]
  scheduleNames: readonly string[]
}

/** Nothing is known yet. */
export function createFinished(): Finished {
  return { drafts: new WeakMap(), files: new WeakMap() }
}

/** So many workflows or schedules are looked at before the next pause. */
const PACE = 100

/**
 * Joins what the files say, each by itself, into what the commit defines. `files` are sorted by path. In steps, so that thousands of
 * files do not hold the thread from beginning to end; of files that name no other only those are looked at that have changed.
 */
export function* linkDefinitions(
  files: readonly AnalysedFile[],
  manifests: ReadonlyMap<string, FoundManifest>,
  context: LinkContext,
): Generator<undefined, Definitions> {
  const alone = yield* linkAlone(files, context)
  const others = files.filter(({ path }) => !alone.has(path))
  const known = new Map<string, LinkedWorkflow>()
  for (const { workflows } of alone.values()) for (const workflow of workflows) if (!known.has(workflow.name)) known.set(workflow.name, workflow)
  yield
  const together = yield* linkTogether(others, manifests, context, known)
  const parts = [...alone.values()].map(({ definitions }) => definitions)
  yield
  return others.length === 0 ? joinParts(parts) : inOrder(joinParts([...parts, together.definitions]))
}

/** The files that name no other and whose names nobody else takes, by path. */
function* linkAlone(files: readonly AnalysedFile[], context: LinkContext): Generator<undefined, Map<string, LinkedFile>> {
  const linked = new Map<string, LinkedFile>()
  const taken = { workflows: new Map<string, string>(), schedules: new Map<string, string>() }
  const clashing = new Set<string>()
  const take = (kind: keyof typeof taken, name: string, path: string): void => {
    const first = taken[kind].get(name)
    if (first === undefined) taken[kind].set(name, path)
    else if (first !== path) clashing.add(first).add(path)
  }
  for (const [index, file] of files.entries()) {
    const { path, analysis } = file
    const known = context.finished.files.get(analysis)
    if (known !== undefined || namesNoOther(analysis)) {
      const part = known?.file === path && known.policy === context.policy ? known : linkOne(file, context)
      linked.set(path, part)
      for (const { name } of part.workflows) take('workflows', name, path)
      for (const name of part.scheduleNames) take('schedules', name, path)
    } else {
      for (const { name, schedules } of analysis.workflows) {
        take('workflows', name, path)
        for (const schedule of schedules) take('schedules', schedule.name, path)
      }
      for (const { name } of analysis.schedules) take('schedules', name, path)
    }
    if (index % PACE === PACE - 1) yield
  }
  for (const path of clashing) linked.delete(path)
  return linked
}

function namesNoOther({ workflows, schedules, templates, lostWorkflows }: FileAnalysis): boolean {
  const hasOthers = schedules.length > 0 || templates.length > 0 || lostWorkflows.length > 0
  return !hasOthers && workflows.every(({ references, uses, upstream }) => references.length === 0 && uses.length === 0 && upstream.length === 0)
}

function linkOne(file: AnalysedFile, context: LinkContext): LinkedFile {
  const linking = linkTogether([file], new Map(), context, new Map())
  let step = linking.next()
  while (step.done !== true) step = linking.next()
  const part = { ...step.value, file: file.path, policy: context.policy }
  context.finished.files.set(file.analysis, part)
  return part
}

/** Links files with each other. `known` are workflows of further files, by name. */
function* linkTogether(
  files: readonly AnalysedFile[],
  manifests: ReadonlyMap<string, FoundManifest>,
  context: LinkContext,
  known: ReadonlyMap<string, LinkedWorkflow>,
): Generator<undefined, Linked> {
  const problems = yield* gather(files, ({ path, analysis }) => analysis.problems.map((problem) => ({ file: path, ...problem })))
  const drafts = files.flatMap(({ path, analysis }) => analysis.templates.map((template) => ({ ...template, file: path })))
  const { templates, diagnostics: inTemplates } = linkTemplates(drafts, problems)
  const linkage = yield* createLinkage(files, manifests, templates, context, known)
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
  const names = [...workflows.map(({ name }) => name), ...linkage.lostWorkflows]
  const definitions = {
    workflows: valid,
    schedules: yield* gather(schedules, (schedule) => finishSchedule(schedule, context.finished)),
    diagnostics: yield* eachOnce(diagnostics),
    ignored: files.filter(({ analysis }) => !analysis.isOurs && !analysis.isUnreadable && analysis.problems.length === 0).map(({ path }) => path),
    invalidWorkflows: without(names, valid),
  }
  return { definitions, workflows, scheduleNames: schedules.map(({ name }) => name) }
}

function joinParts(parts: readonly Definitions[]): Definitions {
  const all: Definitions = { workflows: [], schedules: [], diagnostics: [], ignored: [], invalidWorkflows: [] }
  for (const part of parts) {
    for (const workflow of part.workflows) all.workflows.push(workflow)
    for (const schedule of part.schedules) all.schedules.push(schedule)
    for (const diagnostic of part.diagnostics) all.diagnostics.push(diagnostic)
    for (const path of part.ignored) all.ignored.push(path)
    for (const name of part.invalidWorkflows) all.invalidWorkflows.push(name)
  }
  all.invalidWorkflows.sort(compareText)
  return all
}

/** By file again, and within a file as they are. */
function inOrder({ workflows, schedules, diagnostics, ignored, invalidWorkflows }: Definitions): Definitions {
  const byFile = (one: { file: string }, other: { file: string }): number => compareText(one.file, other.file)
  return {
    workflows: workflows.sort(byFile),
    schedules: schedules.sort(byFile),
    diagnostics: diagnostics.sort((one, other) => byFile(one, other) || compareProblems(one, other)),
    ignored: ignored.sort(compareText),
    invalidWorkflows,
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
  known: ReadonlyMap<string, LinkedWorkflow>,
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
  const byName = new Map(known)
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
  const known = standsForItself ? finished.drafts.get(body) : undefined
  if (known?.file === file) return [known as Workflow]
  const expand = (steps: readonly DraftStep[]) =>
    expandSteps(
      steps.map((step) => applyTemplates(step, templates)),
      manifests,
    )
  const made = { ...body, steps: expand(body.steps), finally: expand(body.finally), file }
  if (standsForItself) finished.drafts.set(body, made)
  return [made]
}

function finishSchedule({ body, file, isInvalid, owner }: LinkedSchedule, finished: Finished): Schedule[] {
  if (!body || isInvalid || owner?.isInvalid) return []
  const known = finished.drafts.get(body)
  if (known?.file === file) return [known as Schedule]
  const made = { ...body, file }
  finished.drafts.set(body, made)
  return [made]
}

function without(names: readonly string[], valid: readonly { name: string }[]): string[] {
  const known = new Set(valid.map(({ name }) => name))
  return [...new Set(names)].filter((name) => !known.has(name)).sort(compareText)
}

/** By file and place, each once: two workflows may name the same broken manifest. */
function* eachOnce(diagnostics: readonly Diagnostic[]): Generator<undefined, Diagnostic[]> {
  const keyed = yield* gather(diagnostics, (diagnostic) => [[JSON.stringify(diagnostic), diagnostic] as const])
  return [...new Map(keyed).values()].sort((one, other) => compareText(one.file, other.file) || compareProblems(one, other))
}

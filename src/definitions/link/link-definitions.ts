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
export type LinkContext = Pick<Linkage, 'policy' | 'language'>

/** Joins what the files say, each by itself, into what the commit defines. `files` are sorted by path. */
export function linkDefinitions(files: readonly AnalysedFile[], manifests: ReadonlyMap<string, FoundManifest>, context: LinkContext): Definitions {
  const problems = files.flatMap(({ path, analysis }) => analysis.problems.map((problem) => ({ file: path, ...problem })))
  const drafts = files.flatMap(({ path, analysis }) => analysis.templates.map((template) => ({ ...template, file: path })))
  const { templates, diagnostics: inTemplates } = linkTemplates(drafts, problems)
  const linkage = createLinkage(files, manifests, templates, context)
  const diagnostics = [
    ...problems,
    ...inTemplates,
    ...linkage.workflows.flatMap((workflow) => checkTemplates(workflow, linkage)),
    ...checkDuplicateWorkflows(linkage.workflows),
    ...linkage.workflows.flatMap((workflow) => [...checkManifests(workflow, linkage), ...checkPolicy(workflow, linkage)]),
    ...linkage.workflows.flatMap((workflow) => checkUnknownUpstream(workflow, linkage)),
    ...checkWorkflowLoops(linkage),
    ...checkDuplicateSchedules(linkage.schedules),
    ...linkage.schedules.flatMap((schedule) => [...checkUnknownWorkflow(schedule, linkage), ...checkScheduleParams(schedule, linkage)]),
  ]
  for (const schedule of linkage.schedules) if (schedule.isInvalid && schedule.owner) schedule.owner.isInvalid = true
  const workflows = linkage.workflows.flatMap((workflow) => finishWorkflow(workflow, linkage))
  const schedules = linkage.schedules.flatMap(finishSchedule)
  return {
    workflows,
    schedules,
    diagnostics: inOrder(diagnostics),
    ignored: files.filter(({ analysis }) => !analysis.isOurs && !analysis.isUnreadable && analysis.problems.length === 0).map(({ path }) => path),
    invalidWorkflows: without([...linkage.byName.keys(), ...linkage.lostWorkflows], workflows),
  }
}

function createLinkage(
  files: readonly AnalysedFile[],
  manifests: ReadonlyMap<string, FoundManifest>,
  templates: Linkage['templates'],
  context: LinkContext,
): Linkage {
  const workflows: LinkedWorkflow[] = []
  const schedules: LinkedSchedule[] = []
  for (const { path: file, analysis } of files) {
    const own = analysis.workflows.map((draft): LinkedWorkflow => ({ ...draft, file, isInvalid: draft.body === null, isDuplicate: false }))
    const triggers = own.flatMap((owner) => owner.schedules.map((draft): LinkedSchedule => ({ ...draft, file, isInvalid: false, owner })))
    const documents = analysis.schedules.map((draft): LinkedSchedule => ({ ...draft, file, isInvalid: draft.body === null, owner: null }))
    workflows.push(...own)
    schedules.push(
      ...[...triggers, ...documents].sort((one, other) => one.nameAt.line - other.nameAt.line || one.nameAt.column - other.nameAt.column),
    )
  }
  const byName = new Map<string, LinkedWorkflow>()
  for (const workflow of workflows) if (!byName.has(workflow.name)) byName.set(workflow.name, workflow)
  const lostWorkflows = new Set(files.flatMap(({ analysis }) => analysis.lostWorkflows))
  return { workflows, schedules, byName, manifests, lostWorkflows, templates, ...context }
}

function finishWorkflow({ body, file, isInvalid }: LinkedWorkflow, { manifests, templates }: Linkage): Workflow[] {
  if (!body || isInvalid) return []
  const expand = (steps: readonly DraftStep[]) =>
    expandSteps(
      steps.map((step) => applyTemplates(step, templates)),
      manifests,
    )
  return [{ ...body, steps: expand(body.steps), finally: expand(body.finally), file }]
}

function finishSchedule({ body, file, isInvalid, owner }: LinkedSchedule): Schedule[] {
  return !body || isInvalid || owner?.isInvalid ? [] : [{ ...body, file }]
}

function without(names: readonly string[], valid: readonly { name: string }[]): string[] {
  const known = new Set(valid.map(({ name }) => name))
  return [...new Set(names)].filter((name) => !known.has(name)).sort(compareText)
}

/** By file and place, each once: two workflows may name the same broken manifest. */
function inOrder(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const unique = new Map(diagnostics.map((diagnostic) => [JSON.stringify(diagnostic), diagnostic]))
  return [...unique.values()].sort((one, other) => compareText(one.file, other.file) || compareProblems(one, other))
}

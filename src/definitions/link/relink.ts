import type { FileAnalysis } from '../analyse-file.ts'
import { compareText } from '../problem.ts'
import type { Definitions } from '../workflow.ts'
import { checkFile, finishSchedule, finishWorkflow, inOrder, isIgnored, linkFile, without, type Linked } from './link-definitions.ts'
import type { Linkage } from './linker.ts'

/** What is said of one file names a place in another. */
const OF_TWO_FILES: ReadonlySet<string> = new Set(['duplicate-workflow', 'duplicate-schedule', 'duplicate-template'])

/**
 * What a commit defines after one file of it has become other, without a look at the others; null when they have to be looked at. It takes
 * over `last`, which must not be used any more.
 */
export function relink(last: Linked, index: number, analysis: FileAnalysis): Linked | null {
  const old = last.files[index]
  if (!old || !isOnlyItself(old.analysis) || !isOnlyItself(analysis) || factsOf(old.analysis) !== factsOf(analysis)) return null
  if (last.definitions.diagnostics.some(({ rule }) => OF_TWO_FILES.has(rule))) return null
  const { path } = old
  const linkage: Linkage = { ...last.linkage, invalid: new Set(), duplicates: new Set() }
  const byName = last.linkage.byName as Map<string, Linkage['workflows'][number]>
  const own = linkFile({ path, analysis })
  for (const workflow of own.workflows) byName.set(workflow.name, workflow)
  const diagnostics = inOrder(checkFile(own, linkage))
  const workflows = own.workflows.flatMap((workflow) => finishWorkflow(workflow, linkage))
  const schedules = own.schedules.flatMap((schedule) => finishSchedule(schedule, linkage))
  const names = new Set(own.workflows.map(({ name }) => name))
  const others = last.definitions.invalidWorkflows.filter((name) => !names.has(name))
  const definitions: Definitions = {
    workflows: replaceOf(path, last.definitions.workflows, workflows),
    schedules: replaceOf(path, last.definitions.schedules, schedules),
    diagnostics: replaceOf(path, last.definitions.diagnostics, diagnostics),
    ignored: last.definitions.ignored,
    invalidWorkflows: without([...others, ...names], workflows),
  }
  const files = [...last.files]
  files[index] = { path, analysis }
  return { files, linkage, definitions }
}

/** Whether no other file can have a say in what this one defines, but for the names that it uses. */
function isOnlyItself({ templates, workflows }: FileAnalysis): boolean {
  return templates.length === 0 && workflows.every(({ references, upstream }) => references.length === 0 && upstream.length === 0)
}

/** All that other files could want to know of a file that is only itself. */
function factsOf(analysis: FileAnalysis): string {
  return JSON.stringify([
    analysis.workflows.map(({ name, params, schedules }) => [name, params, schedules.map((schedule) => schedule.name)]),
    analysis.schedules.map(({ name }) => name),
    analysis.lostWorkflows,
    isIgnored(analysis),
  ])
}

/** A list that is sorted by file, with these of one file instead of those that it has. */
function replaceOf<Item extends { file: string }>(file: string, list: readonly Item[], items: readonly Item[]): Item[] {
  const from = firstAfter(list, (item) => compareText(item.file, file) < 0)
  const to = firstAfter(list, (item) => compareText(item.file, file) <= 0)
  return list.slice(0, from).concat(items, list.slice(to))
}

/** Index of the first item of which it is not true; it is true of all before that and of none after it. */
function firstAfter<Item>(list: readonly Item[], isBefore: (item: Item) => boolean): number {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >> 1
    const item = list[middle]
    if (item !== undefined && isBefore(item)) low = middle + 1
    else high = middle
  }
  return low
}

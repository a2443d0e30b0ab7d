import type { Definitions, Schedule, Workflow } from '../definitions/workflow.ts'
import type { Cursors } from '../runs/run.ts'

/** A definition in force, and the newest commit at which it was valid. */
export interface Version<T> {
  commit: string
  definition: T
}

/** What is in force: the tip's definitions, and the last valid version of each that the tip breaks. */
export interface Versions {
  workflows: ReadonlyMap<string, Version<Workflow>>
  schedules: ReadonlyMap<string, Version<Schedule>>
}

/** Nothing in force. */
export const noVersions: Versions = { workflows: new Map(), schedules: new Map() }

/** What a commit leaves open: files of it that hold errors, and workflows that it declares and that are invalid. */
export interface Doubts {
  files: ReadonlySet<string>
  workflows: ReadonlySet<string>
}

/** The doubts of a commit. */
export function doubtsAt(definitions: Definitions): Doubts {
  const errors = definitions.diagnostics.filter((one) => one.severity === 'error')
  return { files: new Set(errors.map((one) => one.file)), workflows: new Set(definitions.invalidWorkflows) }
}

const nothingMoved: ReadonlySet<string> = new Set()

/**
 * What is in force at a new tip. A definition that the tip does not have stays when its file is still there and in error: a broken
 * push does not stop the night's job. One whose file no longer declares it is gone. `moved` are files that are there no more because
 * they have been renamed to one in error.
 */
export function versionsAt(tip: string, definitions: Definitions, previous: Versions, moved: ReadonlySet<string> = nothingMoved): Versions {
  const doubts = doubtsAt(definitions)
  const isInDoubt = (workflow: string, file: string): boolean => doubts.workflows.has(workflow) || doubts.files.has(file) || moved.has(file)
  const { workflows, schedules } = declaredAt(tip, definitions)
  for (const [name, version] of previous.workflows) {
    if (!workflows.has(name) && isInDoubt(name, version.definition.file)) workflows.set(name, version)
  }
  for (const [name, version] of previous.schedules) {
    if (!schedules.has(name) && isInDoubt(version.definition.workflow, version.definition.file)) schedules.set(name, version)
  }
  for (const [name, { definition }] of schedules) if (!workflows.has(definition.workflow)) schedules.delete(name)
  return { workflows, schedules }
}

/** All that is valid at a commit; the workflow of a schedule need not be. */
function declaredAt(
  commit: string,
  { workflows, schedules }: Definitions,
): { workflows: Map<string, Version<Workflow>>; schedules: Map<string, Version<Schedule>> } {
  return {
    workflows: new Map(workflows.map((workflow) => [workflow.name, { commit, definition: workflow }])),
    schedules: new Map(schedules.map((schedule) => [schedule.name, { commit, definition: schedule }])),
  }
}

/** Both; where both have one, the first's. */
export function eitherVersions(first: Versions, second: Versions): Versions {
  return { workflows: new Map([...second.workflows, ...first.workflows]), schedules: new Map([...second.schedules, ...first.schedules]) }
}

/** Commits of what is in force, the tip's too: they must stay readable, for the next push may take the tip away and be in error. */
export function commitsOf(versions: Versions): string[] {
  return [...new Set([...versions.workflows.values(), ...versions.schedules.values()].map(({ commit }) => commit))]
}

/** What the cursors keep of it, so that the next start finds the same versions again. */
export function validCommitsOf(versions: Versions): Pick<Cursors, 'validCommits' | 'validScheduleCommits'> {
  const commits = (entries: Versions['workflows'] | Versions['schedules']): Record<string, string> =>
    Object.fromEntries([...entries].map(([name, version]) => [name, version.commit] as const).sort(([one], [other]) => (one < other ? -1 : 1)))
  return { validCommits: commits(versions.workflows), validScheduleCommits: commits(versions.schedules) }
}

/** What was found of the versions that the cursors name. */
export interface RestoredVersions {
  versions: Versions
  /** Whether a commit of theirs cannot be read any more. */
  isIncomplete: boolean
}

/** The versions that the cursors name, read again at their commits. `definitionsAt` gives null for a commit that cannot be read. */
export async function restoreVersions(cursors: Cursors, definitionsAt: (commit: string) => Promise<Definitions | null>): Promise<RestoredVersions> {
  const commits = new Set([...Object.values(cursors.validCommits), ...Object.values(cursors.validScheduleCommits)])
  const at = new Map<string, Versions>()
  for (const commit of commits) {
    const definitions = await definitionsAt(commit)
    if (definitions !== null) at.set(commit, declaredAt(commit, definitions))
  }
  const workflows = new Map<string, Version<Workflow>>()
  for (const [name, commit] of Object.entries(cursors.validCommits)) {
    const version = at.get(commit)?.workflows.get(name)
    if (version !== undefined) workflows.set(name, version)
  }
  const schedules = new Map<string, Version<Schedule>>()
  for (const [name, commit] of Object.entries(cursors.validScheduleCommits)) {
    const version = at.get(commit)?.schedules.get(name)
    if (version !== undefined) schedules.set(name, version)
  }
  return { versions: { workflows, schedules }, isIncomplete: at.size < commits.size }
}

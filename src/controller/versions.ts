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

/**
 * What is in force at a new tip. A definition that the tip does not have stays when its file is still there and in error: a broken
 * push does not stop the night's job. One whose file no longer declares it is gone.
 */
export function versionsAt(tip: string, definitions: Definitions, previous: Versions): Versions {
  const broken = new Set(definitions.diagnostics.filter((one) => one.severity === 'error').map((one) => one.file))
  const invalid = new Set(definitions.invalidWorkflows)
  const workflows = new Map(definitions.workflows.map((workflow) => [workflow.name, { commit: tip, definition: workflow }]))
  for (const [name, version] of previous.workflows) {
    if (!workflows.has(name) && (invalid.has(name) || broken.has(version.definition.file))) workflows.set(name, version)
  }
  const schedules = new Map(definitions.schedules.map((schedule) => [schedule.name, { commit: tip, definition: schedule }]))
  for (const [name, version] of previous.schedules) {
    if (!schedules.has(name) && (broken.has(version.definition.file) || invalid.has(version.definition.workflow))) schedules.set(name, version)
  }
  for (const [name, { definition }] of schedules) if (!workflows.has(definition.workflow)) schedules.delete(name)
  return { workflows, schedules }
}

/** What the cursors keep of it, so that the next start finds the same versions again. */
export function validCommitsOf(versions: Versions): Pick<Cursors, 'validCommits' | 'validScheduleCommits'> {
  const commits = (entries: Versions['workflows'] | Versions['schedules']): Record<string, string> =>
    Object.fromEntries([...entries].map(([name, version]) => [name, version.commit] as const).sort(([one], [other]) => (one < other ? -1 : 1)))
  return { validCommits: commits(versions.workflows), validScheduleCommits: commits(versions.schedules) }
}

/** The versions that the cursors name, read again at their commits. `definitionsAt` gives null for a commit that cannot be read. */
export async function restoreVersions(cursors: Cursors, definitionsAt: (commit: string) => Promise<Definitions | null>): Promise<Versions> {
  const commits = new Set([...Object.values(cursors.validCommits), ...Object.values(cursors.validScheduleCommits)])
  const byCommit = new Map<string, Definitions>()
  for (const commit of commits) {
    const definitions = await definitionsAt(commit)
    if (definitions !== null) byCommit.set(commit, definitions)
  }
  const workflows = new Map<string, Version<Workflow>>()
  for (const [name, commit] of Object.entries(cursors.validCommits)) {
    const definition = byCommit.get(commit)?.workflows.find((one) => one.name === name)
    if (definition !== undefined) workflows.set(name, { commit, definition })
  }
  const schedules = new Map<string, Version<Schedule>>()
  for (const [name, commit] of Object.entries(cursors.validScheduleCommits)) {
    const definition = byCommit.get(commit)?.schedules.find((one) => one.name === name)
    if (definition !== undefined) schedules.set(name, { commit, definition })
  }
  return { workflows, schedules }
}

import type { Definitions } from '../definitions/workflow.ts'
import { findMovedFiles, type CommitFiles } from './moved-files.ts'
import type { Doubts, Versions } from './versions.ts'
import { doubtsAt, eitherVersions, noVersions, versionsAt } from './versions.ts'

/** A new tip and the way to it. */
export interface NewTip {
  tip: string
  definitions: Definitions
  /** What was in force before. */
  previous: Versions
  /**
   * Commits before the tip that nobody has looked at, by first parents, oldest first. After a step back, a first look, or a loss of
   * what was in force they are the branch's own history, and `isAnew` is set.
   */
  before: () => Promise<readonly string[]>
  isAnew: boolean
}

/** Reads what commits define. Rejects with GitError. */
export interface CommitDefinitions extends CommitFiles {
  /** Null for a commit that cannot be read any more. */
  definitionsAt(commit: string): Promise<Definitions | null>
}

/**
 * What is in force at a new tip: for whatever the tip has in error, the newest commit before it at which it was valid, also one
 * between two looks. Where the branch's history has none, what was in force before stays. Commits are only read while something is
 * open. Rejects with GitError.
 */
export async function findInForce(commits: CommitDefinitions, { tip, definitions, previous, before, isAnew }: NewTip): Promise<Versions> {
  const doubts = doubtsAt(definitions)
  if (doubts.files.size + doubts.workflows.size === 0) return versionsAt(tip, definitions, previous)
  const way = await readUntilDecided(commits, await before(), doubts)
  let versions = isAnew ? noVersions : previous
  for (const [commit, at] of [...way, [tip, definitions] as const]) {
    versions = versionsAt(commit, at, versions, await findMovedFiles(commits, commit, at, versions))
  }
  if (!isAnew) return versions
  return versionsAt(
    tip,
    definitions,
    eitherVersions(versions, previous),
    await findMovedFiles(commits, tip, definitions, eitherVersions(versions, previous)),
  )
}

/** The newest commits, oldest first, back to where each doubt of the tip is decided: the file is good or absent, the workflow valid or undeclared. */
async function readUntilDecided(commits: CommitDefinitions, before: readonly string[], doubts: Doubts): Promise<[string, Definitions][]> {
  const read: [string, Definitions][] = []
  let open: Doubts = doubts
  for (const commit of before.toReversed()) {
    if (open.files.size + open.workflows.size === 0) break
    const definitions = await commits.definitionsAt(commit)
    if (definitions === null) break
    read.unshift([commit, definitions])
    const own = doubtsAt(definitions)
    open = { files: inBoth(open.files, own.files), workflows: inBoth(open.workflows, own.workflows) }
  }
  return read
}

function inBoth(one: ReadonlySet<string>, other: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...one].filter((name) => other.has(name)))
}

import type { Files } from '../definitions/files.ts'
import type { Definitions } from '../definitions/workflow.ts'
import { GitError } from '../git/ports.ts'
import type { Versions } from './versions.ts'
import { doubtsAt } from './versions.ts'

/** Reads commits of the repository. */
export interface CommitFiles {
  filesAt(commit: string): Files
  /** Folder of the definitions. */
  path: string
}

/** As git has it: from here on a file counts as renamed and changed, not as deleted beside a new one. */
const SIMILAR_SHARE = 0.5
const MOST_BYTES = 1 << 20

/**
 * Files of versions in force that have been renamed, and broken, in one push: gone at the tip, where a file in error is that is much
 * like it and was not there before. Costs nothing while nothing has vanished beside an error. Rejects with GitError.
 */
export async function findMovedFiles(commits: CommitFiles, tip: string, definitions: Definitions, previous: Versions): Promise<ReadonlySet<string>> {
  const doubts = doubtsAt(definitions)
  const moved = new Set<string>()
  if (doubts.files.size === 0) return moved
  const declared = new Set([...definitions.workflows.map(({ name }) => name), ...doubts.workflows])
  const vanished = [...previous.workflows.values(), ...previous.schedules.values()].filter(
    ({ definition }) => !declared.has('workflow' in definition ? definition.workflow : definition.name) && !doubts.files.has(definition.file),
  )
  if (vanished.length === 0) return moved
  const now = await pathsAt(commits, tip)
  const candidates = [...doubts.files].filter((file) => now.has(file))
  for (const { commit, definition } of vanished) {
    if (moved.has(definition.file) || now.has(definition.file)) continue
    const before = await readBefore(commits, commit, definition.file)
    if (before === null) continue
    for (const file of candidates.filter((candidate) => !before.paths.has(candidate))) {
      if (isSimilar(before.text, await readText(commits, tip, file))) moved.add(definition.file)
    }
  }
  return moved
}

/** The file as it was when it was valid; null when its commit is gone. */
async function readBefore(commits: CommitFiles, commit: string, file: string): Promise<{ paths: Set<string>; text: string } | null> {
  try {
    return { paths: await pathsAt(commits, commit), text: await readText(commits, commit, file) }
  } catch (error) {
    if (error instanceof GitError && error.kind === 'ObjectNotFound') return null
    throw error
  }
}

async function pathsAt({ filesAt, path }: CommitFiles, commit: string): Promise<Set<string>> {
  return new Set((await filesAt(commit).list(path)).map((file) => file.path))
}

async function readText({ filesAt }: CommitFiles, commit: string, path: string): Promise<string> {
  return new TextDecoder().decode((await filesAt(commit).read(path, MOST_BYTES)) ?? new Uint8Array())
}

/** Whether the lines that both have make up half of the longer one. */
export function isSimilar(one: string, other: string): boolean {
  const counts = new Map<string, number>()
  for (const line of one.split('\n')) counts.set(line, (counts.get(line) ?? 0) + 1)
  let common = 0
  for (const line of other.split('\n')) {
    const count = counts.get(line) ?? 0
    if (count === 0) continue
    counts.set(line, count - 1)
    common += line.length + 1
  }
  return common >= SIMILAR_SHARE * (Math.max(one.length, other.length) + 1)
}

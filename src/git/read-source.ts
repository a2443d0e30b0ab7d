import type { FileEntry, Files } from '../definitions/files.ts'
import type { CommitReader, WalkedRange } from './commit-range.ts'
import { readIfThere, walkRange } from './commit-range.ts'
import type { CommitAccess } from './object-reader.ts'
import { MissingObjectError } from './object-reader.ts'
import type { CommitObject } from './objects.ts'
import type { CommitSha, SourceRepository } from './ports.ts'
import { asCommitSha } from './ports.ts'
import { diffTrees, findFile, listFiles } from './tree-walk.ts'

/** The reading half of a SourceRepository. */
export type SourceReader = Pick<SourceRepository, 'filesAt' | 'changedPaths' | 'range' | 'history' | 'message'>

/** What a reader does when a range runs into history that is not here. */
export interface DeeperHistory {
  /** Readers of ever longer history of a commit, shortest first. Throws GitError. */
  deepen(commit: CommitSha): AsyncIterable<CommitReader>
}

/** Reads commits through `access`. Without `deeper`, missing history is taken for strange history. */
export function createSourceReader(access: CommitAccess, deeper?: DeeperHistory): SourceReader {
  return {
    filesAt: (commit) => createCommitFiles(access, commit),
    message: async (commit) => access.at(commit, async (reader) => (await reader.commit(commit)).message),
    changedPaths: (from, to) => changedPaths(access, from, to),
    async range(from, to, limit) {
      let range: WalkedRange = await access.at(to, (reader) => walkRange(reader, from, to, limit))
      if (!range.complete && deeper !== undefined) {
        for await (const reader of deeper.deepen(to)) {
          range = await walkRange(reader, from, to, limit)
          if (range.complete) break
        }
      }
      return { commits: range.commits, forward: range.forward }
    },
    async history(commit, limit) {
      let found = await access.at(commit, (reader) => firstParents(reader, commit, limit))
      if (!found.isWhole && deeper !== undefined) {
        for await (const reader of deeper.deepen(commit)) {
          found = await firstParents(reader, commit, limit)
          if (found.isWhole) break
        }
      }
      return found.commits.reverse()
    },
  }
}

/** First parents, newest first, as far as they can be read; `isWhole` when no more can be had or are wanted. */
async function firstParents(reader: CommitReader, from: CommitSha, limit: number): Promise<{ commits: CommitSha[]; isWhole: boolean }> {
  const commits: CommitSha[] = []
  for (let next: string | undefined = from; next !== undefined && commits.length < limit;) {
    const commit: CommitObject | null = await readIfThere(reader, next)
    if (commit === null) return { commits, isWhole: false }
    commits.push(asCommitSha(next))
    next = commit.parents[0]
  }
  return { commits, isWhole: true }
}

async function changedPaths(access: CommitAccess, from: CommitSha | null, to: CommitSha): Promise<string[]> {
  const everything = () => access.at(to, (reader, tree) => diffTrees(reader, null, tree))
  if (from === null) return everything()
  try {
    return await access.at(from, (_, fromTree) => access.at(to, (reader, toTree) => diffTrees(reader, fromTree, toTree)))
  } catch (error) {
    if (error instanceof MissingObjectError) return everything()
    throw error
  }
}

/** The files of one commit. */
export function createCommitFiles(access: CommitAccess, commit: CommitSha): Files {
  /** What was listed last: when one of these has to be fetched, its like are fetched with it. */
  let listed: readonly FileEntry[] = []
  return {
    async list(folder) {
      const files = await access.at(commit, (reader, tree) => listFiles(reader, tree, folder))
      listed = files
      return [...files]
    },
    async read(path, maxBytes) {
      const found = await access.at(commit, (reader, tree) => findFile(reader, tree, path))
      if (found === null) return null
      const bytes = await access.blob(found.file.id, () => idsOfSameKind(listed, path))
      return maxBytes === undefined ? bytes : bytes.subarray(0, maxBytes + 1)
    },
  }
}

/** Ids of the files whose names end like that of `path`: who reads one definition reads them all, and none of the pictures beside them. */
export function idsOfSameKind(files: readonly FileEntry[], path: string): string[] {
  const kind = extension(path)
  return files.filter((file) => extension(file.path) === kind).map((file) => file.id)
}

function extension(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).match(/\.[^.]*$/)?.[0] ?? ''
}

import { createHash } from 'node:crypto'
import { asCommitSha, type CommitSha, type FileChanges, GitError, type StatusBranch } from '../../src/git/ports.ts'

/** One commit: its whole tree. */
export interface MemoryCommit {
  id: CommitSha
  parent: CommitSha | null
  message: string
  files: ReadonlyMap<string, Uint8Array>
}

/** A remote in memory with one status branch. */
export interface MemoryRemote {
  /** A new view of it, as another process would have. */
  open(): StatusBranch
  /** Commits of the branch, newest first. */
  log(): MemoryCommit[]
  /** Text of all files at the tip, by path. */
  files(): Map<string, string>
  /** Changes the branch as somebody else would; null removes a file. */
  push(files: Readonly<Record<string, string | null>>): void
  /** Puts the branch elsewhere; null deletes it. */
  reset(tip: CommitSha | null): void
  /** Called before the next commit moves the branch: to throw, or to move it first. */
  beforeCommit: (() => void) | null
  /** Called after the next commit has moved the branch: to throw. */
  afterCommit: (() => void) | null
}

export function createMemoryRemote(): MemoryRemote {
  const commits = new Map<string, MemoryCommit>()
  let tip: CommitSha | null = null

  function add(parent: CommitSha | null, changes: FileChanges, message: string): CommitSha {
    const files = new Map(parent === null ? [] : commits.get(parent)?.files)
    for (const [path, content] of changes) {
      if (content === null) files.delete(path)
      else files.set(path, content)
    }
    const id = asCommitSha(
      createHash('sha1')
        .update(JSON.stringify([parent, message, commits.size]))
        .digest('hex'),
    )
    commits.set(id, { id, parent, message, files })
    return id
  }

  const remote: MemoryRemote = {
    beforeCommit: null,
    afterCommit: null,
    open() {
      let seen: CommitSha | null = null
      const tree = (): ReadonlyMap<string, Uint8Array> => (seen === null ? new Map() : (commits.get(seen)?.files ?? new Map()))
      return {
        async fetchTip(signal) {
          signal?.throwIfAborted()
          seen = tip
          return tip
        },
        read: async (path) => tree().get(path) ?? null,
        async folderId(folder) {
          const below = [...tree()].filter(([path]) => path.startsWith(`${folder}/`)).sort()
          return below.length === 0 ? null : JSON.stringify(below.map(([path, bytes]) => [path, [...bytes]]))
        },
        async list(folder) {
          const prefix = folder === '' ? '' : `${folder}/`
          const below = [...tree().keys()].filter((path) => path.startsWith(prefix)).map((path) => path.slice(prefix.length))
          return [...new Set(below.map((path) => (path.includes('/') ? path.slice(0, path.indexOf('/') + 1) : path)))].sort()
        },
        isSigned: async () => false,
        async commit(parent, changes, message, signal) {
          signal?.throwIfAborted()
          const { beforeCommit } = remote
          remote.beforeCommit = null
          beforeCommit?.()
          if (parent !== tip) throw new GitError('Raced', 'somebody else moved the branch')
          seen = tip = add(parent, changes, message)
          const { afterCommit } = remote
          remote.afterCommit = null
          afterCommit?.()
          return tip
        },
      }
    },
    log() {
      const list: MemoryCommit[] = []
      for (let commit = tip === null ? undefined : commits.get(tip); commit !== undefined; commit = commits.get(commit.parent ?? ''))
        list.push(commit)
      return list
    },
    files() {
      return new Map([...(remote.log()[0]?.files ?? [])].map(([path, content]) => [path, new TextDecoder().decode(content)]))
    },
    push(files) {
      const encoder = new TextEncoder()
      tip = add(tip, new Map(Object.entries(files).map(([path, text]) => [path, text === null ? null : encoder.encode(text)])), 'by hand')
    },
    reset(to) {
      tip = to
    },
  }
  return remote
}

import { createHash } from 'node:crypto'
import { asCommitSha, GitError, type CommitSha, type FileChanges, type SourceRepository, type StatusBranch } from '../../src/git/ports.ts'
import type { FileEntry } from '../../src/definitions/files.ts'

/** A file tree: content by path. */
export type Tree = ReadonlyMap<string, string>

/** A commit of the remote. */
export interface RemoteCommit {
  sha: CommitSha
  parent: CommitSha | null
  tree: Tree
  message: string
}

/** A Git repository in memory, as everybody shares it. */
export interface GitRemote {
  commits: ReadonlyMap<CommitSha, RemoteCommit>
  /** Adds a commit without moving a branch. */
  addCommit(parent: CommitSha | null, tree: Tree, message: string): CommitSha
  tip(branch: string): CommitSha | null
  /** Moves a branch, wherever it stood. */
  setTip(branch: string, sha: CommitSha | null): void
  /** First parents from `from` (left out) to `to`, oldest first; null when `from` is no ancestor. */
  between(from: CommitSha, to: CommitSha): CommitSha[] | null
  /** Paths whose content differs, sorted. */
  changedPaths(from: CommitSha | null, to: CommitSha): string[]
}

/** Told when a branch has been moved through `StatusBranch.commit`. */
export type OnStatusCommit = (commit: RemoteCommit, changes: FileChanges) => void

/** An empty repository. */
export function createGitRemote(): GitRemote {
  const commits = new Map<CommitSha, RemoteCommit>()
  const tips = new Map<string, CommitSha>()
  const treeOf = (sha: CommitSha | null): Tree => (sha === null ? new Map() : commitOf(commits, sha).tree)
  return {
    commits,
    addCommit(parent, tree, message) {
      const sha = asCommitSha(sha1(JSON.stringify([commits.size, parent, message])))
      commits.set(sha, { sha, parent, tree, message })
      return sha
    },
    tip: (branch) => tips.get(branch) ?? null,
    setTip(branch, sha) {
      if (sha === null) tips.delete(branch)
      else tips.set(branch, sha)
    },
    between(from, to) {
      const way: CommitSha[] = []
      for (let at: CommitSha | null = to; at !== null; at = commitOf(commits, at).parent) {
        if (at === from) return way.reverse()
        way.push(at)
      }
      return null
    },
    changedPaths(from, to) {
      const [before, after] = [treeOf(from), treeOf(to)]
      const paths = new Set([...before.keys(), ...after.keys()])
      return [...paths].filter((path) => before.get(path) !== after.get(path)).sort()
    },
  }
}

/** Follows a branch of the remote; `blobIds` may be shared among all sources. */
export function createRemoteSource(remote: GitRemote, branch: string, blobIds = new Map<string, string>()): SourceRepository {
  return {
    branch,
    async fetchTip() {
      const tip = remote.tip(branch)
      if (tip === null) throw new GitError('BranchNotFound', `there is no branch ${branch}`)
      return tip
    },
    filesAt(sha) {
      const tree = (): Tree => commitOf(remote.commits, sha).tree
      return {
        async list(folder) {
          const paths = [...tree().keys()].filter((path) => folder === '' || path.startsWith(`${folder}/`)).sort()
          return paths.map((path): FileEntry => ({ path, id: blobId(blobIds, tree().get(path) ?? '') }))
        },
        async read(path) {
          const content = tree().get(path)
          return content === undefined ? null : Buffer.from(content)
        },
      }
    },
    async changedPaths(from, to) {
      return remote.changedPaths(from, to)
    },
    async range(from, to, limit) {
      const way = remote.between(from, to)
      return way === null ? { commits: [to], forward: false } : { commits: way.slice(-limit), forward: true }
    },
    async message(sha) {
      return commitOf(remote.commits, sha).message
    },
  }
}

/** Writes a branch of the remote, by compare-and-swap. */
export function createRemoteStatus(remote: GitRemote, branch: string, onCommit: OnStatusCommit): StatusBranch {
  let known: CommitSha | null = null
  const tree = (): Tree => (known === null ? new Map() : commitOf(remote.commits, known).tree)
  return {
    async fetchTip() {
      known = remote.tip(branch)
      return known
    },
    async read(path) {
      const content = tree().get(path)
      return content === undefined ? null : Buffer.from(content)
    },
    async list(folder) {
      const prefix = folder === '' ? '' : `${folder}/`
      const names = [...tree().keys()].filter((path) => path.startsWith(prefix)).map((path) => path.slice(prefix.length))
      return [...new Set(names.map((name) => (name.includes('/') ? name.slice(0, name.indexOf('/') + 1) : name)))].sort()
    },
    async commit(parent, changes, message) {
      if (remote.tip(branch) !== parent) throw new GitError('Raced', `branch ${branch} has moved`)
      const next = new Map(parent === null ? [] : commitOf(remote.commits, parent).tree)
      for (const [path, content] of changes) {
        if (content === null) next.delete(path)
        else next.set(path, Buffer.from(content).toString())
      }
      const sha = remote.addCommit(parent, next, message)
      remote.setTip(branch, sha)
      known = sha
      onCommit(commitOf(remote.commits, sha), changes)
      return sha
    },
  }
}

function commitOf(commits: ReadonlyMap<CommitSha, RemoteCommit>, sha: CommitSha): RemoteCommit {
  const commit = commits.get(sha)
  if (commit === undefined) throw new GitError('Corrupt', `there is no commit ${sha}`)
  return commit
}

/** Equal contents, equal ids; hashing each once is worth it over many seeds. */
function blobId(blobIds: Map<string, string>, content: string): string {
  const known = blobIds.get(content)
  if (known !== undefined) return known
  const id = sha1(content)
  blobIds.set(content, id)
  return id
}

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex')
}

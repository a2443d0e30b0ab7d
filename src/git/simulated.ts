import type { CommitStyle } from './build-commit.ts'
import { FUSEE_AUTHOR, buildCommit } from './build-commit.ts'
import { createLog } from './commit-log.ts'
import type { ObjectReader } from './object-reader.ts'
import type { ObjectStore } from './object-store.ts'
import { MissingObjectError, createPlainAccess } from './object-reader.ts'
import type { CommitObject, NewObject, TreeEntry } from './objects.ts'
import { EMPTY_TREE, createObject, encodeCommit, parseCommit, parseTree } from './objects.ts'
import type { CommitLog, CommitSha, FileChanges, ReviewBranches, SourceRepository, StatusBranch } from './ports.ts'
import type { ReviewPlace } from './review.ts'
import { createReviewBranches } from './review.ts'
import { GitError, asCommitSha } from './ports.ts'
import { createSourceReader } from './read-source.ts'
import type { StatusTip } from './read-status.ts'
import { isStatusSigned, listStatusFolder, readStatusFile, statusFolderId } from './read-status.ts'
import { listFiles } from './tree-walk.ts'

/** What a simulated repository is like; times come from `now`, in milliseconds since the Unix epoch. */
export interface SimulatedGitOptions {
  now: () => number
  /** Default `main`. */
  branch?: string
  /** Default `fusee/status`. */
  statusBranch?: string
}

/** Content of files by path, as text or bytes; null removes. */
export type SimulatedFiles = Readonly<Record<string, string | Uint8Array | null>>

/** A repository in memory. Only promises: no timers, no I/O, no randomness. */
export interface SimulatedGit {
  /** New handles on the repository, as a newly started controller gets them: each has its own view of the last fetched tip. */
  open(): { source: SourceRepository; status: StatusBranch }
  /** Reads all of it commit by commit. */
  log: CommitLog
  /** A new handle on branches of review. */
  openReviews(into: string): ReviewBranches
  /** Commits the changes on a branch, by default the source branch, and moves it. Further `parents` make a merge. */
  pushCommit(files: SimulatedFiles, message?: string, options?: { branch?: string; parents?: readonly CommitSha[] }): Promise<CommitSha>
  /** Moves a branch, by default the source branch; null deletes it. */
  reset(commit: CommitSha | null, branch?: string): void
  /** Names of all branches, sorted. */
  branches(): string[]
  /** Where a branch is. */
  tip(branch: string): CommitSha | null
  /** All files of a branch, by default the status branch, as text by path, sorted; empty when there is no branch. */
  readFiles(branch?: string): Promise<Map<string, string>>
  /** Commits of the status branch by first parents, newest first. */
  statusCommits(): { id: CommitSha; message: string }[]
}

const WHERE = 'the simulated repository'

/** Makes an empty repository. */
export function createSimulatedGit(options: SimulatedGitOptions): SimulatedGit {
  const branch = options.branch ?? 'main'
  const statusBranch = options.statusBranch ?? 'fusee/status'
  const style: CommitStyle = { author: FUSEE_AUTHOR, now: options.now, sign: null }
  const branches = new Map<string, CommitSha>()
  const store = createMemoryStore()

  async function pushCommit(
    files: SimulatedFiles,
    message = 'change',
    { branch: target = branch, parents = [] }: { branch?: string; parents?: readonly CommitSha[] } = {},
  ): Promise<CommitSha> {
    const parent = branches.get(target) ?? null
    const built = await buildCommit(store.reader, parent, toChanges(files), message, style)
    store.add(built.objects)
    const id = parents.length === 0 ? built.id : store.addParents(built.id, parents)
    branches.set(target, id)
    return id
  }

  function statusCommits(): { id: CommitSha; message: string }[] {
    const commits: { id: CommitSha; message: string }[] = []
    let next: string | undefined = branches.get(statusBranch)
    while (next !== undefined) {
      const commit = store.commit(next)
      commits.push({ id: asCommitSha(next), message: commit.message })
      next = commit.parents[0]
    }
    return commits
  }

  async function readFiles(name = statusBranch): Promise<Map<string, string>> {
    const tip = branches.get(name)
    const files = new Map<string, string>()
    if (tip === undefined) return files
    for (const file of await listFiles(store.reader, store.commit(tip).tree, '')) {
      files.set(file.path, Buffer.from(await store.reader.blob(file.id)).toString())
    }
    return files
  }

  return {
    open: () => ({
      source: openSource(store, branches, branch),
      status: openStatus(store, branches, statusBranch, style),
    }),
    log: createLog(store, WHERE, async (name) => branches.get(name) ?? null),
    openReviews: (into) => createReviewBranches(reviewPlace(store, branches), statusBranch, into, style),
    pushCommit,
    statusCommits,
    readFiles,
    branches: () => [...branches.keys()].sort(),
    tip: (name) => branches.get(name) ?? null,
    reset(commit, name = branch) {
      if (commit === null) branches.delete(name)
      else branches.set(name, commit)
    },
  }
}

function openSource(store: MemoryStore, branches: ReadonlyMap<string, CommitSha>, branch: string): SourceRepository {
  return {
    branch,
    ...createSourceReader(createPlainAccess(store.reader)),
    keep: () => undefined,
    async fetchTip(signal) {
      signal?.throwIfAborted()
      const tip = branches.get(branch)
      if (tip === undefined) throw new GitError('BranchNotFound', `branch ${branch} is not in ${WHERE}: push a commit to it`)
      return tip
    },
  }
}

function openStatus(store: MemoryStore, branches: Map<string, CommitSha>, branch: string, style: CommitStyle): StatusBranch {
  const access = createPlainAccess(store.reader)
  let tip: StatusTip
  return {
    async fetchTip(signal) {
      signal?.throwIfAborted()
      tip = branches.get(branch) ?? null
      return tip
    },
    read: (path) => readStatusFile(access, tip, path),
    list: (folder) => listStatusFolder(access, tip, folder),
    folderId: (folder) => statusFolderId(access, tip, folder),
    isSigned: () => isStatusSigned(access, tip),
    async commit(parent, changes, message, signal) {
      signal?.throwIfAborted()
      const built = await buildCommit(store.reader, parent, changes, message, style)
      const isReadElsewhere = tip !== undefined && tip !== parent
      if (isReadElsewhere || (branches.get(branch) ?? null) !== parent) {
        throw new GitError('Raced', `branch ${branch} of ${WHERE} was moved by somebody else: fetch it and try again`)
      }
      store.add(built.objects)
      branches.set(branch, built.id)
      tip = built.id
      return built.id
    },
  }
}

function reviewPlace(store: MemoryStore, branches: Map<string, CommitSha>): ReviewPlace {
  const access = createPlainAccess(store.reader)
  return {
    branches: async (into, prefix) => new Map([...branches].filter(([name]) => name === into || name.startsWith(prefix))),
    at: (_branch, commit, read) => access.at(commit, read),
    async move(branch, expected, built) {
      if ((branches.get(branch) ?? null) !== expected)
        throw new GitError('Raced', `branch ${branch} of ${WHERE} was moved by somebody else: fetch it and try again`)
      store.add(built.objects)
      branches.set(branch, built.id)
    },
  }
}

interface MemoryStore {
  reader: ObjectReader
  raw: ObjectStore['raw']
  add(objects: readonly NewObject[]): void
  commit(id: string): CommitObject
  /** The same commit with more parents. */
  addParents(id: CommitSha, parents: readonly CommitSha[]): CommitSha
}

function createMemoryStore(): MemoryStore {
  const commits = new Map<string, CommitObject>()
  const trees = new Map<string, TreeEntry[]>([[EMPTY_TREE, []]])
  const blobs = new Map<string, Uint8Array>()
  const all = new Map<string, NewObject>()

  function find<T>(objects: ReadonlyMap<string, T>, id: string): T {
    const object = objects.get(id)
    if (object === undefined) throw new MissingObjectError(id, WHERE)
    return object
  }
  function add(objects: readonly NewObject[]): void {
    for (const object of objects) {
      all.set(object.id, object)
      if (object.type === 'commit') commits.set(object.id, parseCommit(object.bytes))
      else if (object.type === 'tree') trees.set(object.id, parseTree(object.bytes))
      else blobs.set(object.id, object.bytes)
    }
  }
  return {
    add,
    commit: (id) => find(commits, id),
    raw: async (id, type) => {
      const object = find(all, id)
      if (object.type === type) return object.bytes
      throw new GitError('Corrupt', `object ${id} of ${WHERE} is a ${object.type} where a ${type} belongs`)
    },
    addParents(id, parents) {
      const commit = find(commits, id)
      const text = { ...commit, parents: [...commit.parents, ...parents], author: FUSEE_AUTHOR, atSeconds: commit.committedAtSeconds }
      const object = createObject('commit', encodeCommit(text))
      add([object])
      return asCommitSha(object.id)
    },
    reader: {
      commit: async (id) => find(commits, id),
      tree: async (id) => find(trees, id),
      blob: async (id) => find(blobs, id),
    },
  }
}

function toChanges(files: SimulatedFiles): FileChanges {
  return new Map(Object.entries(files).map(([path, content]) => [path, typeof content === 'string' ? Buffer.from(content) : content]))
}

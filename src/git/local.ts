import type { CommitStyle } from './build-commit.ts'
import { buildCommit } from './build-commit.ts'
import { writeLooseObjects } from './loose-objects.ts'
import { describeMissingBranch, racedError } from './branch-errors.ts'
import { moveRef } from './move-ref.ts'
import type { CommitAccess } from './object-reader.ts'
import { createPlainAccess } from './object-reader.ts'
import type { ObjectStore } from './object-store.ts'
import { createObjectStore } from './object-store.ts'
import type { CommitSha, SourceRepository, StatusBranch } from './ports.ts'
import { GitError } from './ports.ts'
import { createSourceReader } from './read-source.ts'
import type { StatusTip } from './read-status.ts'
import { isStatusSigned, listStatusFolder, readStatusFile, statusFolderId } from './read-status.ts'
import type { ReviewPlace } from './review.ts'
import { branchRef, checkedOutBranches, listBranches, originRef, readHead, readRef } from './refs.ts'
import type { RepositoryFolder } from './repository-folder.ts'
import { locateRepository } from './repository-folder.ts'

/** Git's own default is 100 ms, for people who wait at a prompt. */
const LOCK_WAIT_MS = 1000

/** A repository on this disk, opened when it is first needed. */
export interface LocalRepository {
  /** Looks at the folder again and opens its objects. Throws GitError. */
  open(): Promise<{ folder: RepositoryFolder; store: ObjectStore }>
  access: CommitAccess
  /** Lets go of open files, after the reads under way. */
  close(): Promise<void>
}

/** Several handles may share one, and with it the packs held in memory. */
export function createLocalRepository(path: string): LocalRepository {
  let opened: { folder: RepositoryFolder; store: ObjectStore } | null = null

  async function open(): Promise<{ folder: RepositoryFolder; store: ObjectStore }> {
    const folder = await locateRepository(path)
    const same = opened !== null && opened.folder.objectFolders.join('\n') === folder.objectFolders.join('\n')
    if (!same) void opened?.store.close().catch(() => undefined)
    const store = same && opened !== null ? opened.store : createObjectStore({ folders: folder.objectFolders, where: path, shared: true })
    opened = { folder, store }
    return opened
  }
  const access: CommitAccess = {
    at: async (commit, read) => createPlainAccess((opened ?? (await open())).store).at(commit, read),
    blob: async (id) => (opened ?? (await open())).store.blob(id),
  }
  return { open, access, close: async () => opened?.store.close() }
}

/** Follows a branch of a repository on this disk; null follows the branch that HEAD is on at the first look. */
export function createLocalSource(repository: LocalRepository, path: string, branch: string | null): SourceRepository {
  let followed = branch
  let lastTip: CommitSha | null = null

  /** The branch that was followed as the default is gone: HEAD may be on its new name. */
  async function followRenamed(folder: RepositoryFolder): Promise<CommitSha | null> {
    const head = await readHead(folder)
    const tip = head.kind === 'branch' ? await readRef(folder.commonFolder, branchRef(head.branch)) : null
    if (head.kind === 'branch' && tip !== null) followed = head.branch
    return tip
  }

  return {
    ...createSourceReader(repository.access),
    get branch() {
      return followed ?? ''
    },
    // Nothing goes from a repository of this machine but by its own garbage collection, which spares what is younger than two weeks.
    keep: () => undefined,
    async fetchTip(signal) {
      signal?.throwIfAborted()
      const { folder, store } = await repository.open()
      followed ??= await defaultBranch(folder, path)
      const tip = (await readRef(folder.commonFolder, branchRef(followed))) ?? (branch === null ? await followRenamed(folder) : null)
      if (tip === null) throw await missingBranchError(folder, path, followed)
      if (tip !== lastTip) {
        await store.refresh()
        await store.tree((await store.commit(tip)).tree)
      }
      signal?.throwIfAborted()
      lastTip = tip
      return tip
    },
  }
}

async function defaultBranch(folder: RepositoryFolder, path: string): Promise<string> {
  const head = await readHead(folder)
  if (head.kind === 'branch') return head.branch
  throw new GitError('BranchNotFound', `HEAD of ${path} is on no branch: check one out there, or name the branch to follow`)
}

async function missingBranchError(folder: RepositoryFolder, path: string, branch: string): Promise<GitError> {
  return new GitError('BranchNotFound', describeMissingBranch(path, branch, await listBranches(folder.commonFolder)))
}

/**
 * Writes the status branch into a repository on this disk: objects first, then the ref, as git does it. In a plain clone, which has the
 * branch only as its `origin` had it, it is read there where `orOfOrigin` says so, and the first commit makes it a branch of the clone.
 */
export function createLocalStatus(repository: LocalRepository, path: string, branch: string, style: CommitStyle, orOfOrigin = false): StatusBranch {
  let tip: StatusTip

  async function find(commonFolder: string): Promise<{ own: CommitSha | null; found: CommitSha | null }> {
    const own = await readRef(commonFolder, branchRef(branch))
    return { own, found: own ?? (orOfOrigin ? await readRef(commonFolder, originRef(branch)) : null) }
  }

  return {
    async fetchTip(signal) {
      signal?.throwIfAborted()
      const { folder, store } = await repository.open()
      const { found } = await find(folder.commonFolder)
      if (found !== null && found !== tip) {
        await store.refresh()
        await store.tree((await store.commit(found)).tree)
      }
      signal?.throwIfAborted()
      tip = found
      return tip
    },
    read: (file) => readStatusFile(repository.access, tip, file),
    list: (folder) => listStatusFolder(repository.access, tip, folder),
    folderId: (folder) => statusFolderId(repository.access, tip, folder),
    isSigned: () => isStatusSigned(repository.access, tip),
    async commit(parent, changes, message, signal) {
      signal?.throwIfAborted()
      // A late answer may have moved where files are read: the changes were made of another commit than they would be built on.
      if (tip !== undefined && tip !== parent) throw racedError(path, branchRef(branch))
      const { folder, store } = await repository.open()
      await refuseCheckedOut(folder, path, branch)
      const ref = branchRef(branch)
      const { own, found } = await find(folder.commonFolder)
      if (found !== parent) throw racedError(path, ref)
      const built = await buildCommit(store, parent, changes, message, style)
      await writeLooseObjects(folder.commonFolder, built.objects, { durable: true })
      signal?.throwIfAborted()
      await moveRef({ commonFolder: folder.commonFolder, ref, expected: own, next: built.id, lockWaitMs: LOCK_WAIT_MS })
      tip = built.id
      return built.id
    },
  }
}

/** As git refuses a push into a branch that is checked out: files and index there would seem to undo our commit. */
async function refuseCheckedOut(folder: RepositoryFolder, path: string, branch: string): Promise<void> {
  const where = (await checkedOutBranches(folder)).get(branch)
  if (where === undefined) return
  throw new GitError(
    'PushRefused',
    `branch ${branch} of ${path} is checked out (${where}): check out another branch there, then records are written again`,
  )
}

/** Branches of review in a repository on this disk. */
export function createLocalReviewPlace(repository: LocalRepository, path: string): ReviewPlace {
  return {
    async branches(into, prefix) {
      const { folder, store } = await repository.open()
      await store.refresh()
      const names = (await listBranches(folder.commonFolder)).filter((name) => name === into || name.startsWith(prefix))
      const found = await Promise.all(names.map(async (name) => [name, await readRef(folder.commonFolder, branchRef(name))] as const))
      return new Map(found.flatMap(([name, commit]) => (commit === null ? [] : [[name, commit] as const])))
    },
    at: (_branch, commit, read) => repository.access.at(commit, read),
    async move(branch, expected, built, signal) {
      const { folder } = await repository.open()
      await refuseCheckedOut(folder, path, branch)
      await writeLooseObjects(folder.commonFolder, built.objects, { durable: true })
      signal?.throwIfAborted()
      await moveRef({ commonFolder: folder.commonFolder, ref: branchRef(branch), expected, next: built.id, lockWaitMs: LOCK_WAIT_MS })
    },
  }
}

import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { NOTHING, download } from './download.ts'
import { storageError } from './failures.ts'
import type { ObjectStore } from './object-store.ts'
import { createObjectStore } from './object-store.ts'
import type { ObjectType } from './objects.ts'
import { parseTree } from './objects.ts'
import type { CommitLog, CommitSha } from './ports.ts'
import { GitError, asCommitSha } from './ports.ts'
import { branchRef, originRef, readRef } from './refs.ts'
import type { RepositoryFolder } from './repository-folder.ts'
import { locateRepository } from './repository-folder.ts'
import { createRecentlyUsed } from './recently-used.ts'
import { parseStoredCommit } from './stored-commit.ts'
import type { TreeReader } from './tree-walk.ts'
import { listTreeChanges } from './tree-walk.ts'
import type { UploadPack } from './upload-pack.ts'

/** What parsed commits and trees may take, measured by their stored size. */
const RECENT_BYTES = 8 << 20
/** Who reads all versions of a file, each a delta of the next, reads none twice as long as they fit in here. */
const BASE_BYTES = 64 << 20

/** Reads a repository on this disk. A branch that is not there is looked for among those of `origin`, as a plain clone has them. */
export function createLocalLog(path: string): CommitLog {
  let opened: { folder: RepositoryFolder; store: ObjectStore } | null = null
  async function open(): Promise<{ folder: RepositoryFolder; store: ObjectStore }> {
    if (opened !== null) return opened
    const folder = await locateRepository(path)
    opened = { folder, store: createObjectStore({ folders: folder.objectFolders, where: path, shared: true, baseBytes: BASE_BYTES }) }
    return opened
  }
  return createLog({ raw: async (id, type) => (await open()).store.raw(id, type) }, path, async (branch) => {
    const { commonFolder } = (await open()).folder
    return (await readRef(commonFolder, branchRef(branch))) ?? readRef(commonFolder, originRef(branch))
  })
}

/** Reads a remote: `tip` fetches all of the branch's history into a folder. */
export function createRemoteLog(uploadPack: UploadPack, where: string, folder: string): CommitLog {
  const store = createObjectStore({ folders: [folder], where, shared: true, baseBytes: BASE_BYTES })
  return createLog(store, where, async (branch, signal) => {
    const ref = branchRef(branch)
    const id = (await uploadPack.refs([ref], signal)).refs.get(ref)
    if (id === undefined) return null
    await mkdir(join(folder, 'objects/pack'), { recursive: true }).catch((error: unknown) => {
      throw storageError(error, folder)
    })
    if (!(await store.has(id))) await download(uploadPack, where, { folder, store }, { ...NOTHING, wants: [id] }, signal)
    return asCommitSha(id)
  })
}

/** A log of the objects in a store, which gives none that does not have its id; `tip` finds branches. */
export function createLog(store: Pick<ObjectStore, 'raw'>, where: string, tip: CommitLog['tip']): CommitLog {
  /** Commits that follow each other share most of their folders. */
  const recent = createRecentlyUsed<unknown>(RECENT_BYTES)
  async function parse<T>(id: string, type: ObjectType, parser: (bytes: Uint8Array) => T): Promise<T> {
    const known = recent.get(`${type} ${id}`)
    if (known !== undefined) return known as T
    const bytes = await store.raw(id, type)
    try {
      const parsed = parser(bytes)
      recent.set(`${type} ${id}`, parsed, bytes.length)
      return parsed
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      throw new GitError('Corrupt', `object ${id} of ${where} is no ${type} that can be read (${error.message})`, { cause: error })
    }
  }
  const reader: TreeReader = { tree: (id) => parse(id, 'tree', parseTree) }
  const commit = (id: CommitSha): ReturnType<CommitLog['commit']> => parse(id, 'commit', (bytes) => parseStoredCommit(id, bytes))
  return {
    tip,
    commit,
    blob: (id) => store.raw(id, 'blob'),
    async changes(from, to) {
      const fromTree = from === null ? null : (await commit(from)).tree
      return listTreeChanges(reader, fromTree, (await commit(to)).tree)
    },
  }
}

import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { NOTHING, download } from './download.ts'
import { storageError } from './failures.ts'
import type { ObjectStore } from './object-store.ts'
import { createObjectStore } from './object-store.ts'
import type { ObjectType } from './objects.ts'
import { objectId, parseTree } from './objects.ts'
import type { CommitLog, CommitSha } from './ports.ts'
import { GitError, asCommitSha } from './ports.ts'
import { branchRef, originRef, readRef } from './refs.ts'
import type { RepositoryFolder } from './repository-folder.ts'
import { locateRepository } from './repository-folder.ts'
import { parseStoredCommit } from './stored-commit.ts'
import type { TreeReader } from './tree-walk.ts'
import { listTreeChanges } from './tree-walk.ts'
import type { UploadPack } from './upload-pack.ts'

/** Parsed objects that are kept. */
const MOST_RECENT = 2000

/** Reads a repository on this disk. A branch that is not there is looked for among those of `origin`, as a plain clone has them. */
export function createLocalLog(path: string): CommitLog {
  let opened: { folder: RepositoryFolder; store: ObjectStore } | null = null
  async function open(): Promise<{ folder: RepositoryFolder; store: ObjectStore }> {
    if (opened !== null) return opened
    const folder = await locateRepository(path)
    opened = { folder, store: createObjectStore({ folders: folder.objectFolders, where: path, shared: true }) }
    return opened
  }
  return createLog({ raw: async (id, type) => (await open()).store.raw(id, type) }, path, async (branch) => {
    const { commonFolder } = (await open()).folder
    return (await readRef(commonFolder, branchRef(branch))) ?? readRef(commonFolder, originRef(branch))
  })
}

/** Reads a remote: `tip` fetches all of the branch's history into a folder. */
export function createRemoteLog(uploadPack: UploadPack, where: string, folder: string): CommitLog {
  const store = createObjectStore({ folders: [folder], where, shared: true })
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

/** A log of the objects in a store; `tip` finds branches. */
export function createLog(store: Pick<ObjectStore, 'raw'>, where: string, tip: CommitLog['tip']): CommitLog {
  /** Bytes that have the id under which they are kept: whoever checks a history cannot take that on trust. */
  async function read(id: string, type: ObjectType): Promise<Uint8Array> {
    const bytes = await store.raw(id, type)
    if (objectId(type, bytes) === id) return bytes
    throw new GitError('Corrupt', `object ${id} of ${where} does not have the content that its id stands for: check the repository with git fsck`)
  }
  /** Commits that follow each other share most of their folders. */
  const recent = new Map<string, unknown>()
  async function parse<T>(id: string, type: ObjectType, parser: (bytes: Uint8Array) => T): Promise<T> {
    const known = recent.get(`${type} ${id}`)
    if (known !== undefined) return known as T
    const bytes = await read(id, type)
    try {
      const parsed = parser(bytes)
      if (recent.size >= MOST_RECENT) recent.clear()
      recent.set(`${type} ${id}`, parsed)
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
    blob: (id) => read(id, 'blob'),
    async changes(from, to) {
      const fromTree = from === null ? null : (await commit(from)).tree
      return listTreeChanges(reader, fromTree, (await commit(to)).tree)
    },
  }
}

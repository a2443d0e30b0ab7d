import fs from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import git from 'isomorphic-git'
import { errorCode } from './failures.ts'
import { createLimiter } from './limiter.ts'
import type { ObjectReader } from './object-reader.ts'
import { MissingObjectError } from './object-reader.ts'
import type { CommitObject, ObjectType, TreeEntry } from './objects.ts'
import { parseCommit, parseTree } from './objects.ts'
import { GitError } from './ports.ts'

/** Objects read from folders of git's own format. */
export interface ObjectStore extends ObjectReader {
  /** Whether the object is here. */
  has(id: string): Promise<boolean>
  /** The bytes of an object, as they are stored. Throws MissingObjectError, GitError. */
  raw(id: string, type: ObjectType): Promise<Uint8Array>
  /** Lets go of packs that are no longer on disk; call it when the repository has moved. */
  refresh(): Promise<void>
}

export interface ObjectStoreOptions {
  /** Git directories, each with an `objects` folder, in the order of looking. */
  folders: readonly string[]
  /** For messages. */
  where: string
  /** Whether another program may repack under us, so that "not there" is worth a second look with fresh indexes. */
  shared: boolean
}

/** More open files at once only cost descriptors. */
const PARALLEL_READS = 32
/** What parsed commits and trees may take, measured by their stored size. */
const CACHED_BYTES = 8 << 20

/**
 * Opens folders of objects. The library keeps indexes and whole packs in its cache; it is dropped once, and the read
 * repeated, when something does not fit together, as happens when `git gc` replaces packs beside us.
 */
export function createObjectStore(options: ObjectStoreOptions): ObjectStore {
  const limit = createLimiter(PARALLEL_READS)
  const commits = createRecentlyUsed<CommitObject>(CACHED_BYTES)
  const trees = createRecentlyUsed<readonly TreeEntry[]>(CACHED_BYTES)
  let libraryCache: object = {}
  let knownPacks = new Set<string>()

  async function read(id: string, type: ObjectType): Promise<Uint8Array> {
    const first = await limit(() => readFrom(options.folders, id, libraryCache))
    if (first.kind === 'found') return ofType(first, type, id, options.where)
    if (first.kind === 'missing' && !options.shared) throw new MissingObjectError(id, options.where)
    libraryCache = {}
    const second = await limit(() => readFrom(options.folders, id, libraryCache))
    if (second.kind === 'found') return ofType(second, type, id, options.where)
    if (second.kind === 'missing') throw new MissingObjectError(id, options.where)
    throw readError(second.error, id, options.where)
  }

  return {
    async commit(id) {
      return commits.get(id) ?? parse(await read(id, 'commit'), id, parseCommit, commits)
    },
    async tree(id) {
      return trees.get(id) ?? parse(await read(id, 'tree'), id, parseTree, trees)
    },
    blob: (id) => read(id, 'blob'),
    raw: read,
    async has(id) {
      return (await limit(() => readFrom(options.folders, id, libraryCache))).kind === 'found'
    },
    async refresh() {
      const packs = new Set((await Promise.all(options.folders.map(listPacks))).flat())
      if ([...knownPacks].some((pack) => !packs.has(pack))) libraryCache = {}
      knownPacks = packs
    },
  }

  function parse<T>(bytes: Uint8Array, id: string, parser: (bytes: Uint8Array) => T, cache: RecentlyUsed<T>): T {
    try {
      const parsed = parser(bytes)
      cache.set(id, parsed, bytes.length)
      return parsed
    } catch (error) {
      throw readError(error, id, options.where)
    }
  }
}

/** Paths of the packs of a git directory. */
export async function listPacks(folder: string): Promise<string[]> {
  const names = await readdir(join(folder, 'objects/pack')).catch(() => [])
  return names.filter((name) => name.endsWith('.pack')).map((name) => join(folder, 'objects/pack', name))
}

type Lookup = { kind: 'found'; type: string; bytes: Uint8Array } | { kind: 'missing' } | { kind: 'unreadable'; error: unknown }

async function readFrom(folders: readonly string[], id: string, cache: object): Promise<Lookup> {
  let result: Lookup = { kind: 'missing' }
  for (const gitdir of folders) {
    try {
      const found = await git.readObject({ fs, gitdir, oid: id, format: 'content', cache })
      if (found.object instanceof Uint8Array && found.type !== undefined) return { kind: 'found', type: found.type, bytes: found.object }
    } catch (error) {
      if (errorCode(error) !== 'NotFoundError') result = { kind: 'unreadable', error }
    }
  }
  return result
}

function ofType(found: { type: string; bytes: Uint8Array }, type: string, id: string, where: string): Uint8Array {
  if (found.type === type) return found.bytes
  throw new GitError('Corrupt', `object ${id} of ${where} is a ${found.type} where a ${type} belongs: check the repository with git fsck`)
}

function readError(error: unknown, id: string, where: string): GitError {
  const code = errorCode(error)
  if (['EACCES', 'EPERM', 'EMFILE', 'EIO'].includes(code)) {
    return new GitError('Storage', `cannot read object ${id} of ${where} (${code}): let the user that Fusee runs as read it`, { cause: error })
  }
  return new GitError('Corrupt', `object ${id} of ${where} cannot be read: check the repository with git fsck`, { cause: error })
}

interface RecentlyUsed<T> {
  get(key: string): T | undefined
  set(key: string, value: T, bytes: number): void
}

/** Keeps what was used last, up to a sum of sizes. */
function createRecentlyUsed<T>(mostBytes: number): RecentlyUsed<T> {
  const entries = new Map<string, { value: T; bytes: number }>()
  let total = 0
  return {
    get(key) {
      const entry = entries.get(key)
      if (entry === undefined) return undefined
      entries.delete(key)
      entries.set(key, entry)
      return entry.value
    },
    set(key, value, bytes) {
      if (bytes > mostBytes / 4 || entries.has(key)) return
      entries.set(key, { value, bytes })
      total += bytes
      for (const [oldest, entry] of entries) {
        if (total <= mostBytes) break
        entries.delete(oldest)
        total -= entry.bytes
      }
    },
  }
}

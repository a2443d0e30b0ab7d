import { errorCode } from './failures.ts'
import { createLimiter } from './limiter.ts'
import { openObjectFolder } from './object-folder.ts'
import type { ObjectReader } from './object-reader.ts'
import { MissingObjectError } from './object-reader.ts'
import type { CommitObject, ObjectType, TreeEntry } from './objects.ts'
import { EMPTY_TREE, objectId, parseCommit, parseTree } from './objects.ts'
import type { StoredObject } from './pack-file.ts'
import { GitError } from './ports.ts'
import { createRecentlyUsed } from './recently-used.ts'
import type { RecentlyUsed } from './recently-used.ts'

/** Objects read from folders of git's own format. */
export interface ObjectStore extends ObjectReader {
  /** Whether the object is here. For packed ones no file is touched. */
  has(id: string): Promise<boolean>
  /** Whether it is in a pack. */
  isPacked(id: string): Promise<boolean>
  /** The bytes of an object, as they are stored, with exactly this id. Throws MissingObjectError, GitError. */
  raw(id: string, type: ObjectType): Promise<Uint8Array>
  /** Looks which packs there are: call it when some have come or the repository has moved. */
  refresh(): Promise<void>
  /** Lets go of open files, after the reads under way. */
  close(): Promise<void>
}

/** Where objects are looked for. */
export interface ObjectStoreOptions {
  /** Git directories, each with an `objects` folder, in the order of looking. */
  folders: readonly string[]
  /** For messages. */
  where: string
  /** Whether another program may repack under us, so that "not there" is worth a second look with fresh indexes. */
  shared: boolean
  /** What bases of deltas may take in memory, of all packs together; default 8 MiB. */
  baseBytes?: number
}

/** More open files at once only cost descriptors. */
const PARALLEL_READS = 32
/** What bases of deltas may take unless told otherwise. */
const BASE_BYTES = 8 << 20
/** What parsed commits and trees may take, measured by their stored size. */
const CACHED_BYTES = 8 << 20

/**
 * Opens folders of objects. Each object is read, inflated and checked by itself, on Node's own zlib and off the main thread: memory
 * does not grow with the packs. The library would read whole packs into memory and inflate them in JavaScript.
 */
export function createObjectStore(options: ObjectStoreOptions): ObjectStore {
  const limit = createLimiter(PARALLEL_READS)
  const commits = createRecentlyUsed<CommitObject>(CACHED_BYTES)
  const trees = createRecentlyUsed<readonly TreeEntry[]>(CACHED_BYTES)
  const bases = createRecentlyUsed<StoredObject>(options.baseBytes ?? BASE_BYTES)
  const folders = options.folders.map((folder) => openObjectFolder(folder, bases))
  let opened: Promise<unknown> | null = null

  async function refresh(): Promise<void> {
    opened = Promise.all(folders.map((folder) => folder.refresh()))
    await opened
  }

  async function find(id: string): Promise<StoredObject | null> {
    const failures: Error[] = []
    for (const folder of folders) {
      try {
        const found = await folder.read(id, find)
        if (found !== null && isIntact(found, id)) return found
        if (found !== null) failures.push(new RangeError('its content is not what its id stands for'))
      } catch (error) {
        failures.push(error instanceof Error ? error : new Error(String(error)))
      }
    }
    const [failure] = failures
    if (failure !== undefined) throw failure
    return null
  }

  async function raw(id: string, type: ObjectType): Promise<Uint8Array> {
    await (opened ?? refresh())
    const found = await limit(() => findAgain(id))
    if (found === null) throw new MissingObjectError(id, options.where)
    if (found.type === type) return found.bytes
    const message = `object ${id} of ${options.where} is a ${found.type} where a ${type} belongs: check the repository with git fsck`
    throw new GitError('Corrupt', message)
  }

  /** Once more with fresh indexes when something does not fit together, as happens when `git gc` replaces packs beside us. */
  async function findAgain(id: string): Promise<StoredObject | null> {
    try {
      const found = await find(id)
      if (found !== null || !options.shared) return found
    } catch {
      // Whatever it was, it may have passed.
    }
    await refresh()
    try {
      return await find(id)
    } catch (error) {
      throw readError(error, id, options.where)
    }
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

  return {
    async commit(id) {
      return commits.get(id) ?? parse(await raw(id, 'commit'), id, parseCommit, commits)
    },
    async tree(id) {
      if (id === EMPTY_TREE) return []
      return trees.get(id) ?? parse(await raw(id, 'tree'), id, parseTree, trees)
    },
    blob: (id) => raw(id, 'blob'),
    raw,
    async has(id) {
      await (opened ?? refresh())
      for (const folder of folders) if (await folder.has(id)) return true
      return false
    },
    async isPacked(id) {
      await (opened ?? refresh())
      return folders.some((folder) => folder.isPacked(id))
    },
    refresh,
    async close() {
      await Promise.all(folders.map((folder) => folder.close()))
    },
  }
}

function isIntact({ type, bytes }: StoredObject, id: string): boolean {
  return objectId(type as ObjectType, bytes) === id
}

function readError(error: unknown, id: string, where: string): GitError {
  const code = errorCode(error)
  if (['EACCES', 'EPERM', 'EMFILE', 'EIO'].includes(code)) {
    return new GitError('Storage', `cannot read object ${id} of ${where} (${code}): let the user that Fusee runs as read it`, { cause: error })
  }
  return new GitError('Corrupt', `object ${id} of ${where} cannot be read: check the repository with git fsck`, { cause: error })
}

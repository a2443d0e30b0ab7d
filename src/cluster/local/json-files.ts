import { closeSync, fsync, linkSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { readFile, readdir, rename, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { removeTree } from './remove-tree.ts'
import { CorruptFileError, asStorageError, codeOf } from './storage-errors.ts'

/**
 * JSON files below one folder. A file is there whole or not at all, also after a power cut; a write that was answered stays.
 * Paths are relative to the folder. Writes throw StorageFullError when there is no room, and have then changed nothing.
 */
export interface JsonFiles {
  /** Absolute path of a file or folder. */
  resolve(path: string): string
  /** Writes a file that must not be there yet; false when it is. */
  create(path: string, value: unknown): Promise<boolean>
  /** Writes or replaces a file. */
  write(path: string, value: unknown): Promise<void>
  /** Content of a file; null when there is none. Throws CorruptFileError when it is no JSON. */
  read(path: string): Promise<unknown>
  /** Removes a file; gone already is fine. */
  remove(path: string): Promise<void>
  /** Removes a whole folder in one step; gone already is fine. What lies in it is deleted afterwards. */
  removeFolder(path: string): Promise<void>
  /** Names in a folder, sorted; none when it is not there. Throws CorruptFileError when a file is in its place. */
  list(path: string): Promise<string[]>
  /** A path below `tmp/` that nobody else uses. */
  scratch(): string
}

const sync = promisify(fsync)

/** JSON files below `folder`, which has a folder `tmp` on the same file system. */
export function openJsonFiles(folder: string): JsonFiles {
  let scratches = 0
  const at = (path: string): string => join(folder, path)
  const scratch = (): string => join('tmp', String(++scratches))

  /** Puts the value into a file of its own and lets `name` give that its place. Only what waits for the disk is asynchronous: the rest takes microseconds. */
  async function publish<T>(path: string, value: unknown, name: (draft: string) => T): Promise<T> {
    const draft = at(`${scratch()}.tmp`)
    try {
      const made = makeFolders(folder, dirname(path))
      await Promise.all([writeAndSync(draft, JSON.stringify(value)), ...made.map((one) => syncFolder(dirname(one)))])
      const result = name(draft)
      await syncFolder(dirname(at(path)))
      return result
    } catch (error) {
      throw asStorageError(folder, error)
    } finally {
      rmSync(draft, { force: true })
    }
  }

  return {
    resolve: at,
    scratch,
    create: (path, value) => publish(path, value, (draft) => linkNew(draft, at(path))),
    write: (path, value) =>
      publish(path, value, (draft) => {
        renameSync(draft, at(path))
      }),
    read: (path) => readJson(at(path)),
    async remove(path) {
      await ignoreMissing(unlink(at(path)))
      await ignoreMissing(syncFolder(dirname(at(path))))
    },
    async removeFolder(path) {
      const trash = at(scratch())
      await ignoreMissing(rename(at(path), trash))
      await ignoreMissing(syncFolder(dirname(at(path))))
      await removeTree(trash)
    },
    async list(path) {
      return (await ignoreMissing(inPlace(at(path), readdir(at(path)))))?.sort() ?? []
    },
  }
}

/** Makes a folder below `root` and what is missing above it. Returns what was made. */
function makeFolders(root: string, path: string): string[] {
  const folder = join(root, path)
  try {
    mkdirSync(folder, { mode: 0o700 })
    return [folder]
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return []
    if (codeOf(error) !== 'ENOENT') throw error
    return [...makeFolders(root, dirname(path)), ...makeFolders(root, path)]
  }
}

async function writeAndSync(file: string, text: string): Promise<void> {
  const descriptor = openSync(file, 'wx', 0o600)
  try {
    writeFileSync(descriptor, text)
    await sync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

async function syncFolder(path: string): Promise<void> {
  const descriptor = openSync(path, 'r')
  try {
    await sync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

function linkNew(draft: string, file: string): boolean {
  try {
    linkSync(draft, file)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  }
}

async function readJson(file: string): Promise<unknown> {
  const text = await ignoreMissing(inPlace(file, readFile(file, 'utf8')))
  if (text === null) return null
  const value = parseJson(file, text)
  if (value === null) throw new CorruptFileError(file, 'it holds null')
  return value
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    throw new CorruptFileError(file, text === '' ? 'it is empty' : error instanceof Error ? error.message : String(error))
  }
}

/** A file where a folder belongs, or the other way round, is damage as any other. */
async function inPlace<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (codeOf(error) === 'EISDIR') throw new CorruptFileError(path, 'it is a folder, and should be a file')
    if (codeOf(error) === 'ENOTDIR') throw new CorruptFileError(path, 'a file is where a folder should be')
    throw error
  }
}

async function ignoreMissing<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
}

import { mkdir } from 'node:fs/promises'
import { randomUUID } from 'node:crypto'
import { join, resolve } from 'node:path'
import { lockFolder } from './folder-lock.ts'
import type { JsonFiles } from './json-files.ts'
import { openJsonFiles } from './json-files.ts'
import { removeTree } from './remove-tree.ts'
import { CorruptFileError, asStorageError, codeOf } from './storage-errors.ts'

/**
 * The folder in which the local runner keeps everything:
 *
 *     lock/<n>                             who works on it; the highest number holds
 *     controller-id                        names this folder as owner of a status branch
 *     runs/<namespace>/<name>.json         Run objects
 *     repositories/<namespace>/<name>.json cursors
 *     jobs/<namespace>/<name>/job.json     Job objects, with their pods and logs below
 *     tmp/                                 what is being written or deleted; emptied at start
 */
export interface DataFolder {
  /** Absolute path. */
  path: string
  /** A UUID that stays with the folder. */
  controllerId: string
  /** JSON files below `path`. */
  files: JsonFiles
  /** A version that no write of this folder has had before, as text. */
  nextVersion(): string
  /** Gives the folder free. Nothing may be written to it afterwards. */
  close(): Promise<void>
}

/** So many versions are there for one opening; the number of the lock comes before them, so that no version ever comes twice. */
const VERSIONS_PER_OPENING = 1_000_000_000

/**
 * Opens the folder, creating it where needed, and keeps other processes out of it until `close` or the end of this process.
 * Throws DataFolderInUseError, StorageFullError, CorruptFileError, or an Error that says why the folder cannot be used.
 */
export async function openDataFolder(path: string): Promise<DataFolder> {
  const folder = resolve(path)
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const lock = await lockFolder(folder)
    try {
      return await prepare(folder, lock)
    } catch (error) {
      await lock.release()
      throw error
    }
  } catch (error) {
    throw explain(folder, error)
  }
}

async function prepare(folder: string, lock: Awaited<ReturnType<typeof lockFolder>>): Promise<DataFolder> {
  await removeTree(join(folder, 'tmp'))
  await mkdir(join(folder, 'tmp'), { recursive: true, mode: 0o700 })
  const files = openJsonFiles(folder)
  let versions = lock.number * VERSIONS_PER_OPENING
  return {
    path: folder,
    controllerId: await readControllerId(folder, files),
    files,
    nextVersion: () => String(++versions),
    close: () => lock.release(),
  }
}

async function readControllerId(folder: string, files: JsonFiles): Promise<string> {
  await files.create('controller-id', randomUUID())
  const id = await files.read('controller-id')
  if (typeof id === 'string' && /^[0-9a-f-]{36}$/.test(id)) return id
  throw new CorruptFileError(join(folder, 'controller-id'), 'it holds no UUID')
}

function explain(folder: string, error: unknown): unknown {
  switch (codeOf(error)) {
    case 'EEXIST':
    case 'ENOTDIR':
      return new Error(`The data folder ${folder} cannot be made: a file is in its place. Name another folder (--data).`, { cause: error })
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new Error(`The data folder ${folder} is not writable. Give this user the right to write there, or name another folder (--data).`, {
        cause: error,
      })
    default:
      return asStorageError(folder, error)
  }
}

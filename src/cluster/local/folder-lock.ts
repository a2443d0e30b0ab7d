import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { closeSync, constants, openSync } from 'node:fs'
import { link, mkdir, open, readFile, readdir, rename, rm, unlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { ProcessIdentity } from './process-identity.ts'
import { isAlive, machineId, ownIdentity } from './process-identity.ts'
import { codeOf } from './storage-errors.ts'

/** Another process works on the data folder. The message says which, and what to do. */
export class DataFolderInUseError extends Error {
  override name = 'DataFolderInUseError'
}

/** The folder is ours until `release`, or until this process ends in whatever way. */
export interface FolderLock {
  /** Larger than that of every holder before. */
  number: number
  release(): Promise<void>
}

/** Content of `lock/<n>`. `pipe` names a FIFO beside it that the holder keeps open for reading. */
interface Holder extends ProcessIdentity {
  host: string
  pipe: string | null
  released: boolean
}

/** So many old lock files stay: a starter that was stopped in between has to be overtaken that often before it could be misled. */
const KEPT_LOCKS = 64

/**
 * Takes the folder: links `<n+1>` when the holder `<n>`, the highest, is gone. Of two starters only one link succeeds, and
 * the highest file is never deleted, so whoever comes late finds a higher one. Whether a holder lives is read from what the
 * kernel takes away with the process, never from its age. Throws DataFolderInUseError.
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const locks = join(folder, 'lock')
  await mkdir(locks, { recursive: true, mode: 0o700 })
  const pipe = await openPipe(locks)
  const holder: Holder = { ...ownIdentity(), host: hostname(), pipe: pipe?.name ?? null, released: false }
  try {
    const number = await takeOver(folder, locks, holder)
    await prune(locks, number)
    return { number, release: () => release(locks, number, holder, pipe) }
  } catch (error) {
    await pipe?.remove()
    throw error
  }
}

async function takeOver(folder: string, locks: string, holder: Holder): Promise<number> {
  const draft = join(locks, `${randomUUID()}.tmp`)
  await writeDurably(draft, holder)
  try {
    for (;;) {
      const highest = await highestLock(locks)
      if (highest > 0) await assertGone(folder, locks, highest)
      const number = highest + 1
      if (!(await tryLink(draft, join(locks, String(number))))) continue
      if ((await highestLock(locks)) === number) return number
      await unlink(join(locks, String(number)))
    }
  } finally {
    await rm(draft, { force: true })
  }
}

async function assertGone(folder: string, locks: string, number: number): Promise<void> {
  const file = join(locks, String(number))
  const holder = await readHolder(file)
  if (holder === null || holder.released) return
  const remedy = `Stop that process, or give this one another folder (--data).`
  const who = `process ${holder.pid} on ${holder.host}`
  switch (lifeOf(locks, holder)) {
    case 'Gone':
      return
    case 'Alive':
      throw new DataFolderInUseError(`The data folder ${folder} is in use by ${who}. ${remedy}`)
    case 'Unknown':
      throw new DataFolderInUseError(
        `The data folder ${folder} was last used by ${who}, and whether that still runs cannot be seen from here. ${remedy} If it is gone for good, delete ${file}.`,
      )
  }
}

function lifeOf(locks: string, holder: Holder): 'Alive' | 'Gone' | 'Unknown' {
  const [boot] = machineId().split('.')
  const sameBoot = holder.machine.split('.')[0] === boot
  if (!sameBoot) return holder.host === hostname() ? 'Gone' : 'Unknown'
  if (holder.pipe !== null) return readerOf(join(locks, holder.pipe))
  if (holder.machine !== machineId()) return 'Unknown'
  return isAlive(holder) ? 'Alive' : 'Gone'
}

/** A FIFO has a reader only as long as the process that opened it lives, also when that process is in another container. */
async function openPipe(locks: string): Promise<{ name: string; remove(): Promise<void> } | null> {
  const name = `${randomUUID()}.pipe`
  const path = join(locks, name)
  try {
    await promisify(execFile)('mkfifo', ['-m', '600', path])
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const remove = async (): Promise<void> => {
      closeSync(descriptor)
      await rm(path, { force: true })
    }
    return { name, remove }
  } catch {
    return null
  }
}

function readerOf(path: string): 'Alive' | 'Gone' | 'Unknown' {
  try {
    closeSync(openSync(path, constants.O_WRONLY | constants.O_NONBLOCK))
    return 'Alive'
  } catch (error) {
    return ['ENXIO', 'ENOENT'].includes(codeOf(error)) ? 'Gone' : 'Unknown'
  }
}

async function release(locks: string, number: number, holder: Holder, pipe: { remove(): Promise<void> } | null): Promise<void> {
  const draft = join(locks, `${randomUUID()}.tmp`)
  try {
    await writeDurably(draft, { ...holder, released: true })
    await rename(draft, join(locks, String(number)))
  } finally {
    await rm(draft, { force: true })
    await pipe?.remove()
  }
}

async function prune(locks: string, number: number): Promise<void> {
  for (const old of await listLocks(locks)) {
    if (old >= number) continue
    const pipe = (await readHolder(join(locks, String(old))))?.pipe ?? null
    if (pipe !== null && readerOf(join(locks, pipe)) === 'Gone') await rm(join(locks, pipe), { force: true })
    if (old <= number - KEPT_LOCKS) await rm(join(locks, String(old)), { force: true })
  }
}

async function highestLock(locks: string): Promise<number> {
  return Math.max(0, ...(await listLocks(locks)))
}

async function listLocks(locks: string): Promise<number[]> {
  const names = await readdir(locks)
  return names.filter((name) => /^[1-9]\d*$/.test(name)).map(Number)
}

/** Null when the file says nothing: only a power cut leaves one like that, and no holder survives that. */
async function readHolder(file: string): Promise<Holder | null> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Holder
  } catch (error) {
    if (error instanceof SyntaxError || codeOf(error) === 'ENOENT') return null
    throw error
  }
}

async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  }
}

async function writeDurably(file: string, content: Holder): Promise<void> {
  const handle = await open(file, 'wx', 0o600)
  try {
    await handle.writeFile(JSON.stringify(content))
    await handle.sync()
  } finally {
    await handle.close()
  }
}

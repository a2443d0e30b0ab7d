import type { Stats } from 'node:fs'
import { link, open, readdir, rename, rm, rmdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { racedError } from './branch-errors.ts'
import { errorCode, isAbsent, storageError } from './failures.ts'
import { createOwnerName, describeThisProcess, isLeftOver, parseOwnerName } from './lock-owner.ts'
import type { CommitSha } from './ports.ts'
import { GitError } from './ports.ts'
import { readPackedRefs, resolveRef } from './refs.ts'
import { makeFolder, writeWhole } from './write-file.ts'

/** A compare-and-swap of one ref. */
export interface RefMove {
  /** The repository's folder with `refs` and `objects`. */
  commonFolder: string
  ref: string
  /** Where the ref must be; null when it must not exist. */
  expected: CommitSha | null
  next: CommitSha
  /** How long to wait while a git program holds the ref's lock. */
  lockWaitMs: number
}

const LOCK_RETRY_MS = 20
/** File systems without hard links say one of these. */
const NO_HARD_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV']

/**
 * Moves a ref as git does, so that git programs beside us are safe: create `<ref>.lock` exclusively, look again where the
 * ref is, rename the lock over it. Throws GitError: `Raced` when the ref is elsewhere, `PushRefused` when another branch's
 * name is in the way, `Unreachable` when the lock stays taken, `Storage`.
 *
 * The lock is made as a hard link to a file `fusee/<owner>` in the repository, whose name says which process made it. So
 * one inode tells a lock of ours from everybody else's, although its content has to be the bare commit id; when that
 * process is gone, the lock is left over from a kill and is taken away.
 */
export async function moveRef(move: RefMove): Promise<void> {
  const { ref } = await resolveRef(move.commonFolder, move.ref)
  const path = join(move.commonFolder, ref)
  const owned = join(move.commonFolder, 'fusee', createOwnerName(await describeThisProcess()))
  try {
    await makeFolder(dirname(owned))
    await writeWhole(owned, Buffer.from(`${move.next}\n`), true)
    await takeLock(move, ref, path, owned)
    try {
      await refuseNameConflict(move.commonFolder, ref)
      const current = await resolveRef(move.commonFolder, ref)
      if (current.ref !== ref || current.commit !== move.expected) throw racedError(move.commonFolder, ref)
      await removeEmptyFolders(path)
      await rename(`${path}.lock`, path)
    } catch (error) {
      await rm(`${path}.lock`, { force: true })
      throw error
    }
    await syncFolder(dirname(path))
  } catch (error) {
    throw storageError(error, move.commonFolder)
  } finally {
    await rm(owned, { force: true }).catch(() => undefined)
  }
}

async function takeLock(move: RefMove, ref: string, path: string, owned: string): Promise<void> {
  const deadlineMs = performance.now() + move.lockWaitMs
  for (;;) {
    try {
      await makeFolder(dirname(path))
      await createLock(owned, `${path}.lock`, move.next)
      return
    } catch (error) {
      const code = errorCode(error)
      // A file where a folder must be is another branch, unless it is the lock itself that exists.
      if (code === 'ENOTDIR' || (code === 'EEXIST' && !(await isThere(`${path}.lock`)))) await refuseNameConflict(move.commonFolder, ref)
      // Git removes empty folders of refs, also between our two calls.
      else if (code !== 'EEXIST' && code !== 'ENOENT') throw error
    }
    if (await removeLeftOverLock(move.commonFolder, `${path}.lock`)) continue
    if (performance.now() >= deadlineMs) {
      throw new GitError('Unreachable', `${path}.lock is held by another program: when no git program runs there, remove that file`)
    }
    await sleep(LOCK_RETRY_MS)
  }
}

async function createLock(owned: string, lock: string, next: CommitSha): Promise<void> {
  try {
    await link(owned, lock)
  } catch (error) {
    if (!NO_HARD_LINKS.includes(errorCode(error))) throw error
    await writeWhole(lock, Buffer.from(`${next}\n`), true)
  }
}

/** Whether the lock is gone because a killed process of ours had left it. */
async function removeLeftOverLock(commonFolder: string, lock: string): Promise<boolean> {
  const locked = await statIfThere(lock)
  if (locked === null) return false
  const folder = join(commonFolder, 'fusee')
  for (const name of await readdir(folder).catch(() => [])) {
    const owner = parseOwnerName(name)
    const file = await statIfThere(join(folder, name))
    if (owner === null || file === null || file.ino !== locked.ino || file.dev !== locked.dev) continue
    if (!(await isLeftOver(owner, Date.now() - file.mtimeMs))) return false
    return claimLeftOver(folder, name, lock, file.ino)
  }
  return false
}

/** Renaming the owner's file decides who of several may remove the lock; under our name it stays recognisable if we are killed too. */
async function claimLeftOver(folder: string, name: string, lock: string, inode: number): Promise<boolean> {
  const claimed = join(folder, createOwnerName(await describeThisProcess()))
  try {
    await rename(join(folder, name), claimed)
  } catch (error) {
    if (isAbsent(error)) return false
    throw error
  }
  if ((await statIfThere(lock))?.ino === inode) await rm(lock, { force: true })
  await rm(claimed, { force: true })
  return true
}

/** Git keeps refs as files, so `a` and `a/b` cannot both be branches. */
async function refuseNameConflict(commonFolder: string, ref: string): Promise<void> {
  const parts = ref.split('/')
  const packed = await readPackedRefs(commonFolder)
  const shorter = parts.slice(0, -1).map((_, index) => parts.slice(0, index + 1).join('/'))
  for (const name of shorter.filter((candidate) => candidate.split('/').length > 2)) {
    const loose = await statIfThere(join(commonFolder, name))
    if (packed.has(name) || loose?.isFile() === true) throw conflictError(commonFolder, ref, name)
  }
  const longer = [...packed.keys()].find((name) => name.startsWith(`${ref}/`))
  if (longer !== undefined) throw conflictError(commonFolder, ref, longer)
}

function conflictError(where: string, ref: string, other: string): GitError {
  return new GitError('PushRefused', `${ref} in ${where} cannot be made because ${other} exists: rename that branch or choose another name`)
}

/** Deleting a branch `a/b` can leave an empty folder where branch `a` goes. */
async function removeEmptyFolders(path: string): Promise<void> {
  if ((await statIfThere(path))?.isDirectory() !== true) return
  for (const name of await readdir(path)) await removeEmptyFolders(join(path, name))
  try {
    await rmdir(path)
  } catch (error) {
    if (errorCode(error) !== 'ENOTEMPTY') throw error
    throw new GitError('PushRefused', `${path} holds other branches, so that no branch can have its name: rename them or choose another name`)
  }
}

async function statIfThere(path: string): Promise<Stats | null> {
  try {
    return await stat(path)
  } catch (error) {
    if (isAbsent(error)) return null
    throw error
  }
}

async function isThere(path: string): Promise<boolean> {
  return (await statIfThere(path)) !== null
}

/** Makes the rename last through a loss of power. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

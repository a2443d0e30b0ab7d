import { readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { isAlive } from './git/lock-owner.ts'

/** The folder below `dataFolder` in which a process keeps what it fetches, for as long as it lives. */
export function gitFolderOf(dataFolder: string, pid: number): string {
  return path.join(dataFolder, `git-${pid}`)
}

/** Removes those of processes that are gone: killed, they could not do so themselves. What cannot be removed stays. */
export async function sweepGitFolders(dataFolder: string): Promise<void> {
  const names = await readdir(dataFolder).catch(() => [])
  const left = names.filter((name) => {
    const pid = /^git-(\d+)$/.exec(name)?.[1]
    return pid !== undefined && !isAlive(Number(pid))
  })
  await removeFolders(dataFolder, left)
}

/** Removes all folders below another but those in use, given by their path and asked for once the others are known. What cannot be removed stays. */
export async function removeUnused(folder: string, inUse: () => readonly string[]): Promise<void> {
  const names = await readdir(folder).catch(() => [])
  const kept = inUse()
  await removeFolders(
    folder,
    names.filter((name) => !kept.includes(path.join(folder, name))),
  )
}

async function removeFolders(folder: string, names: readonly string[]): Promise<void> {
  await Promise.all(names.map((name) => rm(path.join(folder, name), { recursive: true, force: true }).catch(() => undefined)))
}

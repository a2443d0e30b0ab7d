import { randomBytes } from 'node:crypto'
import { link, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { storageError } from './failures.ts'
import { makeFolder } from './write-file.ts'

/**
 * What is known of a followed branch, and where its objects lie. Objects live in a folder of their own, a generation, that
 * can be replaced as a whole: fetch into a new one, write the state, delete the old one.
 */
export interface BranchState {
  version: 1
  /** What is followed; when that changes, everything is fetched anew. */
  url: string
  ref: string
  /** Name of the folder with the objects. */
  generation: string
  /** The last tip whose objects are all here. */
  tip: string
  /** Commits whose parents are not here. */
  shallow: string[]
  /** Whether blobs are left out until they are read. */
  filtered: boolean
}

const STATE_FILE = 'state.json'

/** The state that was written last; null when there is none for this branch, or none that can be read. */
export async function readState(folder: string, url: string, ref: string): Promise<BranchState | null> {
  try {
    const state: unknown = JSON.parse(await readFile(join(folder, STATE_FILE), 'utf8'))
    return isState(state) && state.url === url && state.ref === ref ? state : null
  } catch {
    // A copy of what the remote has: whatever is wrong with it, it is fetched again.
    return null
  }
}

function isState(value: unknown): value is BranchState {
  const state = value as Partial<BranchState> | null
  return (
    state?.version === 1 &&
    typeof state.generation === 'string' &&
    /^generation-[0-9a-f]+$/.test(state.generation) &&
    typeof state.tip === 'string' &&
    Array.isArray(state.shallow) &&
    typeof state.filtered === 'boolean'
  )
}

/** Replaces the state at once. Throws GitError `Storage`. */
export async function writeState(folder: string, state: BranchState): Promise<void> {
  const path = join(folder, STATE_FILE)
  try {
    await writeFile(`${path}.new`, JSON.stringify(state))
    await rename(`${path}.new`, path)
  } catch (error) {
    throw storageError(error, folder)
  }
}

/** Makes an empty generation; its name. Throws GitError `Storage`. */
export async function createGeneration(folder: string): Promise<string> {
  const name = `generation-${randomBytes(6).toString('hex')}`
  try {
    await makeFolder(join(folder, name, 'objects/pack'))
  } catch (error) {
    throw storageError(error, folder)
  }
  return name
}

/** Deletes all generations but one. What cannot be deleted now is deleted another time. */
export async function removeOtherGenerations(folder: string, keep: string | null): Promise<void> {
  const names = await readdir(folder).catch(() => [])
  const others = names.filter((name) => name.startsWith('generation-') && name !== keep)
  await Promise.all(others.map((name) => rm(join(folder, name), { recursive: true, force: true }).catch(() => undefined)))
}

/** How many packs a generation has. */
export async function countPacks(generation: string): Promise<number> {
  return (await listPackFiles(generation)).filter((name) => name.endsWith('.pack')).length
}

/** How many loose objects it has. */
export async function countLooseObjects(generation: string): Promise<number> {
  const objects = join(generation, 'objects')
  const shards = (await readdir(objects).catch(() => [])).filter((name) => /^[0-9a-f]{2}$/.test(name))
  const counts = await Promise.all(shards.map(async (shard) => (await readdir(join(objects, shard)).catch(() => [])).length))
  return counts.reduce((sum, count) => sum + count, 0)
}

/** Gives the packs of one generation to another one too, without copying them. Throws GitError `Storage`. */
export async function linkPacks(from: string, to: string): Promise<void> {
  try {
    for (const name of await listPackFiles(from)) await link(join(from, 'objects/pack', name), join(to, 'objects/pack', name))
  } catch (error) {
    throw storageError(error, to)
  }
}

async function listPackFiles(generation: string): Promise<string[]> {
  return (await readdir(join(generation, 'objects/pack')).catch(() => [])).filter((name) => /\.(pack|idx)$/.test(name))
}

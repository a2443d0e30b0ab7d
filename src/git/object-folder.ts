import { access, readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { inflate } from 'node:zlib'
import { isAbsent } from './failures.ts'
import type { DeltaBases, PackFile, StoredObject } from './pack-file.ts'
import { openPack } from './pack-file.ts'

/** The objects of one git directory: packs and loose files. */
export interface ObjectFolder {
  has(id: string): Promise<boolean>
  /** Whether it is in a pack. */
  isPacked(id: string): boolean
  /** Null when it is not here. `base` finds what deltas refer to and is in another folder. Throws RangeError, or what the system says. */
  read(id: string, base: (id: string) => Promise<StoredObject | null>): Promise<StoredObject | null>
  /** Opens packs that are new and lets go of those that are gone. What cannot be opened is as good as not there. */
  refresh(): Promise<void>
  close(): Promise<void>
}

const decompress = promisify(inflate)

/** Opens `<gitFolder>/objects`; nothing is looked at before `refresh`. */
export function openObjectFolder(gitFolder: string, bases: DeltaBases): ObjectFolder {
  const folder = join(gitFolder, 'objects')
  const packs = new Map<string, PackFile>()
  let refreshing: Promise<void> = Promise.resolve()

  async function listPacks(): Promise<void> {
    const names = await readdir(join(folder, 'pack')).catch(() => [])
    const found = new Set(names.filter((name) => name.endsWith('.idx')).map((name) => name.slice(0, -4)))
    for (const [name, pack] of packs) {
      if (found.has(name)) continue
      packs.delete(name)
      await pack.close().catch(() => undefined)
    }
    for (const name of found) {
      if (packs.has(name)) continue
      // Git may remove it just now, and the objects are then in another one; or it is broken, and they are fetched again.
      const pack = await openPack(join(folder, 'pack', name), bases).catch(() => null)
      if (pack !== null) packs.set(name, pack)
    }
  }

  function isPacked(id: string): boolean {
    for (const pack of packs.values()) if (pack.has(id)) return true
    return false
  }

  return {
    isPacked,
    async has(id) {
      if (isPacked(id)) return true
      return access(loosePath(folder, id)).then(
        () => true,
        () => false,
      )
    },
    async read(id, base) {
      for (const pack of packs.values()) if (pack.has(id)) return pack.read(id, base)
      return readLoose(loosePath(folder, id))
    },
    refresh() {
      refreshing = refreshing.then(listPacks)
      return refreshing
    },
    async close() {
      await refreshing
      const open = [...packs.values()]
      packs.clear()
      await Promise.allSettled(open.map((pack) => pack.close()))
    },
  }
}

function loosePath(folder: string, id: string): string {
  return join(folder, id.slice(0, 2), id.slice(2))
}

async function readLoose(path: string): Promise<StoredObject | null> {
  let stored: Buffer
  try {
    stored = await readFile(path)
  } catch (error) {
    if (isAbsent(error)) return null
    throw error
  }
  const whole = await decompress(stored)
  const end = whole.indexOf(0)
  const [type = '', length = ''] = whole.toString('latin1', 0, Math.max(0, end)).split(' ')
  // A copy: what is small would keep the whole chunk of 16 KiB that it was inflated into.
  const bytes = Buffer.from(whole.subarray(end + 1))
  if (end < 0 || bytes.length !== Number(length)) throw new RangeError('a loose object is not as long as it says')
  return { type, bytes }
}

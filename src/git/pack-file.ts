import fs from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { promisify } from 'node:util'
import { inflate, inflateSync } from 'node:zlib'
import { applyDelta } from './pack-delta.ts'
import type { PackIndex } from './pack-index.ts'
import { parsePackIndex } from './pack-index.ts'
import type { RecentlyUsed } from './recently-used.ts'

/** An object as a pack or a loose file has it. */
export interface StoredObject {
  type: string
  bytes: Buffer
}

/** One pack on disk. Objects are read one by one, so that memory does not depend on the pack's size; inflating is native and off the main thread. */
export interface PackFile {
  has(id: string): boolean
  /** Null when it is not here. `base` gives objects that deltas refer to and that lie elsewhere. Throws RangeError, or what the system says. */
  read(id: string, base: (id: string) => Promise<StoredObject | null>): Promise<StoredObject | null>
  /** After the reads under way. */
  close(): Promise<void>
}

const TYPES: Readonly<Record<number, string>> = { 1: 'commit', 2: 'tree', 3: 'blob', 4: 'tag' }
const OFFSET_DELTA = 6
const ID_DELTA = 7
const ID_BYTES = 20
/** Longest header of an entry: ten bytes of size, and an offset or an id. */
const MOST_HEADER_BYTES = 32
/** What is no larger is inflated in less time than another thread takes to be asked. */
const SMALL_BYTES = 4096
/** Zlib takes no less. */
const LEAST_CHUNK_BYTES = 64
/** A pack may say of an object that it is as large as it likes. */
const MOST_CHUNK_BYTES = 1 << 20

const decompress = promisify(inflate)
const openFile = promisify(fs.open)
const readFrom = promisify(fs.read)
const closeFile = promisify(fs.close)

/** What deltas refer to, of many packs. */
export type DeltaBases = RecentlyUsed<StoredObject>

/**
 * Opens `<path>.pack` with its index. It stays open, so that it can be read after it was deleted. What deltas refer to is kept in `bases`, which
 * packs may share: those of one name are the same. Throws RangeError, or what the system says.
 */
export async function openPack(path: string, bases: DeltaBases): Promise<PackFile> {
  const index = parsePackIndex(await readFile(`${path}.idx`), (await stat(`${path}.pack`)).size)
  return createPackFile(await openFile(`${path}.pack`, 'r'), index, { name: basename(path), bases })
}

function createPackFile(file: number, index: PackIndex, { name, bases }: { name: string; bases: DeltaBases }): PackFile {
  const keyOf = (offset: number): string => `${name} ${offset}`
  const reading = new Set<Promise<unknown>>()

  async function readAt(offset: number, base: (id: string) => Promise<StoredObject | null>): Promise<StoredObject> {
    const length = index.endOf(offset) - offset
    const entry = Buffer.alloc(length)
    const { bytesRead } = await readFrom(file, entry, 0, length, offset)
    if (bytesRead !== length || length === 0) throw new RangeError('a pack ends too early')
    const { type, size, at } = parseEntryHeader(entry)
    if (type === OFFSET_DELTA) {
      const { distance, end } = parseDistance(entry, at)
      if (distance >= offset) throw new RangeError('a delta refers to before its pack')
      return resolve(await inflateEntry(entry, end, size), await readBase(offset - distance, base))
    }
    if (type === ID_DELTA) {
      const id = entry.toString('hex', at, at + ID_BYTES)
      const own = index.find(id)
      const found = own === null ? await base(id) : await readBase(own, base)
      if (found === null) throw new RangeError(`a delta refers to ${id}, which is not here`)
      return resolve(await inflateEntry(entry, at + ID_BYTES, size), found)
    }
    const name = TYPES[type]
    if (name === undefined) throw new RangeError('a pack holds an object of no known type')
    return { type: name, bytes: await inflateEntry(entry, at, size) }
  }

  async function readBase(offset: number, base: (id: string) => Promise<StoredObject | null>): Promise<StoredObject> {
    const key = keyOf(offset)
    const known = bases.get(key)
    if (known !== undefined) return known
    const found = await readAt(offset, base)
    bases.set(key, found, found.bytes.length)
    return found
  }

  return {
    has: (id) => index.find(id) !== null,
    async read(id, base) {
      const offset = index.find(id)
      if (offset === null) return null
      // Git has the newest of many versions whole: who reads them from the oldest on has had the next one as a base.
      const known = bases.get(keyOf(offset))
      if (known !== undefined) return known
      const work = readAt(offset, base)
      reading.add(work)
      try {
        return await work
      } finally {
        reading.delete(work)
      }
    },
    async close() {
      await Promise.allSettled(reading)
      await closeFile(file)
    },
  }
}

function resolve(delta: Buffer, base: StoredObject): StoredObject {
  return { type: base.type, bytes: applyDelta(delta, base.bytes) }
}

async function inflateEntry(entry: Buffer, at: number, size: number): Promise<Buffer> {
  const deflated = entry.subarray(at)
  // In chunks of 16 KiB, as zlib does it by itself, what is small would keep one of these in memory for as long as it is kept itself.
  const chunkSize = Math.min(Math.max(LEAST_CHUNK_BYTES, size), MOST_CHUNK_BYTES)
  const bytes = size <= SMALL_BYTES ? inflateSync(deflated, { maxOutputLength: SMALL_BYTES, chunkSize }) : await decompress(deflated, { chunkSize })
  if (bytes.length !== size) throw new RangeError('an object of a pack is not as long as it says')
  return bytes
}

function parseEntryHeader(entry: Buffer): { type: number; size: number; at: number } {
  let byte = entry[0] ?? 0
  const type = (byte >> 4) & 0x07
  let [size, factor, at] = [byte & 0x0f, 16, 1]
  while ((byte & 0x80) !== 0 && at < MOST_HEADER_BYTES) {
    byte = entry[at++] ?? 0
    size += (byte & 0x7f) * factor
    factor *= 128
  }
  return { type, size, at }
}

/** How far before its delta a base lies: seven bits a byte, the highest first, and one added for each byte that follows. */
function parseDistance(entry: Buffer, start: number): { distance: number; end: number } {
  let at = start
  let byte = entry[at++] ?? 0
  let distance = byte & 0x7f
  while ((byte & 0x80) !== 0 && at < start + MOST_HEADER_BYTES) {
    byte = entry[at++] ?? 0
    distance = (distance + 1) * 128 + (byte & 0x7f)
  }
  return { distance, end: at }
}

import { readFile } from 'node:fs/promises'
import { inflateSync } from 'node:zlib'
import type { ObjectType } from './objects.ts'

/** A pack of git's, in memory, for who reads much of it: an object costs its own inflating, not that of its whole chain of deltas. */
export interface PackFile {
  /** Null when it is not in this pack. Throws RangeError for what is broken. */
  read(id: string): { type: ObjectType; bytes: Buffer } | null
}

interface Entry {
  type: ObjectType
  bytes: Buffer
}

const TYPES: Readonly<Record<number, ObjectType>> = { 1: 'commit', 2: 'tree', 3: 'blob' }
const OFFSET_DELTA = 6
const ID_DELTA = 7
const ID_BYTES = 20
const INDEX_MAGIC = 0xff744f63
const FANOUT_AT = 8
const IDS_AT = FANOUT_AT + 256 * 4
/** What is kept of inflated objects, in bytes: neighbours build on each other. */
const CACHED_BYTES = 32 << 20

/** Opens a pack by its path, which ends in `.pack`; its index lies beside it. Rejects when a file cannot be read; throws RangeError for an index of another version. */
export async function openPackFile(path: string): Promise<PackFile> {
  const [pack, index] = await Promise.all([readFile(path), readFile(path.replace(/\.pack$/, '.idx'))])
  if (index.readUInt32BE(0) !== INDEX_MAGIC || index.readUInt32BE(4) !== 2) throw new RangeError('an index of another version than 2')
  const total = index.readUInt32BE(IDS_AT - 4)
  const cache = createCache()

  function offsetOf(id: string): number | null {
    const wanted = Buffer.from(id, 'hex')
    const first = wanted[0] ?? 0
    let low = first === 0 ? 0 : index.readUInt32BE(FANOUT_AT + (first - 1) * 4)
    let high = index.readUInt32BE(FANOUT_AT + first * 4)
    while (low < high) {
      const middle = (low + high) >> 1
      const at = IDS_AT + middle * ID_BYTES
      const order = wanted.compare(index, at, at + ID_BYTES)
      if (order === 0) return offsetAt(middle)
      if (order < 0) high = middle
      else low = middle + 1
    }
    return null
  }

  function offsetAt(position: number): number {
    const small = IDS_AT + total * (ID_BYTES + 4)
    const offset = index.readUInt32BE(small + position * 4)
    return offset < 0x80000000 ? offset : Number(index.readBigUInt64BE(small + total * 4 + (offset - 0x80000000) * 8))
  }

  function readAt(start: number): Entry {
    const deltas: { at: number; delta: Buffer }[] = []
    let at = start
    let base = cache.get(at)
    while (base === undefined) {
      const { type, size, next } = readHeader(at)
      const plain = TYPES[type]
      if (plain !== undefined) {
        base = { type: plain, bytes: inflate(next, size) }
        cache.set(at, base)
      } else if (type === OFFSET_DELTA) {
        const back = readBack(next)
        deltas.push({ at, delta: inflate(back.next, size) })
        at -= back.distance
      } else if (type === ID_DELTA) {
        const found = offsetOf(pack.toString('hex', next, next + ID_BYTES))
        if (found === null) throw new RangeError('a delta whose base is elsewhere')
        deltas.push({ at, delta: inflate(next + ID_BYTES, size) })
        at = found
      } else throw new RangeError(`an object of type ${type}`)
      base ??= cache.get(at)
    }
    for (const { at: own, delta } of deltas.reverse()) {
      base = { type: base.type, bytes: applyDelta(base.bytes, delta) }
      cache.set(own, base)
    }
    return base
  }

  function readHeader(start: number): { type: number; size: number; next: number } {
    let byte = pack.readUInt8(start)
    let next = start + 1
    const type = (byte >> 4) & 7
    let size = byte & 15
    for (let factor = 16; (byte & 0x80) !== 0; factor *= 128) {
      byte = pack.readUInt8(next++)
      size += (byte & 0x7f) * factor
    }
    return { type, size, next }
  }

  function readBack(start: number): { distance: number; next: number } {
    let byte = pack.readUInt8(start)
    let next = start + 1
    let distance = byte & 0x7f
    while ((byte & 0x80) !== 0) {
      byte = pack.readUInt8(next++)
      distance = (distance + 1) * 128 + (byte & 0x7f)
    }
    return { distance, next }
  }

  /** What follows the object is not looked at: no object takes more than a little over its size. */
  function inflate(start: number, size: number): Buffer {
    const bytes = inflateSync(pack.subarray(start, start + size + (size >> 8) + 64), {
      maxOutputLength: Math.max(1, size),
      chunkSize: Math.max(64, size),
    })
    if (bytes.length !== size) throw new RangeError(`an object of ${bytes.length} bytes where ${size} are said`)
    return bytes
  }

  return {
    read(id) {
      const offset = offsetOf(id)
      return offset === null ? null : readAt(offset)
    },
  }
}

/** Git's format: sizes of base and result, then copies out of the base and new bytes. */
function applyDelta(base: Buffer, delta: Buffer): Buffer {
  let at = 0
  const size = (): number => {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = delta.readUInt8(at++)
      value += (byte & 0x7f) * factor
      if ((byte & 0x80) === 0) return value
    }
  }
  const number = (flags: number, bytes: number): number => {
    let value = 0
    for (let index = 0; index < bytes; index++) if ((flags & (1 << index)) !== 0) value += delta.readUInt8(at++) * 256 ** index
    return value
  }
  if (size() !== base.length) throw new RangeError('a delta for another base')
  const result = Buffer.allocUnsafe(size())
  let filled = 0
  while (at < delta.length) {
    const op = delta.readUInt8(at++)
    if ((op & 0x80) !== 0) {
      const from = number(op & 0x0f, 4)
      const length = number((op >> 4) & 0x07, 3) || 0x10000
      if (from + length > base.length || filled + length > result.length) throw new RangeError('a delta that reaches too far')
      filled += base.copy(result, filled, from, from + length)
    } else {
      if (op === 0 || at + op > delta.length || filled + op > result.length) throw new RangeError('a delta that reaches too far')
      filled += delta.copy(result, filled, at, at + op)
      at += op
    }
  }
  if (filled !== result.length) throw new RangeError('a delta that ends too early')
  return result
}

function createCache(): { get(at: number): Entry | undefined; set(at: number, entry: Entry): void } {
  let [young, old] = [new Map<number, Entry>(), new Map<number, Entry>()]
  let bytes = 0
  return {
    get: (at) => young.get(at) ?? old.get(at),
    set(at, entry) {
      young.set(at, entry)
      bytes += entry.bytes.length
      if (bytes < CACHED_BYTES / 2) return
      old = young
      young = new Map()
      bytes = 0
    },
  }
}

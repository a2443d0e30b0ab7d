/** Where the objects of a pack lie in it. */
export interface PackIndex {
  /** Offset of an object; null when it is not in the pack. */
  find(id: string): number | null
  /** Where the entry at this offset ends. */
  endOf(offset: number): number
}

const MAGIC = 0xff744f63
const VERSION = 2
const HEADER_BYTES = 8
const FANOUT_BYTES = 256 * 4
const ID_BYTES = 20
const CHECKSUM_BYTES = 20
/** The first bit of an offset says that it is a place in the table of large ones. */
const IS_LARGE = 0x80000000

/**
 * Reads an index of version 2, which git has written since 2007. Nothing is copied: looking up is a binary search in the bytes.
 * Throws RangeError when they are no such index. Own code because the library reads an index into objects of its own, and only
 * together with the whole pack.
 */
export function parsePackIndex(bytes: Buffer, packBytes: number): PackIndex {
  if (bytes.length < HEADER_BYTES + FANOUT_BYTES || bytes.readUInt32BE(0) !== MAGIC || bytes.readUInt32BE(4) !== VERSION) {
    throw new RangeError('it is no index of version 2')
  }
  const count = bytes.readUInt32BE(HEADER_BYTES + FANOUT_BYTES - 4)
  const ids = HEADER_BYTES + FANOUT_BYTES
  const offsets = ids + count * (ID_BYTES + 4)
  const large = offsets + count * 4
  if (bytes.length < large + 2 * CHECKSUM_BYTES) throw new RangeError('it ends too early')
  let starts: Float64Array | null = null

  function offsetOf(position: number): number {
    const offset = bytes.readUInt32BE(offsets + position * 4)
    if (offset < IS_LARGE) return offset
    return Number(bytes.readBigUInt64BE(large + (offset - IS_LARGE) * 8))
  }

  function allStarts(): Float64Array {
    starts ??= Float64Array.from({ length: count }, (_, position) => offsetOf(position)).sort()
    return starts
  }

  return {
    find(id) {
      const wanted = Buffer.from(id, 'hex')
      const first = wanted[0] ?? 0
      let low = first === 0 ? 0 : bytes.readUInt32BE(HEADER_BYTES + (first - 1) * 4)
      let high = bytes.readUInt32BE(HEADER_BYTES + first * 4)
      while (low < high) {
        const middle = (low + high) >>> 1
        const order = bytes.compare(wanted, 0, ID_BYTES, ids + middle * ID_BYTES, ids + (middle + 1) * ID_BYTES)
        if (order === 0) return offsetOf(middle)
        if (order < 0) low = middle + 1
        else high = middle
      }
      return null
    },
    endOf(offset) {
      const all = allStarts()
      let [low, high] = [0, all.length]
      while (low < high) {
        const middle = (low + high) >>> 1
        if ((all[middle] ?? 0) <= offset) low = middle + 1
        else high = middle
      }
      return all[low] ?? packBytes - CHECKSUM_BYTES
    },
  }
}

/**
 * The object that a delta makes of its base, as git's pack format describes it. Throws RangeError when the two do not fit. Own code
 * because the library has it only as a part of reading whole packs.
 */
export function applyDelta(delta: Buffer, base: Buffer): Buffer {
  let at = 0

  function byte(): number {
    const value = delta[at++]
    if (value === undefined) throw new RangeError('a delta ends too early')
    return value
  }
  function size(): number {
    let [value, factor] = [0, 1]
    for (;;) {
      const next = byte()
      value += (next & 0x7f) * factor
      if ((next & 0x80) === 0) return value
      factor *= 128
    }
  }
  /** The bytes of a number that a bit is set for, the lowest first. */
  function sparse(bits: number, bytes: number): number {
    let value = 0
    for (let index = 0; index < bytes; index++) if ((bits & (1 << index)) !== 0) value += byte() * 256 ** index
    return value
  }

  if (size() !== base.length) throw new RangeError('a delta is for another base')
  const result = Buffer.alloc(size())
  let written = 0
  while (at < delta.length) {
    const instruction = byte()
    const isCopy = (instruction & 0x80) !== 0
    const from = isCopy ? sparse(instruction & 0x0f, 4) : at
    const length = isCopy ? sparse((instruction >> 4) & 0x07, 3) || 0x10000 : instruction
    const source = isCopy ? base : delta
    if (length === 0 || from + length > source.length || written + length > result.length) throw new RangeError('a delta is broken')
    source.copy(result, written, from, from + length)
    written += length
    if (!isCopy) at += length
  }
  if (written !== result.length) throw new RangeError('a delta makes too little')
  return result
}

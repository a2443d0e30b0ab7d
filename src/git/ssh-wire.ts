/** A length in four bytes, then the bytes: what the protocols of ssh call a string. */
export function encodeString(bytes: Uint8Array | string): Buffer {
  const content = Buffer.from(bytes)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(content.length)
  return Buffer.concat([length, content])
}

/** Reads one part after the other. */
export interface SshReader {
  /** Throws RangeError when fewer bytes are left, as all do. */
  string(): Buffer
  number(): number
  bytes(length: number): Buffer
  /** Throws RangeError when something is left. */
  end(): void
}

/** Reads what `encodeString` and its like have written. */
export function createSshReader(buffer: Buffer): SshReader {
  let at = 0
  function bytes(length: number): Buffer {
    if (at + length > buffer.length) throw new RangeError('it ends too early')
    at += length
    return buffer.subarray(at - length, at)
  }
  const number = (): number => bytes(4).readUInt32BE()
  return {
    bytes,
    number,
    string: () => bytes(number()),
    end() {
      if (at !== buffer.length) throw new RangeError('something follows its end')
    },
  }
}

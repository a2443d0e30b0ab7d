import { GitError } from './ports.ts'

/** One packet of git's wire format. */
export type Packet = { kind: 'data'; bytes: Buffer } | { kind: 'flush' } | { kind: 'delimiter' } | { kind: 'end' }

/** Ends a request or a list. */
export const FLUSH = Buffer.from('0000')
/** Parts a protocol-v2 command from its arguments. */
export const DELIMITER = Buffer.from('0001')

const LENGTH_DIGITS = 4

/** The stream ended within a packet, or before the packet that ends the answer. */
export class CutStreamError extends Error {
  override name = 'CutStreamError'
}

/** A packet that carries a text. */
export function encodePacket(text: string): Buffer {
  const bytes = Buffer.from(text)
  return Buffer.concat([Buffer.from((bytes.length + LENGTH_DIGITS).toString(16).padStart(LENGTH_DIGITS, '0')), bytes])
}

/** The text of a packet without the newline that git puts at its end. */
export function packetText(packet: { bytes: Buffer }): string {
  return packet.bytes.toString('utf8').replace(/\n$/, '')
}

/** The packets of a stream from `where`. Throws CutStreamError when it ends within one, GitError `Corrupt` when it is not git's format. */
export async function* readPackets(stream: AsyncIterable<Uint8Array>, where: string): AsyncGenerator<Packet> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of stream) {
    rest = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk])
    let at = 0
    for (;;) {
      const length = packetLength(rest, at, where)
      if (length === null || at + Math.max(length, LENGTH_DIGITS) > rest.length) break
      yield toPacket(rest, at, length)
      at += Math.max(length, LENGTH_DIGITS)
    }
    rest = rest.subarray(at)
  }
  if (rest.length > 0) throw new CutStreamError('the answer ends within a packet')
}

/** Where the first flush packet of a buffer ends; null when it is not there yet. Throws GitError `Corrupt`. */
export function endOfFlush(buffer: Buffer, where: string): number | null {
  let at = 0
  for (;;) {
    const length = packetLength(buffer, at, where)
    if (length === 0) return at + LENGTH_DIGITS
    if (length === null || at + length > buffer.length) return null
    at += Math.max(length, LENGTH_DIGITS)
  }
}

function packetLength(buffer: Buffer, at: number, where: string): number | null {
  if (buffer.length - at < LENGTH_DIGITS) return null
  const digits = buffer.toString('latin1', at, at + LENGTH_DIGITS)
  if (/^[0-9a-fA-F]{4}$/.test(digits)) return parseInt(digits, 16)
  throw new GitError('Corrupt', `${where} gives an answer that is not in the format of git: check that the URL is that of a Git repository`)
}

function toPacket(buffer: Buffer, at: number, length: number): Packet {
  switch (length) {
    case 0:
      return { kind: 'flush' }
    case 1:
      return { kind: 'delimiter' }
    case 2:
    case 3:
      return { kind: 'end' }
    default:
      return { kind: 'data', bytes: buffer.subarray(at + LENGTH_DIGITS, at + length) }
  }
}

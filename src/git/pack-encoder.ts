import { createHash } from 'node:crypto'
import { deflateSync } from 'node:zlib'
import type { NewObject, ObjectType } from './objects.ts'

const PACK_TYPES: Readonly<Record<ObjectType, number>> = { commit: 1, tree: 2, blob: 3 }

/** A pack of whole objects. Own code because the library packs only what is already in its store, and ours is not before the push succeeds. */
export function encodePack(objects: readonly NewObject[]): Buffer {
  const header = Buffer.alloc(12)
  header.write('PACK')
  header.writeUInt32BE(2, 4)
  header.writeUInt32BE(objects.length, 8)
  const parts = objects.flatMap((object) => [encodeEntryHeader(object), deflateSync(object.bytes)])
  const pack = Buffer.concat([header, ...parts])
  return Buffer.concat([pack, createHash('sha1').update(pack).digest()])
}

/** Type and length: four bits of the length in the first byte, seven in each that follows, the lowest first. */
function encodeEntryHeader(object: NewObject): Buffer {
  const bytes: number[] = []
  let byte = (PACK_TYPES[object.type] << 4) | (object.bytes.length & 0x0f)
  for (let rest = Math.floor(object.bytes.length / 16); rest > 0; rest = Math.floor(rest / 128)) {
    bytes.push(byte | 0x80)
    byte = rest & 0x7f
  }
  return Buffer.from([...bytes, byte])
}

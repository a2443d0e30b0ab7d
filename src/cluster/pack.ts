import { gunzipSync, gzipSync } from 'node:zlib'

/** A Run of a thousand steps stays below 300,000 bytes: what is larger than this is packed, which makes it a tenth to a third. */
const LARGEST_PLAIN_BYTES = 200_000

/** A value as it is, or packed when it is large: people can read the one, the other fits. */
export type Packed<T> = T | { packed: string }

/** Packs a JSON value when it is large. */
export function pack<T extends object>(value: T): Packed<T> {
  const text = JSON.stringify(value)
  if (Buffer.byteLength(text) <= LARGEST_PLAIN_BYTES) return value
  return { packed: gzipSync(text).toString('base64') }
}

/** The value again. Throws when what is packed is none of ours. */
export function unpack<T extends object>(value: Packed<T>): T {
  if (!('packed' in value) || typeof value.packed !== 'string') return value as T
  return JSON.parse(gunzipSync(Buffer.from(value.packed, 'base64')).toString('utf8')) as T
}

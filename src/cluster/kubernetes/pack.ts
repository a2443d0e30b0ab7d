import { gunzipSync, gzipSync } from 'node:zlib'

/** etcd takes 1.5 MiB an object; what is larger than this is packed, which makes it about a tenth. */
const LARGEST_PLAIN_BYTES = 300_000

/** A value as it is, or packed when it is large: `kubectl get` shows the one, the other fits. */
export type Packed<T> = T | { packed: string }

/** Packs a JSON value when it is large. */
export function pack<T extends object>(value: T): Packed<T> {
  const text = JSON.stringify(value)
  if (text.length <= LARGEST_PLAIN_BYTES) return value
  return { packed: gzipSync(text).toString('base64') }
}

/** The value again. Throws when what is packed is none of ours. */
export function unpack<T extends object>(value: Packed<T>): T {
  if (!('packed' in value) || typeof value.packed !== 'string') return value as T
  return JSON.parse(gunzipSync(Buffer.from(value.packed, 'base64')).toString('utf8')) as T
}

import { createHash, sign, verify } from 'node:crypto'
import type { SshPrivateKey, SshPublicKey } from './ssh-keys.ts'
import { createSshReader, encodeString } from './ssh-wire.ts'

/**
 * Signatures of ssh keys over any bytes, as OpenSSH's PROTOCOL.sshsig describes them and `git commit -S` writes them with
 * `gpg.format=ssh`.
 */

const MAGIC = 'SSHSIG'
const NAMESPACE = 'git'
const HASHES = ['sha256', 'sha512']
const ARMOUR = /-----BEGIN SSH SIGNATURE-----\s([\s\S]+?)-----END SSH SIGNATURE-----/
const ECDSA: Readonly<Record<string, { hash: string; bytes: number }>> = {
  'ecdsa-sha2-nistp256': { hash: 'sha256', bytes: 32 },
  'ecdsa-sha2-nistp384': { hash: 'sha384', bytes: 48 },
  'ecdsa-sha2-nistp521': { hash: 'sha512', bytes: 66 },
}
const RSA: Readonly<Record<string, string>> = { 'rsa-sha2-256': 'sha256', 'rsa-sha2-512': 'sha512' }

/** A signature that was read; not checked yet. */
export interface SshSignature {
  /** The public key in it, as ssh sends it. */
  keyBlob: Buffer
  /** Its type, as in `ssh-ed25519`. */
  keyType: string
  hash: string
  algorithm: string
  raw: Buffer
}

/** Reads an armoured signature made for git. Throws RangeError. */
export function parseSshSignature(armoured: string): SshSignature {
  const base64 = ARMOUR.exec(armoured)?.[1]
  if (base64 === undefined) throw new RangeError('it is no SSH signature')
  const reader = createSshReader(Buffer.from(base64.replace(/\s/g, ''), 'base64'))
  if (reader.bytes(MAGIC.length).toString('latin1') !== MAGIC || reader.number() !== 1) throw new RangeError('it is no SSH signature of version 1')
  const keyBlob = reader.string()
  const namespace = reader.string().toString()
  reader.string()
  const hash = reader.string().toString()
  const inner = createSshReader(reader.string())
  reader.end()
  if (namespace !== NAMESPACE) throw new RangeError(`it was made for ${JSON.stringify(namespace)}, not for git`)
  if (!HASHES.includes(hash)) throw new RangeError(`it uses the hash ${JSON.stringify(hash)}`)
  const algorithm = inner.string().toString()
  const raw = inner.string()
  return { keyBlob, keyType: createSshReader(keyBlob).string().toString(), hash, algorithm, raw }
}

/** Whether the key has signed these bytes. Throws RangeError for an algorithm that does not go with the key, or none that we know. */
export function isSignedBy(signature: SshSignature, { type, key }: SshPublicKey, payload: Uint8Array): boolean {
  const { algorithm, raw } = signature
  const signed = signedBytes(payload, signature.hash)
  const rsaHash = RSA[algorithm]
  if (type === 'ssh-rsa' && rsaHash !== undefined) return verify(rsaHash, signed, key, raw)
  if (algorithm !== type) throw new RangeError(`it uses ${JSON.stringify(algorithm)} with a key of type ${type}`)
  const curve = ECDSA[type]
  if (curve !== undefined) return verify(curve.hash, signed, { key, dsaEncoding: 'ieee-p1363' }, plainPair(raw, curve.bytes))
  if (type === 'ssh-ed25519') return verify(null, signed, key, raw)
  throw new RangeError(`it uses ${JSON.stringify(algorithm)}, which cannot be checked`)
}

/** An armoured signature over these bytes. Throws TypeError for a kind of key that cannot sign. */
export function signWithSsh({ publicKey, key }: SshPrivateKey, payload: Uint8Array): string {
  const hash = 'sha512'
  const signed = signedBytes(payload, hash)
  const { algorithm, raw } = signRaw(publicKey.type, signed, key)
  const version = Buffer.from([0, 0, 0, 1])
  const inner = Buffer.concat([encodeString(algorithm), encodeString(raw)])
  const parts = [publicKey.blob, NAMESPACE, '', hash, inner].map(encodeString)
  const lines = Buffer.concat([Buffer.from(MAGIC), version, ...parts])
    .toString('base64')
    .match(/.{1,70}/g)
  return ['-----BEGIN SSH SIGNATURE-----', ...(lines ?? []), '-----END SSH SIGNATURE-----', ''].join('\n')
}

function signRaw(type: string, signed: Buffer, key: SshPrivateKey['key']): { algorithm: string; raw: Buffer } {
  if (type === 'ssh-rsa') return { algorithm: 'rsa-sha2-512', raw: sign('sha512', signed, key) }
  if (type === 'ssh-ed25519') return { algorithm: type, raw: sign(null, signed, key) }
  const curve = ECDSA[type]
  if (curve === undefined) throw new TypeError(`a key of type ${type} cannot sign commits: use Ed25519, ECDSA or RSA`)
  const pair = sign(curve.hash, signed, { key, dsaEncoding: 'ieee-p1363' })
  const numbers = [pair.subarray(0, curve.bytes), pair.subarray(curve.bytes)]
  return { algorithm: type, raw: Buffer.concat(numbers.map((number) => encodeString(positive(number)))) }
}

function signedBytes(payload: Uint8Array, hash: string): Buffer {
  const digest = createHash(hash).update(payload).digest()
  return Buffer.concat([Buffer.from(MAGIC), ...[NAMESPACE, '', hash, digest].map(encodeString)])
}

/** A number as ssh writes it: no leading zeros, but one where the first bit is set, since that would make it negative. */
function positive(number: Buffer): Buffer {
  let start = 0
  while (start < number.length - 1 && number[start] === 0) start++
  const short = number.subarray(start)
  return ((short[0] ?? 0) & 0x80) === 0 ? short : Buffer.concat([Buffer.from([0]), short])
}

/** Two numbers of ssh as two of a fixed length. */
function plainPair(raw: Buffer, bytes: number): Buffer {
  const reader = createSshReader(raw)
  const pair = [reader.string(), reader.string()].map((number) => {
    const short = number.length > bytes ? number.subarray(number.length - bytes) : number
    return Buffer.concat([Buffer.alloc(bytes - short.length), short])
  })
  reader.end()
  return Buffer.concat(pair)
}

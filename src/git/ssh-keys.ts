import type { KeyObject } from 'node:crypto'
import { createHash, createPrivateKey, createPublicKey } from 'node:crypto'
import type { ParsedKey } from 'ssh2'

/** A public key as ssh has it. */
export interface SshPublicKey {
  /** `ssh-ed25519`, `ssh-rsa`, `ecdsa-sha2-nistp256`, … */
  type: string
  /** As ssh sends it. */
  blob: Buffer
  /** `SHA256:…`, as ssh-keygen shows it. */
  fingerprint: string
  key: KeyObject
}

/** Both halves. */
export interface SshPrivateKey {
  publicKey: SshPublicKey
  key: KeyObject
}

const SMALLEST_RSA_BITS = 2048

/** A public key out of its type and base64, as in a .pub file. Throws TypeError. The ssh library is loaded when it is first needed. */
export async function parsePublicKey(type: string, base64: string): Promise<SshPublicKey> {
  return toPublicKey(await parse(`${type} ${base64}`, undefined))
}

/** A private key as ssh-keygen writes it, or in PEM. Throws TypeError that says what is wrong, without the key. */
export async function parsePrivateKey(text: string, passphrase?: string): Promise<SshPrivateKey> {
  const parsed = await parse(`${text.trim()}\n`, passphrase)
  const pem = parsed.isPrivateKey() ? parsed.getPrivatePEM() : null
  if (pem === null) throw new TypeError('it is a public key: give the private one')
  return { publicKey: toPublicKey(parsed), key: createPrivateKey(pem) }
}

/** As ssh-keygen shows a key. */
export function fingerprintOf(blob: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`
}

async function parse(text: string, passphrase: string | undefined): Promise<ParsedKey> {
  const { default: ssh2 } = await import('ssh2')
  const parsed: ParsedKey | ParsedKey[] | Error = ssh2.utils.parseKey(text, passphrase)
  if (parsed instanceof Error) throw new TypeError(explain(parsed.message, passphrase !== undefined))
  const [key] = [parsed].flat()
  if (key === undefined) throw new TypeError('it holds no key')
  return key
}

function explain(message: string, hasPassphrase: boolean): string {
  if (!/passphrase|integrity check|encrypted|decrypt/i.test(message)) return `it is no key that can be read (${message})`
  return hasPassphrase ? 'its passphrase is wrong' : 'it is protected by a passphrase, which is missing'
}

function toPublicKey(parsed: ParsedKey): SshPublicKey {
  const blob = parsed.getPublicSSH()
  const key = createPublicKey(parsed.getPublicPEM())
  const bits = key.asymmetricKeyDetails?.modulusLength ?? Infinity
  if (bits < SMALLEST_RSA_BITS) throw new TypeError(`an RSA key of ${bits} bits is too weak: use one of ${SMALLEST_RSA_BITS} or more, or Ed25519`)
  return { type: parsed.type, blob, fingerprint: fingerprintOf(blob), key }
}

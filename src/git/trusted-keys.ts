import type { Key } from 'openpgp'
import { judgeOpenPgp, readPublicKeys } from './openpgp-signature.ts'
import type { SignatureVerdict, TrustedKeys } from './ports.ts'
import type { SshPublicKey } from './ssh-keys.ts'
import { fingerprintOf, parsePublicKey } from './ssh-keys.ts'
import { isSignedBy, parseSshSignature } from './ssh-signature.ts'

/** An ssh key that is trusted, and for how long. */
interface TrustedSshKey {
  key: SshPublicKey
  by: string
  /** Seconds since the Unix epoch. */
  validAfter: number
  validBefore: number
}

const KEY_TYPE = /^(ssh-|ecdsa-|sk-)/

/**
 * Reads keys out of texts, each of any kind: OpenPGP public keys in armour, lines of ssh's allowed_signers, lines as in
 * authorized_keys or .pub files. `name` says in messages where a text is from. Throws TypeError for one that holds no key.
 */
export async function parseTrustedKeys(texts: readonly { name: string; text: string }[]): Promise<TrustedKeys> {
  const ssh: TrustedSshKey[] = []
  const openPgp: Key[] = []
  for (const { name, text } of texts) {
    try {
      const found = text.includes('-----BEGIN PGP') ? await readPublicKeys(text) : []
      openPgp.push(...found)
      const lines = found.length > 0 ? [] : await parseLines(text)
      if (found.length + lines.length === 0) throw new TypeError('it holds no public key')
      ssh.push(...lines)
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
      throw new TypeError(`${name} cannot be used to check signatures: ${error.message}`, { cause: error })
    }
  }
  return { judge: (signature, payload, atSeconds) => judge({ ssh, openPgp }, signature, payload, atSeconds) }
}

async function judge(
  keys: { ssh: readonly TrustedSshKey[]; openPgp: Key[] },
  signature: string,
  payload: Uint8Array,
  atSeconds: number,
): Promise<SignatureVerdict> {
  if (signature.includes('-----BEGIN PGP SIGNATURE-----')) return judgeOpenPgp(signature, payload, { keys: keys.openPgp, atSeconds })
  if (!signature.includes('-----BEGIN SSH SIGNATURE-----')) return { kind: 'Bad', reason: 'it is neither an OpenPGP nor an SSH signature' }
  try {
    const parsed = parseSshSignature(signature)
    const fingerprint = fingerprintOf(parsed.keyBlob)
    const known = keys.ssh.filter(({ key }) => key.blob.equals(parsed.keyBlob))
    const signer = known.find(({ validAfter, validBefore }) => validAfter <= atSeconds && atSeconds < validBefore)
    if (known.length === 0) return { kind: 'Untrusted', key: fingerprint }
    if (signer === undefined) return { kind: 'Bad', reason: `its key ${fingerprint} was not valid at that time` }
    if (!isSignedBy(parsed, signer.key, payload)) return { kind: 'Bad', reason: 'it was made for other bytes' }
    return { kind: 'Good', by: signer.by, key: fingerprint }
  } catch (error) {
    if (error instanceof RangeError) return { kind: 'Bad', reason: error.message }
    throw error
  }
}

async function parseLines(text: string): Promise<TrustedSshKey[]> {
  const lines = text.split('\n').map((line) => line.trim())
  return Promise.all(lines.filter((line) => line !== '' && !line.startsWith('#')).map(parseLine)).then((found) => found.flat())
}

/** `[principals [options]] type base64 [comment]`. A key that may not sign for git is left out. */
async function parseLine(line: string): Promise<TrustedSshKey[]> {
  const words = line.match(/(?:[^\s"]|"(?:[^"\\]|\\.)*")+/g) ?? []
  const at = words.findIndex((word) => KEY_TYPE.test(word))
  const [type, base64] = [words[at], words[at + 1]]
  if (at < 0 || type === undefined || base64 === undefined) throw new TypeError(`no key in the line that starts with ${JSON.stringify(words[0])}`)
  const options = parseOptions(words.slice(1, at).join(','))
  if (options.has('cert-authority')) throw new TypeError('certificates (cert-authority) are not supported: name the keys themselves')
  const namespaces = options.get('namespaces')
  if (namespaces !== undefined && !namespaces.split(',').some((pattern) => pattern === 'git' || pattern === '*')) return []
  const key = await parsePublicKey(type, base64)
  const by = at > 0 ? (words[0] ?? '').replaceAll('"', '') : words.slice(at + 2).join(' ') || key.fingerprint
  return [{ key, by, validAfter: timeOf(options, 'valid-after', -Infinity), validBefore: timeOf(options, 'valid-before', Infinity) }]
}

/** Options of allowed_signers, by lower-case name; those without a value have an empty one. */
function parseOptions(text: string): Map<string, string> {
  const parts = text.match(/(?:[^,"]|"[^"]*")+/g) ?? []
  return new Map(
    parts.map((part): [string, string] => {
      const equals = part.indexOf('=')
      if (equals < 0) return [part.toLowerCase(), '']
      return [part.slice(0, equals).toLowerCase(), part.slice(equals + 1).replaceAll('"', '')]
    }),
  )
}

/** `YYYYMMDD[HHMM[SS]]`, UTC with a `Z`, as seconds since the Unix epoch. */
function timeOf(options: ReadonlyMap<string, string>, name: string, otherwise: number): number {
  const text = options.get(name)
  if (text === undefined) return otherwise
  const [, year, month, day, hour = '00', minute = '00', second = '00', zone = ''] =
    /^(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?(Z?)$/.exec(text) ?? []
  const atMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}${zone}`)
  if (Number.isNaN(atMs)) throw new TypeError(`${name}=${JSON.stringify(text)} is no time: write YYYYMMDD or YYYYMMDDHHMM`)
  return atMs / 1000
}

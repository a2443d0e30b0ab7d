import type { Key, PrivateKey } from 'openpgp'
import type { SignatureVerdict } from './ports.ts'

/** The library takes a third of a second and some 20 MB to load: only who has OpenPGP keys pays for it. */
function load(): Promise<typeof import('openpgp')> {
  return import('openpgp')
}

/** The public keys of an armoured text, one block or several. Throws TypeError. */
export async function readPublicKeys(armoured: string): Promise<Key[]> {
  const { readKeys } = await load()
  const blocks = armoured.match(/-----BEGIN PGP PUBLIC KEY BLOCK-----[\s\S]+?-----END PGP PUBLIC KEY BLOCK-----/g) ?? []
  try {
    return (await Promise.all(blocks.map((armoredKeys) => readKeys({ armoredKeys })))).flat()
  } catch (error) {
    throw new TypeError(`it is no OpenPGP key that can be read (${messageOf(error)})`, { cause: error })
  }
}

/** A private key, unlocked. Throws TypeError. */
export async function readSigningKey(armoured: string, passphrase: string | undefined): Promise<PrivateKey> {
  const { readPrivateKey, decryptKey } = await load()
  let key: PrivateKey
  try {
    key = await readPrivateKey({ armoredKey: armoured })
  } catch (error) {
    throw new TypeError(`it is no OpenPGP private key that can be read (${messageOf(error)})`, { cause: error })
  }
  if (key.isDecrypted()) return key
  if (passphrase === undefined) throw new TypeError('it is protected by a passphrase, which is missing')
  try {
    return await decryptKey({ privateKey: key, passphrase })
  } catch (error) {
    throw new TypeError('its passphrase is wrong', { cause: error })
  }
}

/** An armoured signature over these bytes. */
export async function signWithOpenPgp(signingKeys: PrivateKey, payload: Uint8Array): Promise<string> {
  const { createMessage, sign } = await load()
  const armoured: unknown = await sign({ message: await createMessage({ binary: payload }), signingKeys, detached: true })
  return String(armoured).replaceAll('\r\n', '\n')
}

/** Whether one of the keys has signed these bytes. A key that had expired, or was revoked, at that time has not. */
export async function judgeOpenPgp(
  armoured: string,
  payload: Uint8Array,
  { keys, atSeconds }: { keys: Key[]; atSeconds: number },
): Promise<SignatureVerdict> {
  const { createMessage, readSignature, verify } = await load()
  try {
    const signature = await readSignature({ armoredSignature: armoured })
    const message = await createMessage({ binary: payload })
    const { signatures } = await verify({ message, signature, verificationKeys: keys, date: new Date(atSeconds * 1000) })
    const [made] = signatures
    if (made === undefined) return { kind: 'Bad', reason: 'it holds no signature' }
    const signer = keys.find((key) => key.getKeyIDs().some((id) => id.equals(made.keyID)))
    if (signer === undefined) return { kind: 'Untrusted', key: made.keyID.toHex() }
    await made.verified
    return { kind: 'Good', by: signer.users[0]?.userID?.userID ?? signer.getFingerprint(), key: signer.getFingerprint() }
  } catch (error) {
    return { kind: 'Bad', reason: messageOf(error) }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

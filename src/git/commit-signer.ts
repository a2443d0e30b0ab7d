import { readSigningKey, signWithOpenPgp } from './openpgp-signature.ts'
import type { CommitSigner } from './ports.ts'
import { parsePrivateKey } from './ssh-keys.ts'
import { signWithSsh } from './ssh-signature.ts'

/** A private key, OpenPGP in armour or as ssh-keygen writes it, and what it may be protected by. */
export interface SigningKey {
  text: string
  passphrase?: string | undefined
}

/** Reads the key and signs with it. Throws TypeError that says what is wrong with the key, without the key. */
export async function createCommitSigner({ text, passphrase }: SigningKey): Promise<CommitSigner> {
  try {
    if (text.includes('-----BEGIN PGP PRIVATE KEY BLOCK-----')) {
      const key = await readSigningKey(text, passphrase)
      return (payload) => signWithOpenPgp(key, payload)
    }
    const key = await parsePrivateKey(text, passphrase)
    // Once now, so that a key that cannot sign is found before there is something to record.
    signWithSsh(key, new Uint8Array())
    return async (payload) => signWithSsh(key, payload)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new TypeError(`the key for signing commits cannot be used: ${error.message}`, { cause: error })
  }
}

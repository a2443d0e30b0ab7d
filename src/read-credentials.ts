import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { createCommitSigner } from './git/commit-signer.ts'
import type { Credentials } from './git/credentials.ts'
import type { CommitSigner } from './git/ports.ts'

/** Where Secrets are: a folder of this machine, or a namespace of a cluster. */
export interface Secrets {
  /** Values by key, read anew each time; a final newline, as editors leave it, is no part of a value. Empty when there is no such Secret. */
  read(secret: string): Promise<ReadonlyMap<string, string>>
  /** Where a person would put this Secret, as in `files … of the folder <this>`. */
  placeOf(secret: string): { missing: string; put: string }
}

/** A Secret that is not there, or holds none of what is needed: for a person to mend. */
export class UnusableSecretError extends TypeError {
  override name = 'UnusableSecretError'
}

const KEYS = {
  username: 'username',
  password: 'password',
  bearerToken: 'bearerToken',
  'ca.crt': 'caCert',
  identity: 'identity',
  known_hosts: 'knownHosts',
} as const satisfies Record<string, keyof Credentials>

/** Secrets as files `<folder>/<secret>/<key>`. */
export function folderSecrets(folder: string): Secrets {
  return {
    async read(secret) {
      const at = path.join(folder, secret)
      const entries = await Promise.all((await listKeys(at)).map(async (key) => [key, await readKey(path.join(at, key))] as const))
      return new Map(entries.flatMap(([key, value]) => (value === null ? [] : [[key, value] as const])))
    },
    placeOf: (secret) => ({ missing: `in ${folder}`, put: `files of the folder ${path.join(folder, secret)}` }),
  }
}

/** Credentials out of a Secret. Throws UnusableSecretError when it has none of the keys. */
export async function readCredentials(secrets: Secrets, secret: string): Promise<Credentials> {
  const values = await secrets.read(secret)
  const credentials: Credentials = {}
  for (const [key, field] of Object.entries(KEYS)) {
    const value = values.get(key)
    if (value !== undefined) credentials[field] = value
  }
  if (Object.keys(credentials).length > 0) return credentials
  const { missing, put } = secrets.placeOf(secret)
  throw new UnusableSecretError(`no Secret ${secret} ${missing}: put its values into ${put}, called ${Object.keys(KEYS).join(', ')}`)
}

/** Every value of a Secret that is not empty, read anew each time. None when the Secret is not there. */
export async function readSecretValues(secrets: Secrets, secret: string): Promise<string[]> {
  return [...(await secrets.read(secret)).values()].filter((value) => value !== '')
}

/** The key that signs commits, out of `git.asc` (OpenPGP) or `identity` (ssh) of a Secret, and its `passphrase`. Throws UnusableSecretError, or TypeError for a key that cannot be used. */
export async function readSigner(secrets: Secrets, secret: string): Promise<CommitSigner> {
  const values = await secrets.read(secret)
  const text = values.get('git.asc') ?? values.get('identity')
  if (text === undefined)
    throw new UnusableSecretError(
      `no key for signing in the Secret ${secret}: put one, called git.asc (OpenPGP) or identity (ssh), into ${secrets.placeOf(secret).put}`,
    )
  return createCommitSigner({ text, passphrase: values.get('passphrase') })
}

async function listKeys(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true })
    // A mounted Secret has folders and links of its own beside the keys.
    return entries.filter((entry) => !entry.isDirectory() && !entry.name.startsWith('..')).map((entry) => entry.name)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return []
    throw error
  }
}

async function readKey(file: string): Promise<string | null> {
  try {
    return (await readFile(file, 'utf8')).replace(/\r?\n$/, '')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return null
    throw error
  }
}

import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { createCommitSigner } from './git/commit-signer.ts'
import type { Credentials } from './git/credentials.ts'
import type { CommitSigner } from './git/ports.ts'

const KEYS = {
  username: 'username',
  password: 'password',
  bearerToken: 'bearerToken',
  'ca.crt': 'caCert',
  identity: 'identity',
  known_hosts: 'knownHosts',
} as const satisfies Record<string, keyof Credentials>

/** Credentials out of `<folder>/<secret>/<key>`; a final newline, as editors leave it, is no part of a value. Throws TypeError when the Secret has none of the keys. */
export async function readCredentials(folder: string, secret: string): Promise<Credentials> {
  const credentials: Credentials = {}
  for (const [key, field] of Object.entries(KEYS)) {
    const value = await readKey(path.join(folder, secret, key))
    if (value !== null) credentials[field] = value
  }
  if (Object.keys(credentials).length > 0) return credentials
  throw new TypeError(
    `no Secret ${secret} in ${folder}: put its values into files ${Object.keys(KEYS).join(', ')} of the folder ${path.join(folder, secret)}`,
  )
}

/** Every value of a Secret that is not empty, read anew each time. None when the Secret is not there. */
export async function readSecretValues(folder: string, secret: string): Promise<string[]> {
  const values = await Promise.all((await listKeys(path.join(folder, secret))).map((key) => readKey(path.join(folder, secret, key))))
  return values.flatMap((value) => (value === null || value === '' ? [] : value))
}

async function listKeys(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true })
    // A mounted Secret has folders and links of its own beside the keys.
    return entries.filter((entry) => !entry.isDirectory() && !entry.name.startsWith('..')).map((entry) => entry.name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** The key that signs commits, out of `git.asc` (OpenPGP) or `identity` (ssh) of a Secret, and its `passphrase`. Throws TypeError. */
export async function readSigner(folder: string, secret: string): Promise<CommitSigner> {
  const at = path.join(folder, secret)
  const text = (await readKey(path.join(at, 'git.asc'))) ?? (await readKey(path.join(at, 'identity')))
  if (text === null)
    throw new TypeError(`no key for signing in the Secret ${secret}: put one into the file git.asc (OpenPGP) or identity (ssh) of ${at}`)
  return createCommitSigner({ text, passphrase: (await readKey(path.join(at, 'passphrase'))) ?? undefined })
}

async function readKey(file: string): Promise<string | null> {
  try {
    return (await readFile(file, 'utf8')).replace(/\r?\n$/, '')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || (error as NodeJS.ErrnoException).code === 'ENOTDIR') return null
    throw error
  }
}

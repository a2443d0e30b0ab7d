import { execFile } from 'node:child_process'
import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { removeFolder } from './remove-folder.ts'

/** A new ed25519 key as ssh-keygen writes it. */
export async function sshKey(): Promise<{ privateKey: string; publicKey: string }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'fusee-key-'))
  try {
    const file = path.join(folder, 'key')
    await promisify(execFile)('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file])
    return { privateKey: await readFile(file, 'utf8'), publicKey: await readFile(`${file}.pub`, 'utf8') }
  } finally {
    await removeFolder(folder)
  }
}

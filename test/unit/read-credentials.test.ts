import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { folderSecrets, readCredentials, readSigner } from '../../src/read-credentials.ts'
import { removeFolder } from '../support/remove-folder.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fusee-secrets-'))
  await mkdir(join(folder, 'git'))
  await writeFile(join(folder, 'git', 'identity'), 'a key\nof two lines\n')
  await writeFile(join(folder, 'git', 'known_hosts'), 'host ssh-ed25519 AAAA\n')
  await mkdir(join(folder, 'empty'))
})
afterAll(() => removeFolder(folder))

it('reads what ssh needs', async () => {
  expect(await readCredentials(folderSecrets(folder), 'git')).toEqual({ identity: 'a key\nof two lines', knownHosts: 'host ssh-ed25519 AAAA' })
})

it('says which files it wants', async () => {
  await expect(readCredentials(folderSecrets(folder), 'empty')).rejects.toThrow(/no Secret empty in .*identity, known_hosts/)
  await expect(readSigner(folderSecrets(folder), 'empty')).rejects.toThrow(/no key for signing in the Secret empty: put one, called git.asc/)
})

it('says that a key for signing is none', async () => {
  await expect(readSigner(folderSecrets(folder), 'git')).rejects.toThrow(/the key for signing commits cannot be used: it is no key/)
})

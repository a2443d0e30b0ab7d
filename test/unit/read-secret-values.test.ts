import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import { folderSecrets, readSecretValues } from '../../src/read-credentials.ts'
import { removeFolder } from '../support/remove-folder.ts'

it('reads every value of a Secret anew, without final newlines, and what a mount puts beside them left out', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'fusee-secrets-'))
  try {
    expect(await readSecretValues(folderSecrets(folder), 'git-webhook')).toEqual([])
    await mkdir(path.join(folder, 'git-webhook', '..2026_11_20'), { recursive: true })
    await writeFile(path.join(folder, 'git-webhook', 'new'), 'one\n')
    await writeFile(path.join(folder, 'git-webhook', 'old'), 'two')
    await writeFile(path.join(folder, 'git-webhook', 'empty'), '\n')
    expect((await readSecretValues(folderSecrets(folder), 'git-webhook')).sort()).toEqual(['one', 'two'])
  } finally {
    await removeFolder(folder)
  }
})

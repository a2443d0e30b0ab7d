import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createWatchedFiles, type WatchedFiles } from '../../../src/cli/watched-files.ts'
import { createWorkingTreeFiles } from '../../../src/git/working-tree.ts'
import { removeFolder } from '../../support/remove-folder.ts'

let root = ''
let files: WatchedFiles
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'fusee-watched-'))
  files = createWatchedFiles(createWorkingTreeFiles(root))
  await write('workflows/team/a.yaml')
  await write('workflows/b.yaml')
  expect(await listed()).toEqual(['workflows/b.yaml', 'workflows/team/a.yaml'])
})
afterEach(() => removeFolder(root))

async function write(file: string): Promise<void> {
  await mkdir(path.dirname(path.join(root, file)), { recursive: true })
  await writeFile(path.join(root, file), file)
}

async function listed(): Promise<string[]> {
  return (await files.list('workflows')).map((entry) => entry.path)
}

it('knows a folder that comes as a whole, and one that goes', async () => {
  await write('workflows/new/deep/c.yaml')
  await files.changed('workflows/new')
  expect(await listed()).toEqual(['workflows/b.yaml', 'workflows/new/deep/c.yaml', 'workflows/team/a.yaml'])
  await rm(path.join(root, 'workflows/team'), { recursive: true })
  await files.changed('workflows/team')
  expect(await listed()).toEqual(['workflows/b.yaml', 'workflows/new/deep/c.yaml'])
})

it('looks again when the folder that was listed goes and comes back', async () => {
  await rm(path.join(root, 'workflows'), { recursive: true })
  await files.changed('workflows')
  expect(await listed()).toEqual([])
  await write('workflows/d.yaml')
  await files.changed('workflows')
  expect(await listed()).toEqual(['workflows/d.yaml'])
})

it('takes no notice of what is gone before anybody looked', async () => {
  await files.changed('workflows/.a.yaml.swp')
  expect(await listed()).toEqual(['workflows/b.yaml', 'workflows/team/a.yaml'])
})

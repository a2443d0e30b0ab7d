import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { gitFolderOf, removeUnused, sweepGitFolders } from '../../src/sweep-git-folders.ts'
import { removeFolder } from '../support/remove-folder.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'fusee-sweep-'))
})
afterEach(() => removeFolder(folder))

it('what a process that is gone had fetched goes, and nothing else', async () => {
  const gone = spawn(process.execPath, ['--version'], { stdio: 'ignore' })
  await once(gone, 'close')
  for (const place of [gitFolderOf(folder, gone.pid ?? 0), gitFolderOf(folder, process.pid), path.join(folder, 'git-notes')]) await mkdir(place)
  await writeFile(path.join(gitFolderOf(folder, gone.pid ?? 0), 'pack'), 'x')
  await sweepGitFolders(folder)
  expect((await readdir(folder)).sort()).toEqual([`git-${process.pid}`, 'git-notes'].sort())
})

it('there may be nothing to sweep', async () => {
  await sweepGitFolders(path.join(folder, 'none'))
  await removeUnused(path.join(folder, 'none'), () => [])
  expect(await readdir(folder)).toEqual([])
})

it('what is not in use goes', async () => {
  for (const name of ['one', 'two']) await mkdir(path.join(folder, name))
  await removeUnused(folder, () => [path.join(folder, 'two')])
  expect(await readdir(folder)).toEqual(['two'])
})

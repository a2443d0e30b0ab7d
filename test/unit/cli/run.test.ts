import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { runCli } from '../../support/run-cli.ts'
import { workflowFile } from '../../support/virtual-world.ts'
import { removeFolder } from '../../support/remove-folder.ts'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'fusee-run-'))
  await mkdir(path.join(folder, 'workflows'))
  await mkdir(path.join(folder, 'empty'))
  for (const [name, text] of Object.entries(workflowFile('beat', 'params: {times: {type: integer}}')))
    await writeFile(path.join(folder, name), String(text))
})
afterAll(() => removeFolder(folder))

it.each([
  { words: ['beat', '--repo', '/no/such/folder'], wantStderr: '"/no/such/folder" is no folder; name the root of a repository' },
  { words: ['beat', '--repo', 'EMPTY'], wantStderr: 'there is no folder workflows in ' },
  { words: ['baet', '--repo', 'FOLDER'], wantStderr: 'no workflow baet: there is beat' },
  { words: ['beat', '--repo', 'FOLDER', '--param', 'times=abc'], wantStderr: 'param times must be a whole number, not "abc"' },
  { words: ['beat', '--repo', 'FOLDER', '--param', 'tmies=1'], wantStderr: 'tmies' },
  { words: ['beat', '--repo', 'FOLDER', '--commit', 'none'], wantStderr: 'no Git repository in ' },
  { words: ['beat', '--repo', 'FOLDER', '--param', 'times=1', '--secrets', '/nope'], wantStderr: 'there is no folder /nope; --secrets names one' },
  { words: ['beat', '--repo', 'FOLDER', '--repository', '/nope'], wantStderr: 'cannot read /nope' },
])('fusee run $words was used wrongly, and nothing runs', async ({ words, wantStderr }) => {
  const result = await runCli(['run', ...words.map((word) => word.replace('FOLDER', folder).replace('EMPTY', path.join(folder, 'empty')))])
  expect(result).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(wantStderr) as unknown })
})

it.each([
  { words: ['--repo', 'ftp://example.org/x.git'], wantStderr: 'ftp://example.org/x.git is no URL that Fusee can follow' },
  { words: ['--repo', 'https://example.org/x.git', '--secrets', '/nope'], wantStderr: 'there is no folder /nope; --secrets names one' },
])('fusee serve $words was used wrongly, and nothing is followed', async ({ words, wantStderr }) => {
  const result = await runCli(['serve', '--data', path.join(folder, 'data'), ...words])
  expect(result).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(wantStderr) as unknown })
})

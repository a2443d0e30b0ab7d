import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { runCli } from '../../support/run-cli.ts'
import { workflowFile } from '../../support/virtual-world.ts'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'fusee-run-'))
  await mkdir(path.join(folder, 'workflows'))
  await mkdir(path.join(folder, 'empty'))
  for (const [name, text] of Object.entries(workflowFile('beat', 'params: {times: {type: integer}}')))
    await writeFile(path.join(folder, name), String(text))
})
afterAll(() => rm(folder, { recursive: true }))

it.each([
  { words: ['beat', '--repo', '/no/such/folder'], wantStderr: '"/no/such/folder" is no folder; name the root of a repository' },
  { words: ['beat', '--repo', 'EMPTY'], wantStderr: 'there is no folder workflows in ' },
  { words: ['baet', '--repo', 'FOLDER'], wantStderr: 'no workflow baet: there is beat' },
  { words: ['beat', '--repo', 'FOLDER', '--param', 'times=abc'], wantStderr: 'param times must be a whole number, not "abc"' },
  { words: ['beat', '--repo', 'FOLDER', '--param', 'tmies=1'], wantStderr: 'tmies' },
])('fusee run $words was used wrongly, and nothing runs', async ({ words, wantStderr }) => {
  const result = await runCli(['run', ...words.map((word) => word.replace('FOLDER', folder).replace('EMPTY', path.join(folder, 'empty')))])
  expect(result).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(wantStderr) as unknown })
})

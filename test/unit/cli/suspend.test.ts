import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { runGit } from '../../support/git-program.ts'
import { runCli } from '../../support/run-cli.ts'
import { workflowFile } from '../../support/virtual-world.ts'
import { removeFolder } from '../../support/remove-folder.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'fusee-suspend-'))
  await runGit(folder, ['init', '--quiet', '--initial-branch=main'])
  await mkdir(path.join(folder, 'workflows'))
  for (const [name, text] of Object.entries(workflowFile('beat', 'triggers: {schedule: [{cron: "0 * * * *"}]}')))
    await writeFile(path.join(folder, name), String(text))
  await runGit(folder, ['add', '.'])
  await runGit(folder, ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', 'commit', '--quiet', '-m', 'first'])
})
afterEach(() => removeFolder(folder))

const suspend = (...words: string[]) => runCli(['suspend', ...words, '--repo', folder])

it('fusee suspend --commit is one commit that changes one line, and --off another that takes it back', async () => {
  await runGit(folder, ['config', 'user.name', 'Ada'])
  await runGit(folder, ['config', 'user.email', 'ada@example.org'])
  const before = await readFile(path.join(folder, 'workflows/beat.yaml'), 'utf8')
  expect(await suspend('beat', '--reason', 'the site moves', '--commit')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^workflows\/beat.yaml is committed as \w{10}/) as unknown,
  })
  expect((await runGit(folder, ['log', '-1', '--format=%an %s'])).trim()).toBe('Ada Suspend beat: the site moves')
  expect(await runGit(folder, ['status', '--porcelain'])).toBe('')
  expect(await suspend('beat', '--off', '--commit')).toMatchObject({ code: 0 })
  expect(await readFile(path.join(folder, 'workflows/beat.yaml'), 'utf8')).toBe(before)
})

it.each([
  { words: ['baet'], wantStderr: 'there is no valid workflow or schedule "baet"' },
  { words: ['beat', '--off'], wantStderr: 'beat is not suspended' },
  { words: ['beat', '--until', 'tomorrow'], wantStderr: '--until "tomorrow": write it as in' },
  { words: ['beat', '--off', '--reason', 'x'], wantStderr: '--off takes neither' },
])('fusee suspend $words is wrong use', async ({ words, wantStderr }) => {
  expect(await suspend(...words)).toMatchObject({ code: 2, stderr: expect.stringContaining(wantStderr) as unknown })
  expect(await runGit(folder, ['status', '--porcelain'])).toBe('')
})

import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runProgram } from '../../../src/cli/program.ts'
import type { Shell } from '../../../src/cli/shell.ts'
import { createCommitSigner } from '../../../src/git/commit-signer.ts'
import { openRepository } from '../../../src/git/open.ts'
import { claimBranch } from '../../../src/history/owner.ts'
import { writeHistory } from '../../../src/history/write.ts'
import { cursorsWith, everyHour, failedRun, inForce, REPOSITORY } from '../../support/history-builders.ts'
import { findTip, importCommits, moveBranch, runGit } from '../../support/git-program.ts'
import { sshKey } from '../../support/ssh-keys.ts'
import { removeFolder } from '../../support/remove-folder.ts'

const BRANCH = 'fusee/status'

describe('fusee history verify', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'fusee-verify-cli-'))
    await runGit(folder, ['init', '--bare', '--quiet'])
    const { status } = await openRepository({ url: folder, branch: null, statusBranch: BRANCH, dataFolder: folder })
    await writeHistory({
      status,
      owner: 'us',
      repository: REPOSITORY,
      runs: [failedRun()],
      cursors: cursorsWith(),
      started: [],
      versions: inForce('nightly-nordics', 'nightly-report'),
      cron: everyHour,
      nowMs: Date.parse('2026-11-20T02:00:00Z'),
      held: [],
      knownTip: null,
    })
  })
  afterEach(() => removeFolder(folder))

  it('says that nothing is wrong, and with what', async () => {
    const tip = await findTip(folder, `refs/heads/${BRANCH}`)
    expect(await run('verify', '--repo', folder)).toEqual({
      code: 0,
      out: `✓ 1 commit of fusee/status up to ${String(tip).slice(0, 10)}, 1 record: nothing is wrong\n`,
      err: '',
    })
    const { out } = await run('verify', '--repo', folder, '--output', 'json')
    expect(JSON.parse(out)).toEqual({ tip, commits: 1, records: 1, otherPages: 0, refilled: [], backdated: [], findings: [] })
  })

  it('says what is wrong and where, many of a kind once, and ends with 1', async () => {
    const files = Object.fromEntries(Array.from({ length: 25 }, (_, index) => [`src/${String(index).padStart(2, '0')}.js`, 'x']))
    const commit = await importCommits(folder, [files], { branch: BRANCH, message: 'by hand [skip ci]' })
    const { code, out } = await run('verify', '--repo', folder)
    expect(code).toBe(1)
    const lines = out.split('\n')
    expect(lines[0]).toBe(`foreign-commit: ${commit.slice(0, 10)}: it is by Test <test@localhost>, not by Fusee <fusee@localhost>`)
    expect(lines[1]).toMatch(/^foreign-path: [0-9a-f]{10} src\/00\.js: this file is none of the status branch/)
    expect(lines.slice(-4)).toEqual([
      'foreign-path: 5 more of the same',
      `note: ${commit.slice(0, 10)} says that it was made before the commit below it`,
      `✗ 2 commits of fusee/status up to ${commit.slice(0, 10)}, 1 record: 26 findings`,
      '',
    ])
  })

  it.each([
    { name: 'no branch', words: ['--branch', 'none'], wantCode: 1, wantErr: 'has no branch none: nothing has been recorded there yet' },
    { name: 'half a commit', words: ['--since', 'abc'], wantCode: 2, wantErr: 'Give the whole id of a commit' },
    { name: 'no keys', words: ['--keys', '/nonexistent'], wantCode: 2, wantErr: '--keys: ENOENT' },
    { name: 'a file without a key', words: ['--keys', 'empty'], wantCode: 2, wantErr: 'it holds no public key' },
    { name: 'no other branch', words: ['--against', 'none'], wantCode: 2, wantErr: 'has no branch none' },
  ])('refuses $name', async ({ words, wantCode, wantErr }) => {
    await writeFile(path.join(folder, 'empty'), '\n')
    const { code, err } = await run('verify', '--repo', folder, ...words)
    expect(err).toContain(wantErr)
    expect(code).toBe(wantCode)
  })

  it('names the take-over of a signed branch, unless the key signs it too', async () => {
    const key = await sshKey()
    await writeFile(path.join(folder, 'key'), key.privateKey, { mode: 0o600 })
    await writeFile(path.join(folder, 'key.pub'), key.publicKey)
    const sign = await createCommitSigner({ text: key.privateKey })
    const { status } = await openRepository({ url: folder, branch: null, statusBranch: BRANCH, dataFolder: folder, sign })
    await moveBranch(folder, BRANCH, null)
    await claimBranch({ status, owner: 'us', repository: REPOSITORY, nowMs: Date.parse('2026-11-20T02:00:00Z') })
    const before = await findTip(folder, `refs/heads/${BRANCH}`)

    const unsigned = await run('take-over', '--repo', folder)
    expect(unsigned).toMatchObject({ code: 0, err: expect.stringContaining('say --signing-key FILE to sign it') as string })
    expect(await run('verify', '--repo', folder)).toMatchObject({ code: 1, out: expect.stringContaining('signature-missing') as string })

    await moveBranch(folder, BRANCH, before)
    expect(await run('take-over', '--repo', folder, '--signing-key', 'key')).toMatchObject({ code: 0, err: '' })
    expect(await run('verify', '--repo', folder, '--keys', 'key.pub')).toMatchObject({ code: 0 })
    expect(await run('take-over', '--repo', folder, '--signing-key', 'key.pub')).toMatchObject({
      code: 2,
      err: expect.stringContaining('--signing-key: the key for signing commits cannot be used') as string,
    })
  })

  async function run(...words: string[]): Promise<{ code: number; out: string; err: string }> {
    const [stdout, stderr] = [new PassThrough(), new PassThrough()]
    const shell: Shell = { stdout, stderr, env: {}, workingDirectory: folder, exitCode: 0, stopSignal: () => new AbortController().signal }
    const code = await runProgram(['history', ...words], shell)
    return { code, out: String(stdout.read() ?? ''), err: String(stderr.read() ?? '') }
  }
})

import sarifSchema from '@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json' with { type: 'json' }
import { Ajv } from 'ajv'
import { mkdtemp, mkdir, rm, writeFile, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Writable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runProgram } from '../../../src/cli/program.ts'
import type { Shell } from '../../../src/cli/shell.ts'
import { createValidateCommand } from '../../../src/cli/validate.ts'
import { runGit } from '../../support/git-program.ts'
import { serveRepository } from '../../support/git-served.ts'
import { workflow } from '../definitions/check-marked.ts'
import { removeFolder } from '../../support/remove-folder.ts'

let root = ''
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'fusee-validate-'))
})
afterEach(() => removeFolder(root))

async function write(file: string, text: string): Promise<void> {
  await mkdir(path.dirname(path.join(root, file)), { recursive: true })
  await writeFile(path.join(root, file), text)
}

async function validate(...words: string[]): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const output = { stdout: '', stderr: '' }
  const into = (stream: keyof typeof output) =>
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        output[stream] += chunk.toString()
        done()
      },
    })
  const shell: Shell = {
    stdout: into('stdout'),
    stderr: into('stderr'),
    env: {},
    workingDirectory: root,
    exitCode: 0,
    stopSignal: () => new AbortController().signal,
  }
  const exitCode = await runProgram(['validate', ...words], shell, [createValidateCommand])
  return { exitCode, ...output }
}

const GOOD = workflow(
  'triggers: {push: {}, schedule: [{cron: "@daily", suspend: true}]}\nsteps: [{name: one, image: "x:1", resources: {limits: {cpu: 1}}}, {name: two, dependsOn: [one]}]',
)

describe('fusee validate', () => {
  it('ends with 0 where all is well', async () => {
    await write('workflows/a.yaml', GOOD)
    expect(await validate()).toEqual({ exitCode: 0, stdout: 'no problems\nworkflows: 1 valid, schedules: 1 valid\n', stderr: '' })
  })

  it('tells of symbolic links that look like definitions', async () => {
    await write('workflows/a.yaml', GOOD)
    await write('elsewhere/b.yaml', GOOD)
    await symlink('../elsewhere/b.yaml', path.join(root, 'workflows/b.yaml'))
    await symlink('../elsewhere', path.join(root, 'workflows/more'))
    await symlink('a.yaml', path.join(root, 'workflows/note.txt'))
    const { exitCode, stdout } = await validate()
    expect(exitCode).toBe(0)
    expect(stdout.split('\n').filter((line) => line.includes('(symbolic-link)'))).toEqual([
      expect.stringContaining('workflows/b.yaml:1:1 warning this is a symbolic link'),
      expect.stringContaining('workflows/more:1:1 warning this is a symbolic link'),
    ])
    expect(stdout).toContain('workflows: 1 valid')
  })

  it('ends with 2 and shows each error at its place', async () => {
    await write('workflows/a.yaml', workflow('timout: 1h\nsteps: [{name: one, image: "x:1", resources: {limits: {cpu: 1}}}]'))
    const { exitCode, stdout } = await validate('.')
    expect(exitCode).toBe(2)
    expect(stdout).toContain('workflows/a.yaml:6:3 error unknown field "timout", did you mean "timeout"?')
    expect(stdout).toContain('    6 |   timout: 1h\n      |   ^^^^^^\n')
  })

  it('ends with 0 when there are only warnings', async () => {
    await write('workflows/a.yaml', workflow('steps: [{name: one, image: "x:1", resources: {limits: {cpu: 1}}}, {name: two, image: x}]'))
    const { exitCode, stdout } = await validate()
    expect(exitCode).toBe(0)
    expect(stdout).toContain('warning')
  })

  it('holds definitions to the policy of a Repository document, else to its default', async () => {
    const document = (policy: string) =>
      `apiVersion: fusee.dev/v1alpha1\nkind: Repository\nmetadata: {name: jobs}\nspec: {url: ., path: jobs${policy}}\n`
    await write('strict.yaml', document(''))
    await write('open.yaml', document(', policy: {secrets: [db]}'))
    await write('jobs/a.yaml', workflow('steps: [{name: one, image: "x:1", resources: {limits: {cpu: 1}}, envFrom: [{secretRef: {name: db}}]}]'))
    expect(await validate('--path', 'jobs')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('warning the Secret "db" is refused') as string,
    })
    expect(await validate('--repository', 'strict.yaml')).toMatchObject({
      exitCode: 2,
      stdout: expect.stringContaining('error the Secret "db" is refused') as string,
    })
    expect(await validate('--repository', 'open.yaml')).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('no problems') as string })
    await write('wrong.yaml', document(', pat: jobs'))
    const { exitCode, stderr } = await validate('--repository', 'wrong.yaml')
    expect(exitCode).toBe(2)
    expect(stderr).toMatch(
      /^fusee: wrong\.yaml is no Repository that can be used:\nwrong\.yaml:4:28 error unknown field "pat", did you mean "path"\? \(unknown-field\)\n/,
    )
    expect(stderr).toContain('    4 | spec: {url: ., path: jobs, pat: jobs}\n')
    expect(await validate('--repository', 'none.yaml')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('there is no such file') as string,
    })
  })

  it('prints nothing but JSON when asked to', async () => {
    await write('workflows/a.yaml', GOOD)
    await write('workflows/b.yaml', workflow('steps: 1', 'b'))
    await write('workflows/other.yaml', 'a: 1')
    const { exitCode, stdout } = await validate('--output', 'json')
    expect(exitCode).toBe(2)
    const printed = JSON.parse(stdout) as Record<string, unknown>
    expect(Object.keys(printed)).toEqual(['diagnostics', 'workflows', 'schedules', 'ignored'])
    expect(printed).toMatchObject({
      diagnostics: [{ file: 'workflows/b.yaml', line: 6, column: 10, severity: 'error', rule: 'wrong-type' }],
      workflows: [
        {
          name: 'a',
          file: 'workflows/a.yaml',
          push: true,
          steps: [
            { name: 'one', kind: 'Container' },
            { name: 'two', kind: 'Join', dependsOn: ['one'] },
          ],
        },
      ],
      schedules: [{ name: 'a', file: 'workflows/a.yaml', workflow: 'a', cron: '@daily', timeZone: 'Etc/UTC', suspended: true }],
      ignored: ['workflows/other.yaml'],
    })
  })

  it('prints annotations', async () => {
    await write('workflows/b.yaml', workflow('steps: 1'))
    expect((await validate('--output', 'github')).stdout).toMatch(/^::error file=workflows\/b\.yaml,line=6,col=10,title=wrong-type::/)
  })

  it('takes another root and another folder; places are relative to the root', async () => {
    await write('project/.fusee/deep/a.yaml', workflow('steps: 1'))
    expect((await validate('project', '--path', '.fusee')).stdout).toContain('.fusee/deep/a.yaml:6:10 error')
  })

  it('reads manifests from anywhere below the root', async () => {
    await write('workflows/a.yaml', workflow('steps: [{name: one, manifest: jobs/a.yaml}]'))
    await write(
      'jobs/a.yaml',
      'apiVersion: batch/v1\nkind: Job\nspec:\n  ttlSecondsAfterFinished: 1\n  template: {spec: {containers: [{name: a, image: "x:1", resources: {limits: {cpu: 1}}}]}}\n',
    )
    const { exitCode, stdout } = await validate()
    expect(exitCode).toBe(2)
    expect(stdout).toContain('jobs/a.yaml:4:3 error "ttlSecondsAfterFinished"')
  })

  it('says so when there is nothing to check', async () => {
    await write('workflows/notes.txt', 'none of ours')
    expect(await validate()).toMatchObject({ exitCode: 0, stdout: 'there are no definition files below workflows\n' })
  })

  it('does not take a folder of definitions that is not there for one without mistakes', async () => {
    await write('workflows/notes.txt', 'none of ours')
    expect(await validate('--path', 'wrkflows')).toMatchObject({ exitCode: 2, stdout: '' })
    expect((await validate('--path', 'wrkflows')).stderr).toMatch(
      /^fusee: there is no folder wrkflows in .*; say with --path where the definitions lie\n$/,
    )
  })

  it('refuses a folder that is not there', async () => {
    expect(await validate('nowhere')).toMatchObject({
      exitCode: 2,
      stdout: '',
      stderr: 'fusee: "nowhere" is no folder; name the root of a repository\n',
    })
  })

  it('prints SARIF 2.1.0', async () => {
    await write('workflows/a b.yaml', workflow('timout: 1h\nsteps: [{name: one, image: "x:1", resources: {limits: {cpu: 1}}}]'))
    const { stdout, exitCode } = await validate('--output', 'sarif')
    expect(exitCode).toBe(2)
    // Of draft 4 it has nothing but its name.
    const { $schema: _, id: _id, ...sarif } = sarifSchema
    const fits = new Ajv({ strict: false, validateFormats: false, unicodeRegExp: false }).compile(sarif)
    fits(JSON.parse(stdout))
    expect(fits.errors).toBe(null)
    expect(fits({ version: '2.1.0' })).toBe(false)
    // What forges need to show a result beside its line.
    expect(JSON.parse(stdout)).toMatchObject({
      $schema: expect.stringContaining('sarif-2.1.0') as string,
      version: '2.1.0',
      runs: [
        {
          tool: { driver: { name: 'fusee', rules: [{ id: 'unknown-field' }] } },
          results: [
            {
              ruleId: 'unknown-field',
              ruleIndex: 0,
              level: 'error',
              message: { text: 'unknown field "timout", did you mean "timeout"?' },
              locations: [
                {
                  physicalLocation: {
                    artifactLocation: { uri: 'workflows/a%20b.yaml', uriBaseId: 'ROOT' },
                    region: { startLine: 6, startColumn: 3 },
                  },
                },
              ],
            },
          ],
        },
      ],
    })
  })

  it('checks a commit, a remote, and the working tree of the same folder apart', async () => {
    await write('workflows/a.yaml', GOOD)
    await runGit(root, ['init', '--quiet', '--initial-branch=main'])
    await runGit(root, ['add', '.'])
    await runGit(root, ['commit', '--quiet', '-m', 'one'])
    await write('workflows/a.yaml', 'kind: [')
    expect(await validate()).toMatchObject({ exitCode: 2 })
    expect(await validate('--commit', 'HEAD')).toMatchObject({ exitCode: 0 })
    expect(await validate('--branch', 'main')).toMatchObject({ exitCode: 0 })
    expect(await validate('--commit', 'none')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('no commit') as string })
    expect(await validate('http://127.0.0.1:1/x.git', '--commit', 'main')).toMatchObject({ exitCode: 2 })
    expect(await validate('ftp://127.0.0.1/x.git')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('no URL that Fusee') as string })
    expect(await validate('http://127.0.0.1:1/x.git')).toMatchObject({ exitCode: 1 })
    expect(await validate('--watch', '--commit', 'HEAD')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--watch') as string })
  })

  it('checks a branch of a git server, and leaves nothing behind', async () => {
    const served = await serveRepository()
    try {
      await write('workflows/a.yaml', GOOD)
      await runGit(root, ['init', '--quiet', '--initial-branch=main'])
      await runGit(root, ['add', '.'])
      await runGit(root, ['commit', '--quiet', '-m', 'one'])
      await write('workflows/a.yaml', 'kind: [')
      await runGit(root, ['checkout', '--quiet', '-b', 'broken'])
      await runGit(root, ['commit', '--quiet', '-a', '-m', 'two'])
      await runGit(root, ['push', '--quiet', served.repository, 'main', 'broken'])
      expect(await validate(served.url)).toEqual({ exitCode: 0, stdout: 'no problems\nworkflows: 1 valid, schedules: 1 valid\n', stderr: '' })
      const broken = await validate(served.url, '--branch', 'broken')
      expect(broken).toMatchObject({ exitCode: 2, stdout: expect.stringContaining('workflows/a.yaml:1:8 error') as string })
      expect(broken.stdout).toContain('    1 | kind: [\n')
      expect(await validate(served.url, '--branch', 'none')).toMatchObject({
        exitCode: 1,
        stdout: '',
        stderr: expect.stringContaining('none') as string,
      })
    } finally {
      await served.close()
    }
  })

  it('checks again what changes, until it is stopped', async () => {
    await write('workflows/a.yaml', GOOD)
    const stop = new AbortController()
    const seen: string[] = []
    const stdout = new Writable({
      write(chunk: Buffer, _encoding, done) {
        seen.push(chunk.toString())
        done()
      },
    })
    const until = (text: string) => expect.poll(() => seen.join('')).toContain(text)
    const shell: Shell = { stdout, stderr: stdout, env: {}, workingDirectory: root, exitCode: 0, stopSignal: () => stop.signal }
    const ended = runProgram(['validate', '--watch'], shell, [createValidateCommand])
    await until('no problems')
    await write('workflows/b.yaml', 'kind: [')
    await until('workflows/b.yaml changed')
    await until('yaml-syntax')
    await rm(path.join(root, 'workflows/b.yaml'))
    await until('workflows/b.yaml changed\nno problems')
    stop.abort()
    expect(await ended).toBe(0)
  })
})

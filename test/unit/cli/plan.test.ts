import { mkdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { Writable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createPlanCommand } from '../../../src/cli/plan.ts'
import { runProgram } from '../../../src/cli/program.ts'
import type { Shell } from '../../../src/cli/shell.ts'
import { createCheckout, type CheckedOutRepository } from '../../support/git-folder.ts'
import { runGit } from '../../support/git-program.ts'
import { workflow } from '../definitions/check-marked.ts'

let repository: CheckedOutRepository
beforeEach(async () => {
  repository = await createCheckout()
})
afterEach(() => repository.close())

async function write(file: string, text: string): Promise<void> {
  const target = path.join(repository.checkout, file)
  await mkdir(path.dirname(target), { recursive: true })
  await writeFile(target, text)
}

async function commit(): Promise<void> {
  await runGit(repository.checkout, ['add', '.'])
  await runGit(repository.checkout, ['commit', '--quiet', '-m', 'work'])
}

async function plan(...words: string[]): Promise<{ exitCode: number; stdout: string }> {
  let stdout = ''
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      stdout += chunk.toString()
      done()
    },
  })
  const { checkout: workingDirectory } = repository
  const shell: Shell = { stdout: stream, stderr: stream, env: {}, workingDirectory, exitCode: 0, stopSignal: () => new AbortController().signal }
  return { exitCode: await runProgram(['plan', ...words], shell, [createPlanCommand]), stdout }
}

const STEP = '{name: one, image: "x:1", resources: {limits: {cpu: 1}}}'

describe('fusee plan', () => {
  it('compares the working tree with a commit, as far as it is tracked or a definition', async () => {
    await write('workflows/a.yaml', workflow(`triggers: {push: {paths: ["data/**"]}}\nsteps: [${STEP}]`))
    await write('data/x', 'one')
    await commit()
    await write('data/untracked', 'never committed')
    expect(await plan('--base', 'HEAD')).toEqual({
      exitCode: 0,
      stdout: 'no workflow and no schedule changes\n\nmerging starts nothing\n\nno problems\n',
    })
    await write('data/x', 'two')
    await write('workflows/b.yaml', workflow(`steps: [${STEP}]`, 'b'))
    expect((await plan('--base', 'HEAD')).stdout).toContain('+ workflow b (workflows/b.yaml)\n    + one\n\nmerging starts: a\n')
    await rm(path.join(repository.checkout, 'workflows/a.yaml'))
    expect(JSON.parse((await plan('--base', 'HEAD', '--output', 'json')).stdout)).toMatchObject({
      workflows: [
        { name: 'a', change: 'Removed' },
        { name: 'b', change: 'Added' },
      ],
      starts: [],
    })
  })

  it('compares two commits, draws them, and ends with 2 when the change has an error', async () => {
    await write('workflows/a.yaml', workflow(`steps: [${STEP}]`))
    await commit()
    await write('workflows/a.yaml', workflow(`steps: [${STEP}, {name: two, image: "x:1", dependsOn: [one]}]`))
    await commit()
    await write('workflows/a.yaml', 'kind: [')
    expect((await plan('--base', 'HEAD~1', '--commit', 'HEAD', '--output', 'mermaid')).stdout).toContain('s1["two"]:::Added')
    const broken = await plan('--base', 'HEAD~1')
    expect(broken).toMatchObject({ exitCode: 2, stdout: expect.stringContaining('yaml-syntax') as string })
    for (const words of [
      ['--base', 'none'],
      ['--base', 'HEAD', '--commit', 'none'],
    ])
      expect(await plan(...words)).toMatchObject({ exitCode: 2 })
    expect(await plan()).toMatchObject({ exitCode: 2 })
  })
})

import { Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { createInstallCommand } from '../../../src/cli/install.ts'
import { runProgram } from '../../../src/cli/program.ts'
import type { Shell } from '../../../src/cli/shell.ts'

async function install(...words: string[]): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const output = { stdout: '', stderr: '' }
  const into = (stream: keyof typeof output) =>
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        output[stream] += chunk.toString()
        done()
      },
    })
  const stopSignal = () => new AbortController().signal
  const shell: Shell = { stdout: into('stdout'), stderr: into('stderr'), env: {}, workingDirectory: '/', exitCode: 0, stopSignal }
  const exitCode = await runProgram(['install', ...words], shell, [createInstallCommand])
  return { exitCode, ...output }
}

describe('fusee install', () => {
  it('prints manifests and nothing else', async () => {
    const { exitCode, stdout, stderr } = await install('--image', 'registry.example.com/fusee:1', '--namespace', 'ci')
    expect([exitCode, stderr]).toEqual([0, ''])
    const kinds = parseAllDocuments(stdout).map((document) => (document.toJS() as { kind: string }).kind)
    expect(kinds).toContain('Deployment')
    expect(stdout).toContain('image: registry.example.com/fusee:1\n')
  })

  it.each([
    { words: [], want: /--image <ref>' not specified/ },
    { words: ['--image', '-x y'], want: /"-x y" is no image/ },
    { words: ['--image', 'fusee:'], want: /"fusee:" is no image/ },
    { words: ['--image', 'fusee:1', '--namespace', 'My_Space'], want: /"My_Space" is no name of a namespace/ },
  ])('says what is wrong with $words', async ({ words, want }) => {
    const { exitCode, stdout, stderr } = await install(...words)
    expect([exitCode, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(want)
  })
})

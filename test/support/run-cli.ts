import { PassThrough } from 'node:stream'
import type { CommandFactory } from '../../src/cli/program.ts'
import { runProgram } from '../../src/cli/program.ts'
import type { Shell } from '../../src/cli/shell.ts'

/** What a command printed and how it ended. */
export interface CliOutcome {
  code: number
  stdout: string
  stderr: string
}

/** Runs `fusee` with these words, within this process. */
export async function runCli(words: readonly string[], shell: Partial<Shell> = {}, commands?: readonly CommandFactory[]): Promise<CliOutcome> {
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  const stopSignal = (): AbortSignal => new AbortController().signal
  const code = await runProgram(words, { stdout, stderr, env: {}, workingDirectory: '/', exitCode: 0, stopSignal, ...shell }, commands)
  return { code, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') }
}

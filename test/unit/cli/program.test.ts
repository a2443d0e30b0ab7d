import { PassThrough } from 'node:stream'
import { Command, Option } from 'commander'
import { describe, expect, it } from 'vitest'
import { type CommandFactory, runProgram } from '../../../src/cli/program.ts'
import { type Shell, UsageError } from '../../../src/cli/shell.ts'

interface Outcome {
  code: number
  stdout: string
  stderr: string
}

/** One command that has an option, a required argument and a sub-command, and does `action`. */
function commandThat(action: (shell: Shell) => void | Promise<void>): CommandFactory {
  return (shell) =>
    new Command('measure')
      .argument('<what>')
      .addOption(new Option('--output <format>').choices(['text', 'json']).default('text'))
      .action(() => action(shell))
      .addCommand(new Command('twice').requiredOption('--by <person>').action(() => action(shell)))
}

async function run(words: string[], ...commands: CommandFactory[]): Promise<Outcome> {
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  const shell: Shell = { stdout, stderr, env: {}, workingDirectory: '/', exitCode: 0, stopSignal: () => new AbortController().signal }
  const code = await runProgram(words, shell, commands)
  return { code, stdout: text(stdout), stderr: text(stderr) }
}

function text(stream: PassThrough): string {
  return String(stream.read() ?? '')
}

describe('runProgram', () => {
  const endings: { title: string; action: (shell: Shell) => void | Promise<void>; want: Outcome }[] = [
    {
      title: 'ends well when the command returns',
      action: (shell) => void shell.stdout.write('{"kilobytes":3}\n'),
      want: { code: 0, stdout: '{"kilobytes":3}\n', stderr: '' },
    },
    {
      title: 'ends with what the command says, after its output',
      action: (shell) => {
        shell.stdout.write('{"result":"Failed"}\n')
        shell.exitCode = 1
      },
      want: { code: 1, stdout: '{"result":"Failed"}\n', stderr: '' },
    },
    {
      title: 'ends with 2 when the command was used wrongly',
      action: () => {
        throw new UsageError('there is no folder jobs: name one that exists')
      },
      want: { code: 2, stdout: '', stderr: 'fusee: there is no folder jobs: name one that exists\n' },
    },
    {
      title: 'ends with 1 when the command fails later, and says so in one line',
      action: async () => {
        await Promise.resolve()
        throw new Error('cannot reach the repository:\n  connection refused\n')
      },
      want: { code: 1, stdout: '', stderr: 'fusee: cannot reach the repository: connection refused\n' },
    },
    {
      title: 'shows what was thrown even when it is no error',
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- libraries do it
      action: () => Promise.reject('disk full'),
      want: { code: 1, stdout: '', stderr: 'fusee: disk full\n' },
    },
  ]
  it.each(endings)('$title', async ({ action, want }) => {
    expect(await run(['measure', 'disk', '--output', 'json'], commandThat(action))).toEqual(want)
  })

  const misuses: { words: string[]; wantStderr: string }[] = [
    { words: ['mesure'], wantStderr: "fusee: unknown command 'mesure' (Did you mean measure?)\n" },
    { words: ['--outptu'], wantStderr: "fusee: unknown option '--outptu'\n" },
    { words: ['measure'], wantStderr: "fusee: missing required argument 'what'\n" },
    { words: ['measure', 'a', 'b'], wantStderr: "fusee: too many arguments for 'measure'. Expected 1 argument but got 2.\n" },
    {
      words: ['measure', 'a', '--output', 'xml'],
      wantStderr: "fusee: option '--output <format>' argument 'xml' is invalid. Allowed choices are text, json.\n",
    },
    { words: ['measure', 'twice'], wantStderr: "fusee: required option '--by <person>' not specified\n" },
  ]
  it.each(misuses)('refuses $words with 2 and nothing on stdout', async ({ words, wantStderr }) => {
    const command = commandThat(() => {
      throw new Error('must not run')
    })
    expect(await run(words, command)).toEqual({ code: 2, stdout: '', stderr: wantStderr })
  })

  it('prints the help of a command to stdout', async () => {
    const { code, stdout, stderr } = await run(
      ['measure', '--help'],
      commandThat(() => undefined),
    )
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain('Usage: fusee measure')
  })
})

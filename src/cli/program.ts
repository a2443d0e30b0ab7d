import { Command, CommanderError } from 'commander'
import { openRepository } from '../git/open.ts'
import { VERSION } from '../version.ts'
import { createHistoryCommand } from './history.ts'
import { createBackfillCommand } from './backfill.ts'
import { createPauseCommand, createResumeCommand } from './pause.ts'
import { createInitCommand } from './init.ts'
import { createInstallCommand } from './install.ts'
import { createPlanCommand } from './plan.ts'
import { createApproveCommand, createCancelCommand, createLogsCommand, createRerunCommand, createRunsCommand } from './run-commands.ts'
import { createRunCommand } from './run.ts'
import { createServeCommand } from './serve.ts'
import { type ExitCode, type Shell, UsageError } from './shell.ts'
import { createSimulateCommand } from './simulate.ts'
import { createSuspendCommand } from './suspend.ts'
import { createTriggerCommand } from './trigger.ts'
import { createUninstallCommand } from './uninstall.ts'
import { createValidateCommand } from './validate.ts'
import { createWhyCommand } from './why.ts'

/** Builds one command: its arguments, options, help and action. Lives in `src/cli/<command>.ts`. */
export type CommandFactory = (shell: Shell) => Command

/** Every command of `fusee`, in the order in which `--help` lists them. */
const COMMANDS: readonly CommandFactory[] = [
  createInitCommand,
  createValidateCommand,
  createPlanCommand,
  createRunCommand,
  createServeCommand,
  (shell) => createHistoryCommand(shell, (options) => openRepository({ ...options, proxies: shell.env })),
  createInstallCommand,
  createSimulateCommand,
  createUninstallCommand,
  createTriggerCommand,
  createWhyCommand,
  createBackfillCommand,
  createSuspendCommand,
  createPauseCommand,
  createResumeCommand,
  createRunsCommand,
  createLogsCommand,
  createCancelCommand,
  createRerunCommand,
  createApproveCommand,
]

/**
 * Runs `fusee` with the words after its name, and tells how it ended. Never throws: whatever a command throws becomes one
 * line on stderr. Nothing but the command's own output reaches stdout, so that `--output json` is JSON or nothing.
 */
export async function runProgram(words: readonly string[], shell: Shell, commands: readonly CommandFactory[] = COMMANDS): Promise<ExitCode> {
  const program = createProgram(shell, commands)
  try {
    await program.parseAsync(words.length === 0 ? ['--help'] : [...words], { from: 'user' })
    return shell.exitCode
  } catch (error) {
    // `--help` and `--version` come this way too, already printed.
    if (error instanceof CommanderError && error.exitCode === 0) return 0
    shell.stderr.write(`fusee: ${describe(error)}\n${error instanceof UsageError ? error.details : ''}`)
    return error instanceof CommanderError || error instanceof UsageError ? 2 : 1
  }
}

function createProgram(shell: Shell, commands: readonly CommandFactory[]): Command {
  const program = new Command('fusee')
    .description('Runs the workflows of a Git repository as chains of Jobs, and keeps their history in Git.')
    .version(VERSION, '--version', 'print the version')
    .helpOption('--help', 'print this help')
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => shell.stdout.write(text),
      writeErr: (text) => shell.stderr.write(text),
      // Printed by `runProgram`, together with all other errors.
      outputError: () => undefined,
    })
  for (const create of commands) {
    const command = create(shell)
    inheritSettings(command, program)
    program.addCommand(command)
  }
  return program
}

/** `addCommand` takes a command as it is; only commander's own shorthand hands the settings down. */
function inheritSettings(command: Command, parent: Command): void {
  command.copyInheritedSettings(parent)
  for (const child of command.commands) inheritSettings(child, command)
}

function describe(error: unknown): string {
  const text = error instanceof Error && error.message !== '' ? error.message : String(error)
  return text
    .replace(/^error: /, '')
    .replaceAll(/\s*\n\s*/g, ' ')
    .trim()
}

import { Command } from 'commander'
import type { ControllerOptions } from './api-client.ts'
import { createApiClient, repositoryPath, withControllerOptions } from './api-client.ts'
import type { Shell } from './shell.ts'

/** `fusee pause`: the operator's switch, without a commit. */
export function createPauseCommand(shell: Shell): Command {
  return withControllerOptions(new Command('pause').description('start nothing new of a Repository until fusee resume; runs under way go on'))
    .option('--reason <text>', 'why; shown with every tick that is skipped', '')
    .addHelpText('after', '\nExample:\n  fusee pause --reason "the database is being moved"')
    .action(async (options: ControllerOptions & { reason: string }) => {
      await turn(shell, options, 'pause', { reason: options.reason })
    })
}

/** `fusee resume`: ends a pause. */
export function createResumeCommand(shell: Shell): Command {
  return withControllerOptions(new Command('resume').description('end a pause; what was skipped meanwhile stays skipped'))
    .addHelpText('after', '\nExample:\n  fusee resume --repository data/data-jobs')
    .action(async (options: ControllerOptions) => {
      await turn(shell, options, 'resume', {})
    })
}

async function turn(shell: Shell, options: ControllerOptions, operation: 'pause' | 'resume', body: unknown): Promise<void> {
  const client = createApiClient(shell, options)
  const ref = await client.repository()
  const repository = await client.post<{ paused: { by: string; reason: string } | null }>(`${repositoryPath(ref)}/${operation}`, body)
  if (options.output === 'json') {
    shell.stdout.write(`${JSON.stringify(repository)}\n`)
    return
  }
  const { paused } = repository
  const state = paused === null ? 'starts runs again' : `paused by ${paused.by}${paused.reason === '' ? '' : `: ${paused.reason}`}`
  shell.stdout.write(`${ref.namespace}/${ref.name}: ${state}\n`)
}

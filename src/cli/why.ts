import { Command } from 'commander'
import type { ControllerOptions } from './api-client.ts'
import { createApiClient, repositoryPath, withControllerOptions } from './api-client.ts'
import type { Shell } from './shell.ts'
import { UsageError } from './shell.ts'

/** `fusee why RUN|SCHEDULE`: why it runs, waits, failed or did not run, in plain words. */
export function createWhyCommand(shell: Shell): Command {
  return withControllerOptions(
    new Command('why')
      .description('say in plain words why a run or a schedule is as it is')
      .argument('<run|schedule>', 'name of a run or of a schedule'),
  )
    .addHelpText('after', '\nExample:\n  fusee why nightly-nordics')
    .action(async (name: string, options: ControllerOptions) => {
      const client = createApiClient(shell, options)
      const repository = await client.repository()
      const ask = (path: string): Promise<{ lines: string[] }> => client.get(path)
      const run = await ask(`/runs/${encodeURIComponent(repository.namespace)}/${encodeURIComponent(name)}/why`).catch(orNull)
      const { lines } = run ?? (await ask(`${repositoryPath(repository)}/schedules/${encodeURIComponent(name)}/why`))
      shell.stdout.write(options.output === 'json' ? `${JSON.stringify({ lines })}\n` : `${lines.join('\n')}\n`)
    })
}

/** No such run is no answer yet: it may be a schedule. */
function orNull(error: unknown): null {
  if (error instanceof UsageError) return null
  throw error
}

import { Command } from 'commander'
import type { ControllerOptions } from './api-client.ts'
import { createApiClient, repositoryPath, withControllerOptions } from './api-client.ts'
import type { Shell } from './shell.ts'
import { UsageError } from './shell.ts'

interface Explanation {
  lines: string[]
}

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
      const ask = (path: string): Promise<Explanation | Refusal> => client.get<Explanation>(path).catch(refusalOf)
      const show = ({ lines }: Explanation): void => {
        shell.stdout.write(options.output === 'json' ? `${JSON.stringify({ lines })}\n` : `${lines.join('\n')}\n`)
      }
      // Schedules first: a run may have to be looked for in all of the history.
      const schedule = await ask(`${repositoryPath(repository)}/schedules/${encodeURIComponent(name)}/why`)
      if ('lines' in schedule) return show(schedule)
      const run = await ask(`/runs/${encodeURIComponent(repository.namespace)}/${encodeURIComponent(name)}/why`)
      if ('lines' in run) return show(run)
      throw new UsageError(`${run.message}; ${schedule.message}`)
    })
}

interface Refusal {
  message: string
}

/** No such schedule is no answer yet: it may be a run. */
function refusalOf(error: unknown): Refusal {
  if (error instanceof UsageError) return { message: error.message }
  throw error
}

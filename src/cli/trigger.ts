import { Command } from 'commander'
import type { ControllerOptions } from './api-client.ts'
import { createApiClient, repositoryPath, withControllerOptions } from './api-client.ts'
import type { Shell } from './shell.ts'

interface TriggerOptions extends ControllerOptions {
  param: string[]
  key?: string
  reason?: string
}

/** `fusee trigger WORKFLOW`: one run, through a running controller. */
export function createTriggerCommand(shell: Shell): Command {
  return withControllerOptions(
    new Command('trigger').description('start one run of a workflow through the running controller').argument('<workflow>', 'name of the workflow'),
  )
    .option('--param <key=value>', 'value of a param; may be given several times', (value: string, all: string[]) => [...all, value], [])
    .option('--key <key>', 'idempotency key: the same key is one run, however often it is asked for')
    .option('--reason <text>', 'why; lands in the record')
    .addHelpText('after', '\nExample:\n  fusee trigger nightly-report --param site=www.example.org --reason "the source was mended"')
    .action(async (workflow: string, options: TriggerOptions) => {
      const client = createApiClient(shell, options)
      const body = { workflow, paramWords: options.param, key: options.key, reason: options.reason, kind: 'Manual' }
      const answer = await client.post<{ run: string; created: boolean }>(`${repositoryPath(await client.repository())}/trigger`, body)
      if (options.output === 'json') shell.stdout.write(`${JSON.stringify(answer)}\n`)
      else shell.stdout.write(answer.created ? `run ${answer.run} created\n` : `run ${answer.run} was created by the same key before\n`)
    })
}

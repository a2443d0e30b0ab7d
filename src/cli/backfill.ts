import { Command, InvalidArgumentError } from 'commander'
import type { ControllerOptions } from './api-client.ts'
import { createApiClient, repositoryPath, withControllerOptions } from './api-client.ts'
import type { Shell } from './shell.ts'
import { UsageError } from './shell.ts'

interface BackfillOptions extends ControllerOptions {
  from?: string
  to?: string
  parallel: number
  reason?: string
  stop?: boolean
}

/** `fusee backfill SCHEDULE`: runs past ticks that did not run. */
export function createBackfillCommand(shell: Shell): Command {
  return withControllerOptions(
    new Command('backfill').description('run the past ticks of a schedule that did not run').argument('<schedule>', 'name of the schedule'),
  )
    .option('--from <time>', 'first tick that is meant, as in 2026-11-20T00:00:00Z or 2026-11-20')
    .option('--to <time>', 'last tick that is meant')
    .option('--parallel <n>', 'most of its runs at once', parseCount, 1)
    .option('--reason <text>', 'why; lands in the records')
    .option('--stop', 'start no further tick of its backfills')
    .addHelpText(
      'after',
      '\nExample:\n  fusee backfill nightly-nordics --from 2026-11-01 --to 2026-11-20 --parallel 2 --reason "the source was down"',
    )
    .action(async (schedule: string, options: BackfillOptions) => {
      const client = createApiClient(shell, options)
      const path = `${repositoryPath(await client.repository())}/backfills`
      if (options.stop === true) {
        const { stopped } = await client.delete<{ stopped: number }>(`${path}/${encodeURIComponent(schedule)}`)
        if (options.output === 'json') shell.stdout.write(`${JSON.stringify({ stopped })}\n`)
        else shell.stdout.write(stopped === 0 ? `${schedule} has no backfill under way\n` : `stopped: runs under way go on\n`)
        return
      }
      const { from, to, parallel: maxActive, reason } = options
      if (from === undefined || to === undefined) throw new UsageError('say which ticks with --from and --to, or --stop')
      const answer = await client.post<{ ticks: number; backfill: { from: string; to: string } }>(path, { schedule, from, to, maxActive, reason })
      if (options.output === 'json') shell.stdout.write(`${JSON.stringify(answer)}\n`)
      else
        shell.stdout.write(
          `${answer.ticks} ticks of ${schedule} from ${answer.backfill.from} to ${answer.backfill.to}: those that did not run are run, ${maxActive} at once\n`,
        )
    })
}

function parseCount(text: string): number {
  if (!/^[1-9]\d?$/.test(text)) throw new InvalidArgumentError('Give a whole number from 1 to 99.')
  return Number(text)
}

import { userInfo } from 'node:os'
import { Command, Option } from 'commander'
import type { ServeConfig } from '../config/serve-config.ts'
import { resolveServeConfig } from '../config/serve-config.ts'
import type { Report } from '../controller/events.ts'
import { createController } from '../controller/controller.ts'
import { createLocalContext } from '../create-context.ts'
import { isLoopback, loopbackAuthenticator, refusingAuthenticator } from '../server/authenticate.ts'
import { createApp } from '../server/create-app.ts'
import { createHooksRouter } from '../server/hooks-router.ts'
import { listen } from '../server/listen.ts'
import { createMetrics } from '../server/metrics.ts'
import { allOperations } from '../server/operations/all-operations.ts'
import { createEventLog } from './event-log.ts'
import { createPaint } from './paint.ts'
import { formatEvent } from './print-event.ts'
import { readRepositoryDocument } from './read-repository.ts'
import type { Shell } from './shell.ts'
import { UsageError } from './shell.ts'

interface ServeOptions {
  runner: string
  repo?: string
  repository?: string
  secrets?: string
  data?: string
  listen?: string
  paused?: boolean
  output: 'text' | 'json'
}

/** `fusee serve`: the controller. */
export function createServeCommand(shell: Shell): Command {
  return new Command('serve')
    .description('follow a repository: run its workflows on pushes and ticks, record every run on its status branch')
    .option('--repo <dir|url>', 'local folder or http(s) URL of the repository')
    .option('--repository <file>', 'Repository document; --repo overrides its url')
    .option('--secrets <dir>', 'folder with the Secrets, as <secret>/<key>')
    .option('--data <dir>', 'folder for state; default below $XDG_STATE_HOME or ~/.local/state')
    .option('--listen <host:port>', 'address of the API, metrics and probes; default 127.0.0.1:8080')
    .option('--paused', 'start nothing new until fusee resume; what runs already goes on')
    .addOption(new Option('--runner <runner>', 'where Jobs run').choices(['local', 'kubernetes']).default('local'))
    .addOption(new Option('--output <format>', 'text, or json for a log of one JSON object a line').choices(['text', 'json']).default('text'))
    .addHelpText('after', '\nExample:\n  fusee serve --repo https://git.example.com/acme/data-jobs.git')
    .action(async (options: ServeOptions) => {
      if (options.runner !== 'local') throw new UsageError('this version has no kubernetes runner yet: leave --runner out to run on this machine')
      const config = await readConfig(shell, options)
      const report = options.output === 'json' ? createEventLog(shell.stdout) : createPrinter(shell)
      await serve(shell, config, report, (line) => {
        if (options.output === 'text') shell.stdout.write(`${line}\n`)
      })
    })
}

/** Serves until the shell's stop signal, then drains. `say` hears what only a person wants to know. */
export async function serve(shell: Shell, config: ServeConfig, print: Report, say: (line: string) => void): Promise<void> {
  const metrics = createMetrics({ withProcess: true })
  const report: Report = (event) => {
    print(event)
    metrics.report(event)
  }
  const stop = shell.stopSignal()
  const { context, close } = await createLocalContext(config, shell.env, report)
  try {
    const pauseAtStart = { by: userInfo().username, reason: 'serve --paused' }
    const controller = createController(config.paused ? { ...context, pauseAtStart } : context)
    const server = await listen(
      config.listen,
      createApp({
        isReady: controller.isReady,
        isLoopback: isLoopback(config.listen),
        authenticator: isLoopback(config.listen) ? loopbackAuthenticator : refusingAuthenticator,
        operations: allOperations({ context, controller }),
        hooks: createHooksRouter({ context, controller }),
        metrics,
        onBug: (error) => {
          report({ kind: 'ReconcileFailed', key: 'api request', error })
        },
      }),
    )
    say(`following ${config.settings.url}, state in ${config.dataFolder}, listening on ${server.url}`)
    if (config.paused) say('paused: nothing new starts until fusee resume; what runs already goes on')
    say('steps run as processes of this machine; their images are not used')
    controller.start()
    if (!stop.aborted) await new Promise((resolve) => stop.addEventListener('abort', resolve, { once: true }))
    say('stopping: what is being written is finished, steps go on by themselves')
    await controller.drain()
    await server.close()
  } finally {
    await close()
  }
}

/** Prints events as lines for people. */
export function createPrinter(shell: Shell): Report {
  const paint = createPaint(shell)
  return (event) => {
    const text = formatEvent(event, paint)
    if (text !== null) shell.stdout.write(`${text}\n`)
  }
}

async function readConfig(shell: Shell, options: ServeOptions): Promise<ServeConfig> {
  const document = options.repository === undefined ? null : await readRepositoryDocument(options.repository)
  const { repo, data, listen: address, secrets, paused } = options
  try {
    return resolveServeConfig({ repo, data, listen: address, secrets, paused, document, env: shell.env, workingDirectory: shell.workingDirectory })
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message, { cause: error })
    throw error
  }
}

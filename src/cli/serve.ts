import { Command, Option } from 'commander'
import type { ServeConfig } from '../config/serve-config.ts'
import { resolveServeConfig } from '../config/serve-config.ts'
import type { Report } from '../controller/events.ts'
import { createController } from '../controller/controller.ts'
import { createLocalContext } from '../create-context.ts'
import { startHeartbeat } from '../heartbeat.ts'
import { parseRepositoryUrl } from '../git/open.ts'
import { checkSecretsFolder } from './check-folder.ts'
import { createEventLog } from './event-log.ts'
import { createPaint } from './paint.ts'
import { formatEvent } from './print-event.ts'
import { readRepositoryDocument } from './read-repository.ts'
import { createServed, LAST_WRITE_MS, listenFor, pausedAtStart } from './serve-http.ts'
import { serveKubernetes } from './serve-kubernetes.ts'
import type { Shell } from './shell.ts'
import { UsageError } from './shell.ts'
import { orWrongUse } from './wrong-use.ts'

interface ServeOptions {
  runner: string
  repo?: string
  repository?: string
  secrets?: string
  namespace?: string
  data?: string
  listen?: string
  paused?: boolean
  output: 'text' | 'json'
}

/** `fusee serve`: the controller. */
export function createServeCommand(shell: Shell): Command {
  return new Command('serve')
    .description('follow a repository: run its workflows on pushes and ticks, record every run on its status branch')
    .option('--repo <dir|url>', 'local folder, or http(s) or ssh URL of the repository')
    .option('--repository <file>', 'Repository document; --repo overrides its url')
    .option('--secrets <dir>', 'folder with the Secrets, as <secret>/<key>')
    .option('--namespace <name>', 'with --runner kubernetes: follow only the Repositories of this namespace')
    .option('--data <dir>', 'folder for state; default below $XDG_STATE_HOME or ~/.local/state')
    .option('--listen <host:port>', 'address of the API, metrics and probes; default 127.0.0.1:8080')
    .option('--paused', 'start nothing new until fusee resume; what runs already goes on')
    .addOption(new Option('--runner <runner>', 'where Jobs run').choices(['local', 'kubernetes']).default('local'))
    .addOption(new Option('--output <format>', 'text, or json for a log of one JSON object a line').choices(['text', 'json']).default('text'))
    .addHelpText('after', '\nExample:\n  fusee serve --repo https://git.example.com/acme/data-jobs.git')
    .action(async (options: ServeOptions) => {
      const report = options.output === 'json' ? createEventLog(shell.stdout) : createPrinter(shell)
      const say = (line: string): void => {
        if (options.output === 'text') shell.stdout.write(`${line}\n`)
      }
      if (options.runner === 'kubernetes') return serveKubernetes(shell, options, createServed(report), say)
      if (options.namespace !== undefined) throw new UsageError('--namespace is for --runner kubernetes: a Repository document names its own')
      await serve(shell, await readConfig(shell, options), report, say)
    })
}

/** Serves until the shell's stop signal, then drains. `say` hears what only a person wants to know. */
export async function serve(shell: Shell, config: ServeConfig, print: Report, say: (line: string) => void): Promise<void> {
  const served = createServed(print)
  const stop = shell.stopSignal()
  const { context, close } = await createLocalContext(config, shell.env, served.report)
  let stopHeartbeat = (): Promise<void> => Promise.resolve()
  try {
    const controller = createController(config.paused ? pausedAtStart(context) : context)
    // Its library reads tables of time zones for some 40 ms: before anybody waits for an answer.
    stopHeartbeat = startHeartbeat(controller)
    const server = await listenFor({ context, controller, served, listen: config.listen, isReady: controller.isReady })
    say(`following ${config.settings.url}, state in ${config.dataFolder}, listening on ${server.url}`)
    if (config.paused) say('paused: nothing new starts until fusee resume; what runs already goes on')
    say('steps run as processes of this machine; their images are not used')
    controller.start()
    if (!stop.aborted) await new Promise((resolve) => stop.addEventListener('abort', resolve, { once: true }))
    say('stopping: what is being written is finished; a step that runs goes on by itself')
    await stopHeartbeat()
    await controller.drain(LAST_WRITE_MS)
    await server.close()
  } finally {
    await stopHeartbeat()
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
  const document = options.repository === undefined ? null : await readRepositoryDocument(options.repository, shell)
  const { repo, data, listen: address, secrets, paused } = options
  const { env, workingDirectory } = shell
  const config = resolveOrRefuse({ repo, data, listen: address, secrets, paused, document, env, workingDirectory })
  await orWrongUse(() => parseRepositoryUrl(config.url))
  if (config.secretsFolder !== null) await checkSecretsFolder(config.secretsFolder)
  return config
}

function resolveOrRefuse(written: Parameters<typeof resolveServeConfig>[0]): ServeConfig {
  try {
    return resolveServeConfig(written)
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message, { cause: error })
    throw error
  }
}

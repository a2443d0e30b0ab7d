import Table from 'cli-table3'
import { Command } from 'commander'
import type { ApiClient, ControllerOptions, RepositoryRef } from './api-client.ts'
import { createApiClient, repositoryPath, withControllerOptions } from './api-client.ts'
import type { Shell } from './shell.ts'

/** What the API says of a run. */
interface RunSummary {
  namespace: string
  run: string
  workflow: string
  phase: string
  result: string | null
  reason: string | null
  message: string | null
  createdAt: string
  finishedAt: string | null
}

/** `fusee runs`: what runs, waits and has ended, as long as retention keeps it. */
export function createRunsCommand(shell: Shell): Command {
  return withControllerOptions(
    new Command('runs').description('list the runs that a controller knows, the newest first').argument('[workflow]', 'only of this workflow'),
  )
    .option('--phase <phase>', 'only Pending, Running or Finished ones')
    .addHelpText('after', '\nExample:\n  fusee runs nightly-report --phase Running')
    .action(async (workflow: string | undefined, options: ControllerOptions & { phase?: string }) => {
      const client = createApiClient(shell, options)
      const query = new URLSearchParams({ ...(workflow && { workflow }), ...(options.phase && { phase: options.phase }) })
      const { runs } = await client.get<{ runs: RunSummary[] }>(`${repositoryPath(await client.repository())}/runs?${String(query)}`)
      if (options.output === 'json') shell.stdout.write(`${JSON.stringify({ runs })}\n`)
      else shell.stdout.write(tableOf(runs))
    })
}

/** `fusee cancel RUN`: ends a run or one step of it. */
export function createCancelCommand(shell: Shell): Command {
  return withControllerOptions(
    new Command('cancel')
      .description('end a run, or one step of it; finally steps run')
      .argument('<run>', 'name of the run')
      .argument('[step]', 'only this step'),
  )
    .option('--reason <text>', 'why; lands in the record')
    .addHelpText('after', '\nExample:\n  fusee cancel nightly-report-9f3k2m7q22 --reason "wrong branch"')
    .action(async (run: string, step: string | undefined, options: ControllerOptions & { reason?: string }) => {
      const client = createApiClient(shell, options)
      const summary = await client.post<RunSummary>(`${await runPath(client, run)}/cancel`, { step, reason: options.reason })
      say(shell, options, summary, `${step === undefined ? `run ${run}` : `step ${step} of ${run}`} is told to end\n`)
    })
}

/** `fusee approve RUN`: approves a step that waits for it. */
export function createApproveCommand(shell: Shell): Command {
  return withControllerOptions(
    new Command('approve')
      .description('approve a step that waits for it')
      .argument('<run>', 'name of the run')
      .argument('[step]', 'which step; not needed when only one waits'),
  )
    .addHelpText('after', '\nExample:\n  fusee approve release-9f3k2m7q22 gate')
    .action(async (run: string, step: string | undefined, options: ControllerOptions) => {
      const client = createApiClient(shell, options)
      const summary = await client.post<RunSummary>(`${await runPath(client, run)}/approve`, { step })
      say(shell, options, summary, `${step ?? 'the step'} of ${run} is approved\n`)
    })
}

/** `fusee rerun RUN`: the same again, or what failed of it. */
export function createRerunCommand(shell: Shell): Command {
  return withControllerOptions(
    new Command('rerun').description('run a finished run again, at the same commit and with the same params').argument('<run>', 'name of the run'),
  )
    .option('--failed', 'only what failed or was skipped; what succeeded is taken over with its results', false)
    .option('--reason <text>', 'why; lands in the record')
    .option('--key <key>', 'idempotency key: the same key is the same rerun')
    .addHelpText('after', '\nExample:\n  fusee rerun nightly-report-9f3k2m7q22 --failed --reason "the database is back"')
    .action(async (run: string, options: ControllerOptions & { failed: boolean; reason?: string; key?: string }) => {
      const client = createApiClient(shell, options)
      const body = { failed: options.failed, reason: options.reason, key: options.key }
      const answer = await client.post<{ run: string; created: boolean }>(`${await runPath(client, run)}/rerun`, body)
      say(shell, options, answer, answer.created ? `run ${answer.run} created\n` : `run ${answer.run} was created by the same key before\n`)
    })
}

/** `fusee logs RUN`: what a step prints. */
export function createLogsCommand(shell: Shell): Command {
  return withControllerOptions(
    new Command('logs')
      .description('print what a step has printed')
      .argument('<run>', 'name of the run')
      .argument('[step]', 'which step; not needed when there is only one'),
  )
    .option('--attempt <n>', 'only of this try, from 1 on; without, of all that are there')
    .option('--follow', 'go on as more comes, until the step has ended', false)
    .addHelpText(
      'after',
      '\nExample:\n  fusee logs nightly-report-9f3k2m7q22 measure --follow\n  fusee logs nightly-report-9f3k2m7q22 measure --attempt 1',
    )
    .action(async (run: string, step: string | undefined, options: ControllerOptions & { follow: boolean; attempt?: string }) => {
      const client = createApiClient(shell, options)
      const query = new URLSearchParams({
        ...(step && { step }),
        ...(options.attempt && { attempt: options.attempt }),
        ...(options.follow && { follow: 'true' }),
      })
      let whole = ''
      for await (const text of client.stream(`${await runPath(client, run)}/logs?${String(query)}`)) {
        if (options.output === 'json') whole += text
        else shell.stdout.write(withoutControls(text))
      }
      if (options.output === 'json') shell.stdout.write(`${JSON.stringify({ run, step: step ?? null, log: whole })}\n`)
    })
}

/** Runs lie in their Repository's namespace, which `<namespace>/<run>` or `--repository` says. */
async function runPath(client: ApiClient, run: string): Promise<string> {
  const [first = '', second] = run.split('/')
  const ref: RepositoryRef =
    second === undefined ? { namespace: (await client.repository()).namespace, name: first } : { namespace: first, name: second }
  return `/runs/${encodeURIComponent(ref.namespace)}/${encodeURIComponent(ref.name)}`
}

function say(shell: Shell, options: ControllerOptions, answer: unknown, words: string): void {
  shell.stdout.write(options.output === 'json' ? `${JSON.stringify(answer)}\n` : words)
}

function tableOf(runs: readonly RunSummary[]): string {
  if (runs.length === 0) return 'no runs\n'
  const table = new Table({ head: ['RUN', 'WORKFLOW', 'STATE', 'CREATED', 'WHY'], style: { head: [], border: [], compact: true }, chars: PLAIN })
  for (const { run, workflow, phase, result, reason, message, createdAt } of runs) {
    table.push([run, workflow, result ?? phase, createdAt, result === 'Succeeded' ? '' : withoutControls((message ?? '') || (reason ?? ''))])
  }
  return `${table.toString()}\n`
}

const PLAIN = Object.fromEntries(
  [
    'top',
    'top-mid',
    'top-left',
    'top-right',
    'bottom',
    'bottom-mid',
    'bottom-left',
    'bottom-right',
    'left',
    'left-mid',
    'mid',
    'mid-mid',
    'right',
    'right-mid',
    'middle',
  ].map((name) => [name, name === 'middle' ? ' ' : '']),
)

/** Nothing that steers a terminal. */
function withoutControls(text: string): string {
  return text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '')
}

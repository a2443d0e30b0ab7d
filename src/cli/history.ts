import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import type { Credentials } from '../git/credentials.ts'
import type { CommitLog, CommitSigner, StatusBranch } from '../git/ports.ts'
import { takeOver } from '../history/owner.ts'
import { pathSegment } from '../history/paths.ts'
import { type HistoryQuery, listWorkflows, readHistory, type WorkflowTicks } from '../history/read.ts'
import { plainText } from '../runs/plain-text.ts'
import { recordPage } from '../history/record-page.ts'
import { encodeJson, type RunRecord } from '../history/record.ts'
import type { CountedRun } from '../history/stats.ts'
import type { OddFate } from '../history/ticks.ts'
import type { RunResult } from '../runs/run.ts'
import { historySummary, historyTable, ticksTable } from './history-table.ts'
import { createVerifyCommand } from './history-verify.ts'
import { createPaint, type Paint } from './paint.ts'
import type { Shell } from './shell.ts'
import { readCommitSigner, type SigningOptions, signingOption, unsignedNote } from './signing.ts'
import { UsageError } from './shell.ts'
import { addStatusOptions, resolveStatusPlace, type StatusOptions } from './status-place.ts'
import { userName } from './user-name.ts'

/** Opens a folder or a URL, as far as this command needs it. */
export type OpenStatus = (options: {
  url: string
  branch: null
  statusBranch: string
  dataFolder: string
  credentials: Credentials
  orOfOrigin?: boolean
  sign?: CommitSigner | null
}) => OpenedStatus | Promise<OpenedStatus>

interface OpenedStatus {
  /** As it may be shown: without credentials. */
  url: string
  status: StatusBranch
  log: CommitLog
  close(): Promise<void>
}

/** What a command works on. */
interface Opened {
  /** The repository, without credentials. */
  url: string
  branch: string
  status: StatusBranch
  log: CommitLog
  /** Whether our commits are signed. */
  signs: boolean
  /** Aborted when somebody wants the command to end. */
  signal: AbortSignal
}

interface HistoryOptions extends StatusOptions, SigningOptions {
  limit: number
  output: 'text' | 'json'
  result?: RunResult[]
  trigger?: string
  run?: string
  fate?: OddFate[]
}

const MOST_WORKFLOWS_NAMED = 10

/** The numbers below the table are those of so many records at least, the newest: reading more of them takes ever longer and says ever less. */
const LEAST_COUNTED = 1000

/** `fusee history [WORKFLOW]` and `fusee history take-over`. */
export function createHistoryCommand(shell: Shell, open: OpenStatus): Command {
  const history = addStatusOptions(new Command('history'))
    .description('show the records of finished runs, newest first, and the ticks that did not simply fire')
    .argument('[WORKFLOW]', 'only the runs and ticks of this workflow')
    .option('--limit <N>', 'most records shown, and most rows of ticks', parseLimit, 20)
    .addOption(new Option('--result <RESULT...>', 'only runs that ended so').choices(['Succeeded', 'Failed', 'TimedOut', 'Cancelled', 'Skipped']))
    .option('--trigger <KIND>', 'only runs started by Push, Schedule and so on')
    .option('--run <NAME>', 'the whole page of one run')
    .addOption(
      new Option('--fate <FATE...>', 'only ticks that met this fate, and no runs').choices(['Late', 'Skipped', 'Missed', 'Backfilled', 'Lost']),
    )
    .addOption(new Option('--output <FORMAT>', 'text or json').choices(['text', 'json']).default('text'))
    .addHelpText(
      'after',
      `\nThe numbers below the table are those of the newest ${LEAST_COUNTED} records, or of more where --limit asks for more.\n\nExample:\n  fusee history nightly-report --repo https://git.example.com/acme/data-jobs.git --limit 5\n  fusee history --fate Missed Lost`,
    )
    .action(async (workflow: string | undefined, options: HistoryOptions) => {
      const openRead: OpenStatus = (place) => open({ ...place, orOfOrigin: true })
      await withStatus(shell, options, openRead, (opened) => showHistory(shell, opened, workflow, options))
    })
  addStatusOptions(history.command('take-over'))
    .description('take the status branch from the controller that owns it; the next other controller claims it')
    .addOption(signingOption())
    .addHelpText(
      'after',
      '\nStop the former controller first where it still runs: it notices when it next starts a push or writes a record, or within five minutes, and starts nothing from then on.\n--output json prints what was done.\n\nExample:\n  fusee history take-over --repo https://git.example.com/acme/data-jobs.git',
    )
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<HistoryOptions>()
      await withStatus(shell, options, open, (opened) => releaseBranch(shell, opened, options), readCommitSigner)
    })
  history.addCommand(createVerifyCommand(shell, (options, work) => withStatus(shell, options, open, work)))
  return history
}

async function showHistory(
  shell: Shell,
  { url, branch, status, signal }: Opened,
  workflow: string | undefined,
  options: HistoryOptions,
): Promise<void> {
  if ((await status.fetchTip(signal)) === null) {
    // Nothing has failed: that is how a repository begins.
    const isJson = options.output === 'json'
    if (isJson) shell.stdout.write(encodeJson({ records: [] }))
    const note = `${url} has no branch ${branch}: nothing has been recorded there yet`
    return void (isJson ? shell.stderr.write(`fusee: ${note}\n`) : shell.stdout.write(`${note}\n`))
  }
  if (workflow !== undefined) await checkWorkflow({ url, branch, status }, workflow)
  const isTable = options.output === 'text' && options.run === undefined && options.fate === undefined
  /** Those that match among what is read, shown or not. */
  const counted: CountedRun[] = []
  const hear = ({ result, startedAt, finishedAt }: RunRecord): void => void counted.push({ result, startedAt, finishedAt })
  const query: HistoryQuery = {
    limit: options.limit,
    signal,
    ...(workflow === undefined ? {} : { workflow }),
    ...(options.run === undefined ? {} : { run: options.run }),
    ...(isTable ? { beyond: { least: LEAST_COUNTED, hear } } : {}),
    ...filtersOf(options),
  }
  const { records, ticks, unreadable, read, isWhole } = await readHistory(status, query)
  const [record] = records
  if (options.run !== undefined && record === undefined) throw new Error(`${url} has no record of a run ${JSON.stringify(options.run)} on ${branch}`)
  if (options.output === 'json') shell.stdout.write(encodeJson({ records, ...(ticks.length === 0 ? {} : { ticks }) }))
  else if (options.run !== undefined && record !== undefined) shell.stdout.write(plainText(recordPage(record, null)))
  else {
    const summary = query.matches === null ? null : historySummary(records.length, counted, isWhole ? null : read)
    shell.stdout.write(textOf({ records, ticks, summary }, createPaint(shell)))
  }
  for (const { path: file, message } of unreadable) shell.stderr.write(`fusee: ${file}: ${message}\n`)
  if (unreadable.length > 0) shell.exitCode = 1
}

/** What of runs and ticks is asked for. Who asks for runs alone is told of no ticks; `trigger: Schedule` means both. */
function filtersOf({ result: results, trigger: kind, run: name, fate: fates }: HistoryOptions): Pick<HistoryQuery, 'matches' | 'matchesTicks'> {
  if (fates !== undefined) {
    if ((results ?? kind ?? name) !== undefined) throw new UsageError('--fate is about ticks: leave --result, --trigger and --run out')
    return { matches: null, matchesTicks: ({ fate }) => fates.includes(fate) }
  }
  const showsTicks = results === undefined && name === undefined && (kind === undefined || kind.toLowerCase() === 'schedule')
  return {
    matches: ({ result, trigger, run }) =>
      (results?.includes(result) ?? true) && (kind ?? trigger.kind).toLowerCase() === trigger.kind.toLowerCase() && (name ?? run) === run,
    matchesTicks: showsTicks ? () => true : null,
  }
}

/** Runs, how they went, and ticks; `summary` is null where ticks alone were asked for. */
function textOf(
  { records, ticks, summary }: { records: readonly RunRecord[]; ticks: readonly WorkflowTicks[]; summary: string | null },
  paint: Paint,
): string {
  const parts = [...(summary === null ? [] : [`${historyTable(records, paint)}${summary}`]), ...(ticks.length > 0 ? [ticksTable(ticks, paint)] : [])]
  return parts.length === 0 ? 'No such tick is recorded.\n' : parts.join('\n')
}

async function checkWorkflow({ url, branch, status }: Pick<Opened, 'url' | 'branch' | 'status'>, workflow: string): Promise<void> {
  const known = await listWorkflows(status)
  if (known.includes(pathSegment(workflow))) return
  const named = known.slice(0, MOST_WORKFLOWS_NAMED).join(', ')
  const more = known.length > MOST_WORKFLOWS_NAMED ? ` and ${known.length - MOST_WORKFLOWS_NAMED} more` : ''
  const others = known.length === 0 ? 'nor of any other' : `only of ${named}${more}`
  throw new Error(`${url} has no records of a workflow ${JSON.stringify(workflow)} on ${branch}, ${others}`)
}

async function releaseBranch(shell: Shell, { url, branch, status, log, signs, signal }: Opened, { output }: HistoryOptions): Promise<void> {
  await status.fetchTip(signal)
  const isFirstUnsigned = !signs && (await status.isSigned())
  const result = await takeOver({ status, by: userName(), nowMs: Date.now() }, signal)
  if (result.kind === 'NoBranch' && (await log.tip(branch)) !== null)
    throw new Error(`${url} has ${branch} only as its origin had it last: take the branch over there, with --repo and the URL of origin`)
  shell.stdout.write(output === 'json' ? encodeJson(result) : `${result.message}\n`)
  if (isFirstUnsigned && result.kind === 'TakenOver') shell.stderr.write(unsignedNote(branch))
  if (result.kind === 'NoBranch') shell.exitCode = 1
}

/** What is fetched of a remote goes into a folder that does not outlive the command. */
async function withStatus(
  shell: Shell,
  options: StatusOptions & SigningOptions,
  open: OpenStatus,
  work: (opened: Opened) => Promise<void>,
  readSigner: typeof readCommitSigner = async () => null,
): Promise<void> {
  const signal = shell.stopSignal()
  const dataFolder = await mkdtemp(path.join(tmpdir(), 'fusee-history-'))
  try {
    const { url, branch, credentials, signingSecret } = await resolveStatusPlace(shell, options)
    const sign = await readSigner(shell, options, signingSecret)
    const opened = await open({ url, branch: null, statusBranch: branch, dataFolder, credentials, sign })
    // What is being asked of a remote does not know of the signal.
    signal.addEventListener('abort', () => void opened.close(), { once: true })
    try {
      await work({ url: opened.url, branch, status: opened.status, log: opened.log, signs: sign !== null, signal })
    } catch (error) {
      throw signal.aborted ? signal.reason : error
    } finally {
      await opened.close()
    }
  } finally {
    await rm(dataFolder, { recursive: true, force: true })
  }
}

function parseLimit(text: string): number {
  const limit = Number(text)
  if (!/^\d+$/.test(text) || limit < 1 || !Number.isSafeInteger(limit)) throw new InvalidArgumentError('Give a whole number from 1.')
  return limit
}

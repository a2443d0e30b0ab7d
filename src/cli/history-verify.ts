import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import { parseRepositoryUrl } from '../git/open.ts'
import { asCommitSha, type CommitLog, type CommitSha } from '../git/ports.ts'
import { readRefLog } from '../git/ref-log.ts'
import { parseTrustedKeys } from '../git/trusted-keys.ts'
import { plainText } from '../runs/plain-text.ts'
import { encodeJson } from '../history/record.ts'
import type { Finding } from '../history/verify/finding.ts'
import { type Verification, verifyHistory } from '../history/verify/verify.ts'
import { createPaint, type Paint } from './paint.ts'
import { type Shell, UsageError } from './shell.ts'
import type { StatusOptions } from './status-place.ts'

/** What the command works on. */
export interface VerifiedRepository {
  /** Without credentials. */
  url: string
  branch: string
  log: CommitLog
  signal: AbortSignal
}

interface VerifyOptions extends StatusOptions {
  output: 'text' | 'json'
  keys?: string[]
  since?: CommitSha
  against?: string
}

/** More findings of one rule are counted, not shown. */
const MOST_SHOWN = 20

/** `fusee history verify`; `withRepository` opens what its options name. */
export function createVerifyCommand(
  shell: Shell,
  withRepository: (options: StatusOptions, work: (opened: VerifiedRepository) => Promise<void>) => Promise<void>,
): Command {
  return new Command('verify')
    .description('check that the status branch only ever grew, and that every record and page is as it was written')
    .option('--keys <FILE...>', 'keys of which one must have signed every commit: allowed_signers, .pub files, OpenPGP in armour')
    .option('--since <COMMIT>', 'check only what came after this commit, on which the branch must build', parseCommit)
    .option('--against <BRANCH>', 'a branch that holds reviewed copies of the records, as in main')
    .addHelpText(
      'after',
      '\nExample:\n  git clone https://git.example.com/acme/data-jobs.git && cd data-jobs && fusee history verify --keys allowed_signers',
    )
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<VerifyOptions>()
      await withRepository(options, (opened) => verify(shell, opened, options))
    })
}

async function verify(shell: Shell, { url, branch, log, signal }: VerifiedRepository, options: VerifyOptions): Promise<void> {
  const keys = options.keys === undefined ? null : await readKeys(shell, options.keys)
  const tip = await log.tip(branch, signal)
  if (tip === null) throw new Error(`${url} has no branch ${branch}: nothing has been recorded there yet`)
  const isFolder = parseRepositoryUrl(url).kind === 'folder'
  const anchors = isFolder ? await readRefLog(url, branch) : []
  const against = options.against === undefined ? null : { commit: await tipOf(log, url, options.against), name: options.against }
  const result = await verifyHistory({ log, tip, keys, since: options.since ?? null, anchors, against }, signal)
  shell.stdout.write(options.output === 'json' ? encodeJson(result) : describe(result, branch, createPaint(shell)))
  if (result.findings.length > 0) shell.exitCode = 1
}

async function tipOf(log: CommitLog, url: string, branch: string): Promise<CommitSha> {
  const tip = await log.tip(branch)
  if (tip === null) throw new UsageError(`--against: ${url} has no branch ${branch}`)
  return tip
}

async function readKeys(shell: Shell, files: readonly string[]): Promise<Awaited<ReturnType<typeof parseTrustedKeys>>> {
  try {
    return await parseTrustedKeys(
      await Promise.all(files.map(async (name) => ({ name, text: await readFile(path.resolve(shell.workingDirectory, name), 'utf8') }))),
    )
  } catch (error) {
    throw new UsageError(`--keys: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

function describe({ tip, commits, records, otherPages, refilled, backdated, findings }: Verification, branch: string, paint: Paint): string {
  const lines = [...byRule(findings)].flatMap(([rule, found]) => [
    ...found.slice(0, MOST_SHOWN).map((finding) => describeFinding(finding, paint)),
    ...(found.length > MOST_SHOWN ? [`${paint.bad(rule)}: ${found.length - MOST_SHOWN} more of the same`] : []),
  ])
  const checked = `${count(commits, 'commit')} of ${branch} up to ${tip.slice(0, 10)}, ${count(records, 'record')}`
  return [
    ...lines,
    ...refilled.map((commit) => `note: before ${commit.slice(0, 10)} the branch had been deleted or reset, and was refilled`),
    ...backdated.slice(0, MOST_SHOWN).map((commit) => `note: ${commit.slice(0, 10)} says that it was made before the commit below it`),
    ...(otherPages === 0 ? [] : [`note: ${count(otherPages, 'page')} of another version of Fusee not compared with what they show`]),
    findings.length === 0 ? paint.good(`✓ ${checked}: nothing is wrong`) : paint.bad(`✗ ${checked}: ${count(findings.length, 'finding')}`),
    '',
  ].join('\n')
}

function byRule(findings: readonly Finding[]): Map<string, Finding[]> {
  const groups = new Map<string, Finding[]>()
  for (const finding of findings) groups.set(finding.rule, [...(groups.get(finding.rule) ?? []), finding])
  return groups
}

function describeFinding({ rule, commit, path: file, message }: Finding, paint: Paint): string {
  const where = [commit === null ? 'at the tip' : commit.slice(0, 10), ...(file === null ? [] : [file])].join(' ')
  return `${paint.bad(rule)}: ${plainText(`${where}: ${message}`).replaceAll(/\s+/g, ' ')}`
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

function parseCommit(text: string): CommitSha {
  if (!/^[0-9a-f]{40}$/.test(text)) throw new InvalidArgumentError('Give the whole id of a commit, 40 hexadecimal digits (git rev-parse tells it).')
  return asCommitSha(text)
}

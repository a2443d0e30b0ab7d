/**
 * What a long history costs to list and to verify, beside the git program on the same repository in the same run. Each command runs in a process of its own,
 * so that its memory and processor time are its own. Run by `npm run bench:history`; `COMMITS` and `RECORDS` make it smaller.
 */
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import Table from 'cli-table3'
import { FUSEE_AUTHOR } from '../../src/git/build-commit.ts'
import type { FileChanges, StatusBranch } from '../../src/git/ports.ts'
import { createSimulatedGit } from '../../src/git/simulated.ts'
import { claimBranch } from '../../src/history/owner.ts'
import { recordPath } from '../../src/history/paths.ts'
import { encodeRecord, recordOf } from '../../src/history/record.ts'
import { writeHistory } from '../../src/history/write.ts'
import type { StoredRun } from '../../src/runs/run.ts'
import { startGitHttpServer } from '../support/git-http-server.ts'
import { runGit } from '../support/git-program.ts'
import { cursorsWith, endedStep, everyHour, finishedRun, inForce, REPOSITORY } from '../support/history-builders.ts'
import { runCli } from '../support/run-cli.ts'

/** Commits of one record each that are verified; the smaller number shows whether the cost of one grows. */
const COMMITS = Number(process.env['COMMITS'] ?? 10_000)
/** Records that are listed. */
const RECORDS = Number(process.env['RECORDS'] ?? 100_000)
const WORKFLOWS = 20
const RUNS_A_DAY = 10
const FIRST_MS = Date.parse('2020-01-01T00:00:00Z')
const STATUS = 'refs/heads/fusee/status'
/** Commits that go to git at once. */
const AT_ONCE = 500
const CHILD = 'child'

interface Spent {
  takenMs: number
  cpuMs: number
  memoryMb: number
}

if (process.argv[2] === CHILD) await child(process.argv.slice(3))
else await bench()

/** One command; tells what it took. */
async function child(words: readonly string[]): Promise<void> {
  const startedAt = performance.now()
  const { code, stdout, stderr } = await runCli(words)
  if (code !== 0) throw new Error(`${words.join(' ')} ended with ${code}: ${stdout.slice(0, 2000)}${stderr.slice(0, 2000)}`)
  const takenMs = performance.now() - startedAt
  const { userCPUTime, systemCPUTime } = process.resourceUsage()
  const spent: Spent = { takenMs, cpuMs: (userCPUTime + systemCPUTime) / 1000, memoryMb: await mostMemoryMb() }
  process.stdout.write(`${JSON.stringify(spent)}\n${stdout.trim().split('\n').at(-1) ?? ''}\n`)
}

/** Since this program began; what the system counts of a process includes what the one that started it had. */
async function mostMemoryMb(): Promise<number> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '')
  return Number(/^VmHWM:\s*(\d+) kB/m.exec(status)?.[1] ?? NaN) / 1024
}

async function bench(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'fusee-bench-'))
  const table = new Table({ head: ['operation', 'fusee s', 'CPU s', 'MB', 'git s'], style: { head: [], border: [] } })
  const server = await startGitHttpServer({ root: folder })
  try {
    for (const count of [Math.round(COMMITS / 5), COMMITS]) {
      const repository = await prepare(folder, `verify-${count}.git`)
      await writeCommits(repository, count)
      await pack(repository)
      await add(table, `verify ${count} commits of one record (git fsck)`, ['history', 'verify', '--repo', repository], () =>
        runGit(repository, ['fsck', '--full', '--strict']),
      )
    }
    const long = await prepare(folder, 'long.git')
    await writeRecords(long, RECORDS)
    await pack(long)
    const readAll = (): Promise<unknown> => runGit(long, ['archive', '--format=tar', '-o', join(folder, 'all.tar'), STATUS])
    await add(table, `history of ${RECORDS} records (git reads them all)`, ['history', '--repo', long], readAll)
    await add(table, 'history of one workflow', ['history', 'w7', '--repo', long], null)
    await add(table, 'history --run, the oldest one', ['history', '--run', nameOf(0), '--repo', long], null)
    await add(table, 'history --result TimedOut, of which there is one', ['history', '--result', 'TimedOut', '--repo', long], null)
    await add(table, 'history over http', ['history', '--repo', `${server.url}/long.git`], null)
    process.stdout.write(`${table.toString()}\nload: ${loadavg()[0]?.toFixed(1) ?? ''}\n`)
  } finally {
    await server.close()
    await rm(folder, { recursive: true, force: true })
  }
}

async function add(table: Table.Table, what: string, words: readonly string[], git: (() => Promise<unknown>) | null): Promise<void> {
  const { takenMs, cpuMs, memoryMb, last } = await inChild(words)
  const startedAt = performance.now()
  await git?.()
  const gitMs = performance.now() - startedAt
  table.push([
    `${what}\n${last}`,
    ...[takenMs, cpuMs].map((ms) => (ms / 1000).toFixed(1)),
    memoryMb.toFixed(0),
    git === null ? '' : (gitMs / 1000).toFixed(1),
  ])
}

async function inChild(words: readonly string[]): Promise<Spent & { last: string }> {
  const started = spawn(process.execPath, [process.argv[1] ?? '', CHILD, ...words], { stdio: ['ignore', 'pipe', 'inherit'] })
  const output: Buffer[] = []
  started.stdout.on('data', (chunk: Buffer) => output.push(chunk))
  const code = await new Promise<number | null>((resolve, reject) => started.on('error', reject).on('close', resolve))
  if (code !== 0) throw new Error(`a command ended with ${code}`)
  const [spent = '', last = ''] = Buffer.concat(output).toString().split('\n')
  return { ...(JSON.parse(spent) as Spent), last }
}

async function prepare(folder: string, name: string): Promise<string> {
  await runGit(folder, ['init', '--quiet', '--bare', '--initial-branch=main', name])
  const repository = join(folder, name)
  for (const key of ['uploadpack.allowFilter', 'uploadpack.allowAnySHA1InWant']) await runGit(repository, ['config', key, 'true'])
  return repository
}

/** As a server does it, and as a clone then has it. */
async function pack(repository: string): Promise<void> {
  await runGit(repository, ['repack', '-a', '-d', '-f', '-q'])
}

function nameOf(index: number): string {
  return `w${index % WORKFLOWS}-${String(index).padStart(10, '0')}`
}

/** A run like many: three steps, one in ten failed, the very first timed out. */
function runOf(index: number): StoredRun {
  const atMs = FIRST_MS + (index * 86_400_000) / (WORKFLOWS * RUNS_A_DAY)
  const result = index === 0 ? 'TimedOut' : index % 10 === 3 ? 'Failed' : 'Succeeded'
  return finishedRun({
    name: nameOf(index),
    workflow: `w${index % WORKFLOWS}`,
    createdAt: new Date(atMs).toISOString(),
    result,
    steps: ['load', 'measure', 'publish'].map((name) => endedStep(name, result === 'Failed' && name === 'publish' ? { result } : {})),
  })
}

/** The real writer, whose commits git then makes again: a commit is its content, so they have the same ids. */
async function writeCommits(repository: string, count: number): Promise<void> {
  const simulated = createSimulatedGit({ now: () => FIRST_MS })
  let stream: string[] = []
  const { status: inner } = simulated.open()
  const status: StatusBranch = {
    ...inner,
    async commit(parent, changes, message) {
      // Within one stream the next commit builds on the last by itself.
      stream.push(...commitLines(stream.length === 0 ? parent : null, changes, message))
      return inner.commit(parent, changes, message)
    },
  }
  const flush = async (): Promise<void> => {
    await importStream(repository, stream)
    stream = []
  }
  const owner = 'uid/data/data-jobs'
  await claimBranch({ status, owner, repository: REPOSITORY, nowMs: FIRST_MS })
  for (let index = 0; index < count; index++) {
    const request = { status, owner, repository: REPOSITORY, runs: [runOf(index)], cursors: cursorsWith({ schedules: {} }), started: [], held: [] }
    await writeHistory({ ...request, versions: inForce('none', 'w0'), cron: everyHour, nowMs: FIRST_MS, knownTip: null })
    if (index % AT_ONCE === AT_ONCE - 1) await flush()
  }
  await flush()
  if ((await runGit(repository, ['rev-parse', STATUS])) !== simulated.tip('fusee/status')) throw new Error('git has made other commits')
}

async function importStream(repository: string, lines: readonly string[]): Promise<void> {
  await runGit(repository, ['fast-import', '--quiet', '--force', '--done'], ['feature done', ...lines, 'done', ''].join('\n'))
}

function commitLines(parent: string | null, changes: FileChanges, message: string): string[] {
  const person = `${FUSEE_AUTHOR.name} <${FUSEE_AUTHOR.email}> ${FIRST_MS / 1000} +0000`
  const files = [...changes].flatMap(([path, content]) =>
    content === null ? [`D ${path}`] : [`M 100644 inline ${path}`, data(Buffer.from(content).toString())],
  )
  return [`commit ${STATUS}`, `author ${person}`, `committer ${person}`, data(message), ...(parent === null ? [] : [`from ${parent}`]), ...files]
}

function data(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}`
}

/** Records alone, many to a commit: whoever lists them reads nothing else. */
async function writeRecords(repository: string, count: number): Promise<void> {
  let parent: string | null = null
  for (let from = 0; from < count; from += 10_000) {
    const runs = Array.from({ length: Math.min(10_000, count - from) }, (_, index) => runOf(from + index))
    const files = new Map(runs.map((run) => [`${recordPath(run)}.json`, Buffer.from(encodeRecord(recordOf(run)))]))
    await importStream(repository, commitLines(parent, files, 'records'))
    parent = await runGit(repository, ['rev-parse', STATUS])
  }
}

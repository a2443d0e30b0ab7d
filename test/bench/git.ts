/**
 * What reading and recording cost, beside the git program on the same repository, in the same run, over the same server: a real
 * `git http-backend` on loopback, in a process of its own. Run by `npm run bench:git`; `FILES`, `RECORDS` and `HISTORY` make it smaller, `PART=records`
 * leaves the reading out.
 */
import { spawn } from 'node:child_process'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { mkdtemp, readdir, stat } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createInterface } from 'node:readline'
import Table from 'cli-table3'
import { createDefinitionCache } from '../../src/definitions/definition-cache.ts'
import { loadDefinitions } from '../../src/definitions/load-definitions.ts'
import { openRepository } from '../../src/git/open.ts'
import type { CommitSha, StatusBranch } from '../../src/git/ports.ts'
import { createSystemClock } from '../../src/system-clock.ts'
import { startGitHttpServer } from '../support/git-http-server.ts'
import { unknownCommit } from '../contract/git-harness.ts'
import { importCommits, runGit } from '../support/git-program.ts'
import { removeFolder } from '../support/remove-folder.ts'

const FILES = Number(process.env['FILES'] ?? 100_000)
const WORKFLOWS = Math.min(10_000, FILES)
const RECORDS = Number(process.env['RECORDS'] ?? 1000)
const HISTORIES = [0, 100, 10_000, 100_000].filter((count) => count <= Number(process.env['HISTORY'] ?? 100_000))
const POLLS = 20
const COMMITS = 10
const SERVED = 'served'

if (process.argv[2] === SERVED) await serve(process.argv[3] ?? '')
else await bench()

/** In a process of its own, so that its work is not counted as ours. */
async function serve(root: string): Promise<void> {
  const server = await startGitHttpServer({ root })
  process.stdout.write(`${server.url}\n`)
  process.stdin.on('end', () => void server.close()).resume()
}

interface Measured {
  what: string
  ours: Figures
  git: Figures
}

interface Figures {
  medianMs: number
  /** Longest time in which nothing else of the process could run; null for the git program. */
  stallMs: number | null
  /** Median of the time in which a request of ours was with the server; null for the git program. */
  serverMs: number | null
}

async function bench(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'fusee-bench-'))
  const root = join(folder, 'root')
  const repository = join(root, 'repo.git')
  const child = spawn(process.execPath, [process.argv[1] ?? '', SERVED, root], { stdio: ['pipe', 'pipe', 'inherit'] })
  try {
    await prepare(repository)
    const url = `${await firstLine(child.stdout)}/repo.git`
    const reading = process.env['PART'] === 'records' ? [] : await benchReading(folder, repository, url)
    const memory = `most memory of this process: ${mostMemoryMb()} MB after reading`
    const rows = [...reading, ...(await benchRecords(folder, repository, url))]
    const disk = await benchDisk(folder, url)
    process.stdout.write(`${formatTable(rows)}\n${disk}\n`)
    process.stdout.write(
      `${memory}, ${mostMemoryMb()} MB at the end; ${Math.round(performance.now() / 1000)} s in all; load: ${loadavg()
        .map((load) => load.toFixed(1))
        .join(' ')}\n`,
    )
  } finally {
    child.stdin.end()
    await removeFolder(folder)
  }
}

function mostMemoryMb(): number {
  return Math.round(process.resourceUsage().maxRSS / 1024)
}

async function prepare(repository: string): Promise<void> {
  await runGit('/', ['init', '--quiet', '--bare', '--initial-branch=main', repository])
  for (const key of ['http.receivepack', 'uploadpack.allowFilter', 'uploadpack.allowAnySHA1InWant']) await runGit(repository, ['config', key, 'true'])
  const files: Record<string, string> = {}
  for (let index = 0; index < WORKFLOWS; index++) files[workflowPath(index)] = workflowText(index, 0)
  for (let index = WORKFLOWS; index < FILES; index++) files[`data/${index % 300}/${index}.txt`] = `file ${index} ${Math.sin(index)}\n`
  await importCommits(repository, [files])
  await importCommits(
    repository,
    Array.from({ length: 200 }, (_, index) => ({ [`data/${index}/0.txt`]: `${index}` })),
  )
  for (const count of HISTORIES.filter((number) => number > 0)) {
    const records: Record<string, string> = { 'history/README.md': 'overview', 'history/state/w0.json': '{}' }
    for (let index = 0; index < count; index++) for (const ending of ['json', 'md']) records[`${recordPath(index)}.${ending}`] = `{"run": ${index}}`
    await importCommits(repository, [records], { branch: `history-${count}`, from: null })
  }
  await runGit(repository, ['repack', '-a', '-d', '-q'])
}

function workflowPath(index: number): string {
  return `workflows/${index % 100}/w${index}.yaml`
}

function workflowText(index: number, version: number): string {
  return `apiVersion: fusee.dev/v1alpha1
kind: Workflow
metadata: {name: w${index}}
spec:
  description: Version ${version}.
  steps:
    - {name: hello, image: "busybox:1.36", script: echo ${index}}
`
}

/** Twenty workflows, ten runs a day of each. */
function recordPath(index: number): string {
  const [workflow, day] = [index % 20, Math.floor(index / 200)]
  const date = new Date(Date.UTC(2020, 0, 1 + day)).toISOString().slice(0, 10).replaceAll('-', '/')
  return `history/w${workflow}/${date}/w${workflow}-${String(index).padStart(10, '0')}`
}

async function benchReading(folder: string, repository: string, url: string): Promise<Measured[]> {
  const clone = join(folder, 'clone.git')
  const full = join(folder, 'full.git')
  const open = await openRepository({ url, branch: 'main', statusBranch: 'fusee/status', dataFolder: join(folder, 'data') })
  const { source } = open
  const cache = createDefinitionCache()
  const { pause } = createSystemClock()
  const load = async (commit: CommitSha): Promise<void> => {
    const { workflows } = await loadDefinitions(source.filesAt(commit), { path: 'workflows', cache, pause })
    if (workflows.length !== WORKFLOWS) throw new Error(`${workflows.length} workflows were read`)
  }
  let tip = unknownCommit()
  const rows: Measured[] = []
  rows.push({
    what: `clone (${FILES} files, 201 commits), one commit deep, without content`,
    ours: await measure(1, async () => {
      tip = await source.fetchTip()
    }),
    git: await measureGit(1, () => runGit(folder, ['clone', '--quiet', '--bare', '--depth=1', '--filter=blob:none', '--branch=main', url, clone])),
  })
  rows.push({
    what: 'the same; git clones all of it',
    ours: rows[0]?.ours ?? { medianMs: NaN, stallMs: null, serverMs: null },
    git: await measureGit(1, () => runGit(folder, ['clone', '--quiet', '--bare', '--single-branch', '--branch=main', url, full])),
  })
  rows.push({
    what: 'poll when nothing has changed',
    ours: await measure(POLLS, () => source.fetchTip()),
    git: await measureGit(POLLS, () => runGit(folder, ['ls-remote', url, 'refs/heads/main'])),
  })
  rows.push({
    what: `content of ${WORKFLOWS} workflows for the first time (git: fetched and printed)`,
    ours: await measure(1, () => load(tip)),
    git: await measureGit(1, () => runGit(clone, ['archive', '--format=tar', '-o', join(folder, 'w.tar'), 'main', 'workflows'])),
  })
  let version = 0
  const push = (): Promise<CommitSha> => importCommits(repository, [{ [workflowPath(7)]: workflowText(7, ++version) }])
  const fetches = { ours: [] as number[], server: [] as number[], git: [] as number[], stalls: [] as number[] }
  const increments = { ours: [] as number[], server: [] as number[], git: [] as number[], stalls: [] as number[] }
  for (let round = 0; round < COMMITS; round++) {
    const before = tip
    const next = await push()
    const fetched = await timedWithServer(async () => {
      tip = await source.fetchTip()
    })
    const known = await timedWithServer(async () => {
      if (tip !== next || (await source.changedPaths(before, tip)).length !== 1) throw new Error('the change was not seen')
      await load(tip)
    })
    const gitFetchMs = await timed(() => runGit(clone, ['fetch', '--quiet', 'origin', '+refs/heads/main:refs/heads/main']))
    const gitReadMs = await timed(async () => {
      await runGit(clone, ['cat-file', 'blob', (await runGit(clone, ['diff', '--raw', '--no-abbrev', before, 'main'])).split(' ')[3] ?? ''])
    })
    fetches.ours.push(fetched.takenMs)
    fetches.stalls.push(fetched.stallMs)
    fetches.server.push(fetched.serverMs)
    fetches.git.push(gitFetchMs)
    increments.ours.push(fetched.takenMs + known.takenMs)
    increments.stalls.push(Math.max(fetched.stallMs, known.stallMs))
    increments.server.push(fetched.serverMs + known.serverMs)
    increments.git.push(gitFetchMs + gitReadMs)
  }
  rows.push({
    what: 'one new commit, fetched',
    ours: { medianMs: median(fetches.ours), stallMs: Math.max(...fetches.stalls), serverMs: median(fetches.server) },
    git: { medianMs: median(fetches.git), stallMs: null, serverMs: null },
  })
  rows.push({
    what: `the same with ${WORKFLOWS} workflows, one changed, all known again (git: diff and the blob)`,
    ours: { medianMs: median(increments.ours), stallMs: Math.max(...increments.stalls), serverMs: median(increments.server) },
    git: { medianMs: median(increments.git), stallMs: null, serverMs: null },
  })
  await open.close()
  return rows
}

/** A few records on top of branches that hold so many already: the first, the hundredth, the ten-thousandth and so on. */
async function benchRecords(folder: string, repository: string, url: string): Promise<Measured[]> {
  const rows: Measured[] = []
  for (const count of HISTORIES) {
    const [branch, gitBranch] = [`history-${count}`, `git-${count}`]
    if (count > 0) await runGit(repository, ['update-ref', `refs/heads/${gitBranch}`, `refs/heads/${branch}`])
    const { status, close } = await openRepository({ url, branch: 'main', statusBranch: branch, dataFolder: join(folder, branch) })
    let tip = await status.fetchTip()
    let index = count
    const ours = await measure(POLLS, async () => {
      tip = await record(status, tip, index++)
    })
    await close()
    const clone = join(folder, `${gitBranch}.git`)
    await runGit(folder, ['init', '--quiet', '--bare', clone])
    if (count > 0) await runGit(clone, ['fetch', '--quiet', '--depth=1', url, `+refs/heads/${gitBranch}:refs/heads/${gitBranch}`])
    const git = await measureGit(POLLS, async () => {
      await importCommits(clone, [recordFiles(index++)], { branch: gitBranch })
      await runGit(clone, ['push', '--quiet', url, `refs/heads/${gitBranch}`])
    })
    rows.push({ what: `a record, when there are ${count} (git: fast-import and push)`, ours, git })
  }
  return rows
}

function recordFiles(index: number): Record<string, string> {
  const text = JSON.stringify({ run: index, steps: Array.from({ length: 5 }, (_, step) => ({ step, noise: Math.sin(index * 5 + step) })) })
  return {
    'history/README.md': `overview ${index}`,
    [`history/w${index % 20}/README.md`]: `workflow ${index}`,
    [`history/state/w${index % 20}.json`]: text,
    [`${recordPath(index)}.json`]: text,
    [`${recordPath(index)}.md`]: text,
  }
}

function record(status: StatusBranch, parent: CommitSha | null, index: number): Promise<CommitSha> {
  const changes = Object.entries(recordFiles(index)).map(([path, text]): [string, Buffer] => [path, Buffer.from(text)])
  return status.commit(parent, new Map(changes), `record ${index}`)
}

async function benchDisk(folder: string, url: string): Promise<string> {
  const dataFolder = join(folder, 'disk')
  const { status, close } = await openRepository({ url, branch: 'main', statusBranch: 'disk', dataFolder })
  let tip = await status.fetchTip()
  const sizes: string[] = []
  for (let index = 0; index < RECORDS; index++) {
    tip = await record(status, tip, index)
    if ((index + 1) % Math.ceil(RECORDS / 10) !== 0) continue
    const { files, bytes } = await sizeOf(dataFolder)
    sizes.push(`${index + 1}: ${files} files, ${Math.round(bytes / 1024)} KB`)
  }
  await close()
  return `on this disk after so many records: ${sizes.join('; ')}`
}

async function sizeOf(folder: string): Promise<{ files: number; bytes: number }> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const sizes = await Promise.all(entries.filter((entry) => entry.isFile()).map((entry) => stat(join(entry.parentPath, entry.name))))
  return { files: sizes.length, bytes: sizes.reduce((sum, { size }) => sum + size, 0) }
}

async function firstLine(stream: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface(stream)) return line
  throw new Error('the server has ended')
}

async function measure(times: number, work: () => Promise<unknown>): Promise<Figures> {
  const taken: number[] = []
  const server: number[] = []
  const stalls: number[] = []
  for (let round = 0; round < times; round++) {
    const { takenMs, serverMs, stallMs } = await timedWithServer(work)
    taken.push(takenMs)
    stalls.push(stallMs)
    server.push(serverMs)
  }
  return { medianMs: median(taken), stallMs: Math.max(...stalls), serverMs: median(server) }
}

async function measureGit(times: number, work: () => Promise<unknown>): Promise<Figures> {
  return { ...(await measure(times, work)), stallMs: null, serverMs: null }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}

/** Also how long some request was under way meanwhile: what is left is our own work; and the longest time in which nothing else could run. */
async function timedWithServer(work: () => Promise<unknown>): Promise<{ takenMs: number; serverMs: number; stallMs: number }> {
  const delay = monitorEventLoopDelay({ resolution: 2 })
  let [underWay, sinceMs, serverMs] = [0, 0, 0]
  const begin = (): void => {
    if (underWay++ === 0) sinceMs = performance.now()
  }
  const end = (): void => {
    if (--underWay === 0) serverMs += performance.now() - sinceMs
  }
  subscribe('http.client.request.start', begin)
  subscribe('http.client.response.finish', end)
  delay.enable()
  try {
    const takenMs = await timed(work)
    return { takenMs, serverMs, stallMs: delay.max / 1e6 }
  } finally {
    delay.disable()
    unsubscribe('http.client.request.start', begin)
    unsubscribe('http.client.response.finish', end)
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? NaN
}

function formatTable(rows: readonly Measured[]): string {
  const table = new Table({
    head: ['operation', 'fusee ms', 'of it the server', 'longest stall', 'git ms', 'ratio'],
    style: { head: [], border: [] },
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right'],
  })
  for (const { what, ours, git } of rows) {
    const ratio = (ours.medianMs / git.medianMs).toFixed(2)
    table.push([what, ...[ours.medianMs, ours.serverMs ?? 0, ours.stallMs ?? 0, git.medianMs].map((ms) => ms.toFixed(0)), ratio])
  }
  return table.toString()
}

/**
 * How long webhooks take that come just after a start: a real `fusee serve` on a bare repository whose status branch holds RECORDS records of two years (24,000),
 * STARTS times (5), signed hooks one after another at 0, 0.5, 1, 2 and 5 s after it listens; beside them, in the same moments, a plain server that checks the
 * signature and syncs a file. Run by `npm run bench:first-hooks`.
 */
import { createHash, createHmac } from 'node:crypto'
import { mkdir, mkdtemp, open, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import Table from 'cli-table3'
import { buildBundle } from '../../scripts/bundle.ts'
import { startFusee, until } from '../support/fusee-process.ts'
import type { GitFiles } from '../support/git-program.ts'
import { importCommits, runGit } from '../support/git-program.ts'
import type { Hook } from '../support/hooks.ts'
import { plainHook } from '../support/hooks.ts'
import { removeFolder } from '../support/remove-folder.ts'

const RECORDS = Number(process.env['RECORDS'] ?? 24_000)
const STARTS = Number(process.env['STARTS'] ?? 5)
const OFFSETS_SECONDS = [0, 0.5, 1, 2, 5]
const HOOKS_EACH = 4
const RECORDS_A_COMMIT = 200
const DAY_MS = 86_400_000
const FIRST_MS = Date.parse('2024-11-01T00:00:00Z')
const SECRET = 'correct horse'
const WORKFLOW = `apiVersion: fusee.dev/v1alpha1
kind: Workflow
metadata: {name: nightly}
spec:
  params: {site: {}}
  triggers: {webhook: [{name: nightly}]}
  steps: [{name: only, image: "busybox:1.36", script: "true"}]
`

const took = new Map<string, number[]>()
const folder = await mkdtemp(join(tmpdir(), 'fusee-first-hooks-'))
try {
  await buildBundle()
  await prepare()
  const plain = await servePlainly()
  for (let start = 0; start < STARTS; start++) await measure(start, plain.url)
  plain.close()
  process.stdout.write(`${formatTable()}\nload: ${loadavg()[0]?.toFixed(1) ?? ''}\n`)
} finally {
  await removeFolder(folder)
}

async function prepare(): Promise<void> {
  await runGit(folder, ['init', '--quiet', '--bare', '--initial-branch=main', 'jobs.git'])
  const repository = join(folder, 'jobs.git')
  await importCommits(repository, [{ 'workflows/nightly.yaml': WORKFLOW }])
  const commits: GitFiles[] = []
  for (let first = 0; first < RECORDS; first += RECORDS_A_COMMIT) {
    const indexes = Array.from({ length: Math.min(RECORDS_A_COMMIT, RECORDS - first) }, (_, index) => first + index)
    commits.push(Object.fromEntries(indexes.flatMap((index) => ['json', 'md'].map((kind) => [`${pathOf(index)}.${kind}`, `{"record": ${index}}\n`]))))
  }
  await importCommits(repository, commits, { branch: 'fusee/status' })
  await runGit(repository, ['repack', '-a', '-d', '-q'])
  await mkdir(join(folder, 'secrets', 'hooks'), { recursive: true })
  await writeFile(join(folder, 'secrets', 'hooks', 'token'), SECRET)
  const spec = `spec: {url: ${repository}, webhookSecretRef: {name: hooks}}`
  await writeFile(join(folder, 'repository.yaml'), `apiVersion: fusee.dev/v1alpha1\nkind: Repository\nmetadata: {name: jobs}\n${spec}\n`)
}

/** Where the record of a run lies, as far as its name is concerned. */
function pathOf(index: number): string {
  const day = new Date(FIRST_MS + Math.floor((index * 730) / RECORDS) * DAY_MS).toISOString().slice(0, 10).replaceAll('-', '/')
  return `history/nightly/${day}/nightly-${createHash('sha256').update(String(index)).digest('hex').slice(0, 10)}`
}

/** What nothing that keeps a hook can undercut. */
async function servePlainly(): Promise<{ url: string; close(): void }> {
  let written = 0
  const server = createServer((request, response) => {
    void text(request).then(async (body) => {
      const isSigned = request.headers['x-signature'] === `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`
      const file = await open(join(folder, `plain-${written++}`), 'wx')
      await file.writeFile(body)
      await file.sync()
      await file.close()
      response.writeHead(isSigned ? 201 : 401).end('{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => void server.close() }
}

async function measure(start: number, plain: string): Promise<void> {
  const words = ['--repository', 'repository.yaml', '--secrets', 'secrets', '--data', 'data'].map((word) =>
    word.startsWith('-') ? word : join(folder, word),
  )
  const fusee = startFusee(['serve', ...words, '--listen', '127.0.0.1:0'])
  const url = (): string => /listening on (\S+)/.exec(fusee.stdout())?.[1] ?? ''
  await until('it listens', () => url() !== '', fusee.stderr)
  // What this client loads for its own first request is not theirs.
  if (start === 0) await (await fetch(plain, { method: 'POST', body: '{}' })).arrayBuffer()
  const listeningAt = performance.now()
  for (const offset of OFFSETS_SECONDS) {
    await new Promise((resolve) => setTimeout(resolve, listeningAt + offset * 1000 - performance.now()))
    for (let index = 0; index < HOOKS_EACH; index++) {
      const hook = plainHook(SECRET, { site: `s${index}` }, { 'idempotency-key': `${start} ${offset} ${index}` })
      await send(`named, at ${offset} s${index === 0 ? ', first' : ''}`, `${url()}/hooks/default/jobs/nightly`, hook)
      await send(`push, at ${offset} s`, `${url()}/hooks/default/jobs`, hook)
      await send(`plain, at ${offset} s`, plain, hook)
    }
  }
  await fusee.stop()
}

async function send(what: string, url: string, hook: Hook): Promise<void> {
  const startedAt = performance.now()
  const response = await fetch(url, { method: 'POST', ...hook })
  await response.arrayBuffer()
  const key = `${what}: ${response.status}`
  took.set(key, [...(took.get(key) ?? []), performance.now() - startedAt])
}

function formatTable(): string {
  const table = new Table({ head: ['hook and answer', 'n', 'median ms', 'most ms'], style: { head: [], border: [] } })
  for (const [what, times] of [...took].sort(([one], [other]) => (one < other ? -1 : 1))) {
    const sorted = times.toSorted((one, other) => one - other)
    table.push([what, times.length, ...[(sorted.length - 1) >> 1, sorted.length - 1].map((at) => (sorted[at] ?? NaN).toFixed(1))])
  }
  return table.toString()
}

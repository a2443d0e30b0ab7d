/** One push, one run, one record: follows a repository made of `sample-repo/` in a folder of its own, shows the record, and ends. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createProcessShell } from '../src/cli/process-shell.ts'
import { createPrinter, serve } from '../src/cli/serve.ts'
import type { Shell } from '../src/cli/shell.ts'
import { resolveServeConfig } from '../src/config/serve-config.ts'
import type { ControllerEvent } from '../src/controller/events.ts'
import { createSampleRepository, git, pushChange } from './sample-repository.ts'

/** Longer than any machine needs; then something is wrong. */
const LIMIT_MS = 55_000

const folder = await mkdtemp(path.join(tmpdir(), 'fusee-demo-'))
const repository = path.join(folder, 'sample.git')
const finished = new AbortController()
const processShell = createProcessShell()
const shell: Shell = { ...processShell, stopSignal: () => AbortSignal.any([processShell.stopSignal(), finished.signal]) }
const say = (line: string): void => {
  shell.stdout.write(`${line}\n`)
}
const print = createPrinter(shell)
let pushed = false
let wanted: string | null = null
let recorded = false

const report = (event: ControllerEvent): void => {
  print(event)
  if (event.kind === 'LookEnded' && !pushed) {
    pushed = true
    say('pushing a commit that changes workflows/diamond.yaml')
    pushChange(repository).catch(fail)
  }
  if (event.kind === 'RunCreated' && event.run.spec.workflow === 'diamond') wanted = event.run.metadata.name
  if (event.kind === 'RecordsPushed' && wanted !== null && event.runs.includes(wanted)) {
    recorded = true
    finished.abort()
  }
}

function fail(error: unknown): void {
  say(`the demo failed: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
  finished.abort()
}

const limit = setTimeout(() => {
  fail(new Error(`no record after ${LIMIT_MS / 1000}s`))
}, LIMIT_MS)
try {
  await createSampleRepository(repository, 'sample-repo')
  say('Made a bare repository from sample-repo/')
  const config = resolveServeConfig({
    repo: repository,
    document: null,
    data: path.join(folder, 'data'),
    listen: '127.0.0.1:0',
    secrets: undefined,
    env: process.env,
    workingDirectory: process.cwd(),
  })
  config.settings.historyIntervalSeconds = 1
  await serve(shell, config, report, say)
  if (recorded && wanted !== null) {
    const files = (await git(repository, 'ls-tree', '-r', '--name-only', 'fusee/status')).split('\n')
    const record = files.find((file) => file.endsWith(`/${wanted}.md`)) ?? ''
    say(`\nThe status branch:\n\n${await git(repository, 'log', '--oneline', 'fusee/status')}`)
    say(`The record, ${record}:\n`)
    say(await git(repository, 'show', `fusee/status:${record}`))
  }
} catch (error) {
  fail(error)
} finally {
  clearTimeout(limit)
  await rm(folder, { recursive: true, force: true })
}

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { openDataFolder } from '../../src/cluster/local/data-folder.ts'
import { createLocalRunCluster } from '../../src/cluster/local/runs.ts'
import { formatTick } from '../../src/clock.ts'
import { initialCursors } from '../../src/controller/cursors.ts'
import { parseOverview } from '../../src/history/overview.ts'
import { parseTicks } from '../../src/history/ticks.ts'
import { createSystemClock, createSystemRandom } from '../../src/system-clock.ts'
import { createCronTicks } from '../../src/triggers/cron.ts'
import { type FuseeProcess, type LogLine, runFusee, startFusee, until } from '../support/fusee-process.ts'
import { importCommits, runGit } from '../support/git-program.ts'
import { removeFolder } from '../support/remove-folder.ts'

vi.setConfig({ testTimeout: 600_000 })

const MINUTE_MS = 60_000
/** The last full minute: a yearly tick that has just passed. */
const TICK = new Date(Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS)
const CRON = `${TICK.getUTCMinutes()} ${TICK.getUTCHours()} ${TICK.getUTCDate()} ${TICK.getUTCMonth() + 1} *`

let folder: string
let running: FuseeProcess[] = []
const at = (...names: string[]): string => path.join(folder, ...names)
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'fusee-lost-'))
  running = []
})
afterEach(async () => {
  for (const fusee of running) fusee.kill('SIGKILL')
  await Promise.all(running.map((fusee) => fusee.ended))
  await removeFolder(folder)
})

it('goes on from the status branch when its data folder is deleted: nothing recorded runs again, Lost ticks are named, and run again where that is wished', async () => {
  await runGit(folder, ['init', '--quiet', '--bare', '--initial-branch=main', at('jobs.git')])
  const first = await importCommits(at('jobs.git'), [{ ...files('again', 'Rerun'), ...files('report', 'Report'), ...pushed() }])
  await writeCursors(first)

  const before = serve()
  await before.waitForLine('both slow runs under way', () => started(before).length === 2)
  await importCommits(at('jobs.git'), [{ 'notes.txt': 'one' }])
  const recorded = await before.waitForLine(
    'the record of the push',
    ({ msg, runs }) => msg === 'records pushed' && String(runs).startsWith('quick-'),
  )
  await until('the slow runs on the branch as started', async () => (await overview()).started.length === 2)
  const lost = (await overview()).started.map(({ run }) => run)
  before.kill('SIGKILL')
  await before.ended
  await rm(at('data'), { recursive: true })

  const stranger = serve()
  await stranger.waitForLine('that the branch is another’s', ({ msg }) => msg === 'BranchOwned')
  expect(started(stranger)).toEqual([])
  await stranger.stop()
  expect(await runFusee(['history', 'take-over', '--repo', at('jobs.git')])).toMatchObject({ code: 0 })

  await writeFile(at('gate'), '')
  const after = serve()
  const named = await after.waitForLine('the lost runs', ({ msg }) => msg === 'runs lost')
  expect([...(named.runs as string[])].sort()).toEqual([...lost].sort())
  const again = lost.find((run) => run.startsWith('again-')) ?? ''
  await after.waitForLine('the record of the run that is run again', ({ msg, runs }) => msg === 'records pushed' && String(runs).includes(again))
  await until('the ticks on the branch', async () => (await lostTicks()).length === 2)
  await after.stop()

  expect(started(after).map(({ run }) => run)).toEqual([again])
  expect(await lostTicks()).toEqual(['again Lost', 'report Lost'])
  const paths = (await runGit(at('jobs.git'), ['ls-tree', '-r', '--name-only', 'fusee/status'])).split('\n')
  const records = paths
    .filter((file) => /\/\d\d\/[^/]*\.json$/.test(file) && !file.endsWith('ticks.json'))
    .map((file) => path.basename(file, '.json'))
  expect(records.sort()).toEqual([again, ...(recorded.runs as string[])].sort())
  expect(await runFusee(['history', 'verify', '--repo', at('jobs.git')])).toMatchObject({ code: 0 })
})

function serve(): FuseeProcess {
  const words = ['serve', '--output', 'json', '--repo', at('jobs.git'), '--data', at('data'), '--listen', '127.0.0.1:0']
  const fusee = startFusee(words)
  running.push(fusee)
  return fusee
}

function started(fusee: FuseeProcess): LogLine[] {
  return fusee.lines.filter(({ msg }) => msg === 'run created')
}

/** A workflow that waits for the gate, and its schedule. Its step outlives a controller that is killed, and ends when all is removed. */
function files(name: string, afterLoss: string): Record<string, string> {
  return {
    [`workflows/${name}.yaml`]: `apiVersion: fusee.dev/v1alpha1
kind: Workflow
metadata: {name: ${name}}
spec:
  steps:
    - {name: wait, image: busybox, script: 'until [ -e ${at('gate')} ] || [ ! -e ${folder} ]; do sleep 0.1; done'}
---
apiVersion: fusee.dev/v1alpha1
kind: Schedule
metadata: {name: ${name}}
spec: {workflow: ${name}, cron: "${CRON}", catchUp: Latest, afterLoss: ${afterLoss}}
`,
  }
}

function pushed(): Record<string, string> {
  return {
    'workflows/quick.yaml': `apiVersion: fusee.dev/v1alpha1
kind: Workflow
metadata: {name: quick}
spec:
  triggers: {push: {}}
  steps: [{name: one, image: busybox, script: "true"}]
`,
  }
}

/** Leaves cursors as a controller does that stopped before the tick. */
async function writeCursors(commit: string): Promise<void> {
  await mkdir(at('data'))
  const data = await openDataFolder(at('data'))
  const runs = await createLocalRunCluster(data, { clock: createSystemClock(), random: createSystemRandom() })
  const names = ['again', 'report']
  const form = (name: string): string => createCronTicks({ cron: CRON, timeZone: 'Etc/UTC', seed: name }).form
  await runs.writeCursors(
    { namespace: 'default', name: 'jobs' },
    {
      ...initialCursors,
      lastCommit: commit,
      validCommits: Object.fromEntries([...names, 'quick'].map((name) => [name, commit])),
      validScheduleCommits: Object.fromEntries(names.map((name) => [name, commit])),
      schedules: Object.fromEntries(names.map((name) => [name, { judgedUpTo: formatTick(TICK.getTime() - MINUTE_MS), form: form(name) }])),
    },
  )
  await data.close()
}

async function show(file: string): Promise<string> {
  return runGit(at('jobs.git'), ['show', `fusee/status:${file}`])
}

async function overview(): Promise<ReturnType<typeof parseOverview>> {
  return parseOverview(await show('history/state/overview.json'))
}

/** Lost ticks that the branch tells of. */
async function lostTicks(): Promise<string[]> {
  const day = formatTick(TICK.getTime()).slice(0, 10).replaceAll('-', '/')
  const found = await Promise.all(['again', 'report'].map((name) => show(`history/${name}/${day}/ticks.json`).then(parseTicks, () => [])))
  return found.flat().map(({ schedule, fate }) => `${schedule} ${fate}`)
}

import { mkdir, mkdtemp, rename, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Cursors } from '../../src/runs/run.ts'
import type { FuseeProcess, LogLine } from './fusee-process.ts'
import { startFusee, until } from './fusee-process.ts'
import { runGit } from './git-program.ts'
import { removeFolder } from './remove-folder.ts'
import { readObjects } from './story-world.ts'

const PRELOADED = fileURLToPath(new URL('shifted-clock.mjs', import.meta.url))

/** A checkout, and real controllers of it whose clock can be set while they run. */
export interface ClockedFusee {
  checkout: string
  /** Commits the files, by path. */
  commit(files: Readonly<Record<string, string>>): Promise<void>
  /** Sets the clock of all of them, RFC 3339; it goes on from there. Timers do not, so that they notice within a minute. */
  setClock(at: string): Promise<void>
  /** The same, and an empty commit, by which they notice at their next look. */
  setClockSeen(at: string): Promise<void>
  /** Begins a controller, without waiting for anything; `data` names its folder of state. */
  begin(data?: string): FuseeProcess
  /** How far the ticks of each schedule are judged, by the controllers of the folder `data`. */
  schedules(): Promise<Cursors['schedules']>
  /** Begins a controller, and waits for its first look, and until it knows since when it has to judge ticks. */
  start(): Promise<FuseeProcess>
  /** Ends all of them, and removes what they have left. */
  close(): Promise<void>
}

export async function createClockedFusee(files: Readonly<Record<string, string>>): Promise<ClockedFusee> {
  const folder = await mkdtemp(path.join(tmpdir(), 'fusee-clock-'))
  const clockFile = path.join(folder, 'clock')
  const checkout = path.join(folder, 'checkout')
  const document = path.join(folder, 'repository.json')
  const lives: FuseeProcess[] = []

  function begin(data = 'data'): FuseeProcess {
    const words = ['serve', '--runner', 'local', '--repository', document, '--data', path.join(folder, data), '--output', 'json']
    const fusee = startFusee([...words, '--listen', '127.0.0.1:0'], { NODE_OPTIONS: `--import=${PRELOADED}`, FUSEE_TEST_CLOCK: clockFile })
    lives.push(fusee)
    return fusee
  }
  const clocked: ClockedFusee = {
    checkout,
    async commit(changed) {
      for (const [name, text] of Object.entries(changed)) {
        await mkdir(path.dirname(path.join(checkout, name)), { recursive: true })
        await writeFile(path.join(checkout, name), text)
      }
      await runGit(checkout, ['add', '--all'])
      await runGit(checkout, ['commit', '--quiet', '--message', 'Workflows'])
    },
    async setClock(at) {
      await writeFile(`${clockFile}.new`, String(Date.parse(at) - Date.now()))
      await rename(`${clockFile}.new`, clockFile)
    },
    async setClockSeen(at) {
      await clocked.setClock(at)
      await runGit(checkout, ['commit', '--quiet', '--allow-empty', '--message', 'Nothing'])
    },
    async schedules() {
      const { cursors } = await readObjects({ dataFolder: path.join(folder, 'data'), name: 'jobs' })
      return cursors?.schedules ?? {}
    },
    begin,
    async start() {
      const fusee = begin()
      await fusee.waitForLine('a look', ({ msg }) => msg === 'definitions in force')
      await until('its schedules are known', async () => Object.keys(await clocked.schedules()).length > 0)
      return fusee
    },
    async close() {
      for (const fusee of lives) fusee.kill('SIGKILL')
      await Promise.all(lives.map(({ ended }) => ended))
      await removeFolder(folder)
    },
  }
  await mkdir(checkout)
  // Records are written at once: nobody here wants to wait for them.
  const spec = { url: checkout, history: { interval: '0s' } }
  await writeFile(document, JSON.stringify({ apiVersion: 'fusee.dev/v1alpha1', kind: 'Repository', metadata: { name: 'jobs' }, spec }))
  await runGit(checkout, ['init', '--quiet', '--initial-branch=main'])
  await clocked.commit(files)
  return clocked
}

/** The tick of a line that tells of a run's creation; undefined for other lines. */
export function tickOf({ msg, trigger }: LogLine): string | undefined {
  return msg === 'run created' ? (trigger as { tick?: string }).tick : undefined
}

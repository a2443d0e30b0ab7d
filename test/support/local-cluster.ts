import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '../../src/clock.ts'
import type { DataFolder } from '../../src/cluster/local/data-folder.ts'
import { openDataFolder } from '../../src/cluster/local/data-folder.ts'
import type { LocalJobOptions, LocalJobs } from '../../src/cluster/local/jobs.ts'
import { createLocalJobCluster } from '../../src/cluster/local/jobs.ts'
import { createSystemClock, createSystemRandom } from '../../src/system-clock.ts'
import { removeFolder } from './remove-folder.ts'

/** A folder for one test. */
export async function makeFolder(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'fusee-test-'))
  return { path, remove: () => removeFolder(path) }
}

/** A local runner in a folder, and how to close it. */
export interface OpenRunner {
  folder: DataFolder
  jobs: LocalJobs
  problems: string[]
  close(): Promise<void>
}

/** Opens the local runner of a folder with the machine's clock, or another. */
export async function openRunner(path: string, options: Partial<LocalJobOptions> = {}): Promise<OpenRunner> {
  const folder = await openDataFolder(path)
  const problems: string[] = []
  const report = (message: string, about: Record<string, unknown>): void => {
    problems.push(`${message}: ${JSON.stringify(about)}`)
  }
  const defaults = { clock: createSystemClock(), random: createSystemRandom(), secretsFolder: null, report }
  const jobs = await createLocalJobCluster(folder, { ...defaults, ...options })
  return {
    folder,
    jobs,
    problems,
    async close() {
      await jobs.close()
      await folder.close()
    },
  }
}

/** A clock that moves when it is told to. */
export interface MovableClock extends Clock {
  /** Goes on by so much, firing what comes due on the way, in order. */
  advance(ms: number): void
}

/** A clock that stands at a moment. */
export function createMovableClock(startMs = Date.now()): MovableClock {
  let now = startMs
  const timers = new Set<{ atMs: number; fire: () => void }>()
  return {
    now: () => now,
    setTimer(atMs, fire) {
      const timer = { atMs, fire }
      timers.add(timer)
      return () => {
        timers.delete(timer)
      }
    },
    advance(ms) {
      const end = now + ms
      for (;;) {
        const next = [...timers].filter((timer) => timer.atMs <= end).sort((a, b) => a.atMs - b.atMs)[0]
        if (next === undefined) break
        timers.delete(next)
        now = Math.max(now, next.atMs)
        next.fire()
      }
      now = end
    },
  }
}

/** Whole lines of a file that others write to; none while it is not there. */
export function readLines(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : []
}

/** Asks again and again until the answer is something; fails with what was asked when it never is. */
export async function eventually<T>(what: string, ask: () => T | Promise<T>): Promise<NonNullable<T>> {
  const deadline = Date.now() + 60_000
  for (;;) {
    const answer = await ask()
    if (answer !== null && answer !== undefined && answer !== false) return answer
    if (Date.now() > deadline) throw new Error(`never came true: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

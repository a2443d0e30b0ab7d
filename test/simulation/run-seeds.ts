import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'esbuild'
import { build } from 'esbuild'
import type { Violation } from './world.ts'

/** What came of some seeds. */
export interface SeedReport {
  seeds: number
  runs: number
  timers: number
  /** Of each seed, in order. */
  digests: string[]
  failures: { seed: number; violations: Violation[]; digest: string; tail: string }[]
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Where bundles go: packages are found from there. */
export const BUNDLES = join(ROOT, 'dist/simulation')

/** Files of the project that are taken from another folder, where they have the same paths; the bundle goes there too. */
export interface Instead {
  folder: string
  paths: readonly string[]
}

/**
 * Bundles the simulator, with some files of the project instead of its own; returns the program. Unbundled it would take twice the time. With `sourceMaps`
 * errors name the lines of the sources, which takes longer.
 */
export async function bundleSimulator({ instead, sourceMaps = false }: { instead?: Instead; sourceMaps?: boolean } = {}): Promise<string> {
  const outfile = join(instead?.folder ?? BUNDLES, 'main.mjs')
  await build({
    absWorkingDir: ROOT,
    entryPoints: ['test/simulation/main.ts'],
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: sourceMaps && 'inline',
    logLevel: 'warning',
    plugins: instead === undefined ? [] : [takeInstead(instead)],
  })
  return outfile
}

function takeInstead({ folder, paths }: Instead): Plugin {
  const places = new Map(paths.map((path) => [join(ROOT, path), join(folder, path)]))
  return {
    name: 'instead',
    setup: ({ onLoad }) => {
      onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        const place = places.get(path)
        return place === undefined ? undefined : { contents: await readFile(place, 'utf8'), loader: 'ts' }
      })
    },
  }
}

/** Lives through `count` seeds from `first` on in one process of its own; stops at the first failure unless told to keep on. */
export function runSeeds(program: string, first: number, count: number, keepOn = false): Promise<SeedReport> {
  // Young objects die young here: the larger nursery saves a tenth of the time. Much code runs a little: optimizing less of it saves a sixth.
  const words = [
    '--enable-source-maps',
    '--max-semi-space-size=64',
    '--interrupt-budget=600000',
    program,
    String(first),
    String(count),
    ...(keepOn ? ['keep'] : []),
  ]
  return new Promise((resolve, reject) => {
    execFile(process.execPath, words, { maxBuffer: 2 ** 30 }, (error, stdout, stderr) => {
      const line = stdout.trim().split('\n').at(-1) ?? ''
      if (error !== null || line === '') reject(new Error(`the simulator ended early: ${stderr}`, { cause: error }))
      else resolve(JSON.parse(line) as SeedReport)
    })
  })
}

/** The same, shared out among the machine's cores. */
export async function runSeedsInParallel(program: string, first: number, count: number): Promise<SeedReport> {
  const processes = Math.min(availableParallelism(), 4, count)
  const share = Math.ceil(count / processes)
  const starts = Array.from({ length: processes }, (_, index) => first + index * share).filter((start) => start < first + count)
  const reports = await Promise.all(starts.map((start) => runSeeds(program, start, Math.min(share, first + count - start))))
  return {
    seeds: sum(reports, 'seeds'),
    runs: sum(reports, 'runs'),
    timers: sum(reports, 'timers'),
    digests: reports.flatMap(({ digests }) => digests),
    failures: reports.flatMap(({ failures }) => failures),
  }
}

function sum(reports: readonly SeedReport[], field: 'seeds' | 'runs' | 'timers'): number {
  return reports.reduce((total, report) => total + report[field], 0)
}

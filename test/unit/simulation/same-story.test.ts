import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Simulation } from '../../../src/simulation/outcome.ts'
import { mixedWorkflows } from '../../support/mixed-workflows.ts'
import { runCli } from '../../support/run-cli.ts'
import { removeFolder } from '../../support/remove-folder.ts'

let parent: string
let folder: string

beforeAll(async () => {
  parent = await mkdtemp(path.join(tmpdir(), 'fusee-story-'))
  // The names of runs depend on that of the repository.
  folder = path.join(parent, 'jobs')
  await mkdir(path.join(folder, 'workflows'), { recursive: true })
  for (const [name, text] of Object.entries(mixedWorkflows)) await writeFile(path.join(folder, name), text)
})
afterAll(() => removeFolder(parent))

const WORDS = [
  '--from',
  '2026-03-28',
  '--to',
  '2026-03-30',
  '--down',
  '2026-03-28T05:30..2026-03-28T09:10',
  '--down',
  '2026-03-29T00:30..2026-03-29T00:50',
]

it('a simulation tells the story that the engine told before anything was left out of it', async () => {
  const { code, stdout } = await runCli(['simulate', folder, ...WORDS, '--fail', 'chain/last', '--output', 'json'])
  expect(code).toBe(0)
  const { ticks, runs } = JSON.parse(stdout) as Simulation
  const count = (words: readonly (string | null)[]): Record<string, number> =>
    words.reduce<Record<string, number>>((counts, word) => ({ ...counts, [String(word)]: (counts[String(word)] ?? 0) + 1 }), {})
  // First what there is, so that a difference says more than two digests would.
  expect({ fates: count(ticks.map(({ fate }) => fate)), results: count(runs.map(({ result }) => result)) }).toEqual({
    fates: { Fired: 297, Skipped: 101, Missed: 40, Late: 9 },
    results: { Failed: 93, Succeeded: 183, Cancelled: 44, Skipped: 100, TimedOut: 3 },
  })
  expect(createHash('sha256').update(stdout).digest('hex')).toBe('6018ba1bf1ba5aeb9e8ddb59b7c8390b0c2cb0dd91786cefa77125e56913ea58')
})

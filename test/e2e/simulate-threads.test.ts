import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { BUNDLE } from '../../scripts/bundle.ts'
import type { Simulation } from '../../src/simulation/outcome.ts'
import { mixedWorkflows } from '../support/mixed-workflows.ts'
import { removeFolder } from '../support/remove-folder.ts'

const run = promisify(execFile)

it('a simulation in threads tells the story that one thread tells', async () => {
  const parent = await mkdtemp(path.join(tmpdir(), 'fusee-threads-'))
  const folder = path.join(parent, 'jobs')
  await mkdir(path.join(folder, 'workflows'), { recursive: true })
  for (const [name, text] of Object.entries(mixedWorkflows)) await writeFile(path.join(folder, name), text)
  const words = ['--from', '2026-03-26', '--to', '2026-03-31', '--down', '2026-03-28T05:30..2026-03-28T09:10', '--fail', 'chain/last']
  const { stdout } = await run(process.execPath, [BUNDLE, 'simulate', folder, ...words, '--output', 'json'], { maxBuffer: 2 ** 26 })
  // Over a thousand ticks: fewer are not worth a thread.
  expect((JSON.parse(stdout) as Simulation).ticks).toHaveLength(1119)
  // What the program said when it had one thread only.
  expect(createHash('sha256').update(stdout).digest('hex')).toBe('d2bc855ce86d1712511518d109f7a9291c740b382d68c4fae03e238f9ff802b8')
  await removeFolder(parent)
}, 60_000)

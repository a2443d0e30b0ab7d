import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { BUNDLES, bundleSimulator, runSeeds } from './run-seeds.ts'
import { removeFolder } from '../support/remove-folder.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PLANTED = fileURLToPath(new URL('planted', import.meta.url))
const PATCHES = (await readdir(PLANTED)).filter((name) => name.endsWith('.patch')).sort()

/** A mistake is noticed within this many seeds: a fifth of those that the product has to live through. */
const MOST_SEEDS = 200
const LONGEST_MS = 600_000

/** The mistake's own words, the rules of the oracle that it breaks, and a seed that is known to notice it, which saves time. */
function parsePatch(text: string): { title: string; wantRules: string[]; firstSeed: number } {
  const [title = ''] = text.split('\n')
  const rules = /^Noticed as: (.+)$/m.exec(text)?.[1] ?? ''
  return { title, wantRules: rules.split(', '), firstSeed: Number(/^From seed: (\d+)$/m.exec(text)?.[1] ?? '1') }
}

/** The files that the patch touches, patched, by their paths below the root; `git apply` fails when it does not fit exactly. */
async function plant(patch: string, folder: string): Promise<string[]> {
  const text = await readFile(join(PLANTED, patch), 'utf8')
  const paths = [...text.matchAll(/^\+\+\+ b\/(.+)$/gm)].map(([, path = '']) => path)
  for (const path of paths) await cp(join(ROOT, path), join(folder, path))
  const env = { ...process.env, GIT_CEILING_DIRECTORIES: dirname(folder) }
  await promisify(execFile)('git', ['apply', join(PLANTED, patch)], { cwd: folder, env })
  return paths
}

describe('a mistake planted in the product is noticed:', async () => {
  for (const patch of PATCHES) {
    const { title, wantRules, firstSeed } = parsePatch(await readFile(join(PLANTED, patch), 'utf8'))
    it(
      title,
      async () => {
        await mkdir(BUNDLES, { recursive: true })
        const folder = await mkdtemp(join(BUNDLES, 'planted-'))
        try {
          const program = await bundleSimulator({ instead: { folder, paths: await plant(patch, folder) } })
          const report = await runSeeds(program, firstSeed, MOST_SEEDS)
          const [rule] = report.failures.flatMap(({ violations }) => violations.map((violation) => violation.rule))
          expect(wantRules, `of ${report.seeds} seeds the last broke ${rule ?? 'nothing'}`).toContain(rule)
        } finally {
          await removeFolder(folder)
        }
      },
      LONGEST_MS,
    )
  }
})

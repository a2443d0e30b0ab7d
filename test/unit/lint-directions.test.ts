import { resolve } from 'node:path'
import { ESLint, Linter } from 'eslint'
import tseslint from 'typescript-eslint'
import { describe, expect, it } from 'vitest'
import { houseRules } from '../../lint/house-rules.js'

const linter = new Linter({ cwd: resolve('.') })
const config: Linter.Config[] = [{ files: ['**/*.ts'], languageOptions: { parser: tseslint.parser } }, ...houseRules]

/** What lint says about a file of this content, in the order of the lines. */
function problemsOf(file: string, code: string): string[] {
  return linter.verify(code, config, { filename: resolve(file) }).map(({ message }) => message)
}

describe('import directions', () => {
  const refused: { file: string; code: string; want: string }[] = [
    { file: 'src/definitions/a.ts', code: "import { b } from '../runs/b.ts'", want: "'definitions' may not import 'runs'." },
    { file: 'src/definitions/a.ts', code: "import type { B } from '../triggers/b.ts'", want: "'definitions' may not import 'triggers'." },
    { file: 'src/definitions/deep/a.ts', code: "import { b } from '../../git/b.ts'", want: "'definitions' may not import 'git'." },
    { file: 'src/triggers/a.ts', code: "import { b } from '../runs/b.ts'", want: "'triggers' may not import 'runs' but for types." },
    { file: 'src/runs/a.ts', code: "export { b } from '../cluster/ports.ts'", want: "'runs' may not import 'cluster'." },
    { file: 'src/runs/a.ts', code: "export * from '../controller/b.ts'", want: "'runs' may not import 'controller'." },
    { file: 'src/runs/a.ts', code: "const b = await import('../history/b.ts')", want: "'runs' may not import 'history'." },
    { file: 'src/runs/a.ts', code: "type B = import('../history/b.ts').B", want: "'runs' may not import 'history'." },
    { file: 'src/runs/a.ts', code: "import { b } from '../system-clock.ts'", want: "'runs' may not import 'composition'." },
    { file: 'src/clock.ts', code: "import { b } from './runs/b.ts'", want: "'base' may not import 'runs'." },
    { file: 'src/cluster/local/a.ts', code: "import { b } from '../../controller/b.ts'", want: "'cluster' may not import 'controller'." },
    { file: 'src/history/a.ts', code: "import { b } from '../cluster/ports.ts'", want: "'history' may not import 'cluster'." },
    { file: 'src/controller/a.ts', code: "import { b } from '../server/b.ts'", want: "'controller' may not import 'server'." },
    { file: 'src/controller/a.ts', code: "import { b } from '../cli/b.ts'", want: "'controller' may not import 'cli'." },
    { file: 'src/server/a.ts', code: "import { b } from '../cli/b.ts'", want: "'server' may not import 'cli'." },
    { file: 'src/context.ts', code: "import { b } from './cli/b.ts'", want: "'composition' may not import 'cli'." },
    {
      file: 'src/elsewhere/a.ts',
      code: "import { b } from '../runs/b.ts'",
      want: 'src/elsewhere has no place in the house yet: give it one in lint/layers.js.',
    },
    {
      file: 'src/cluster/local/a.ts',
      code: "import { b } from '../simulated/b.ts'",
      want: "Adapters never import each other: move what 'cluster/local' and 'cluster/simulated' share to 'src/cluster'.",
    },
    {
      file: 'src/git/local/deep/a.ts',
      code: "import type { B } from '../../remote/b.ts'",
      want: "Adapters never import each other: move what 'git/local' and 'git/remote' share to 'src/git'.",
    },
    {
      file: 'src/controller/a.ts',
      code: "import { b } from '../cluster/local/b.ts'",
      want: "'controller/a.ts' may not choose the adapter 'cluster/local': import the port, and let the composition root choose.",
    },
  ]
  it.each(refused)('refuse $code in $file', ({ file, code, want }) => {
    expect(problemsOf(file, code)).toEqual([want])
  })

  const allowed: { file: string; code: string }[] = [
    { file: 'src/runs/a.ts', code: "import { b } from '../definitions/b.ts'" },
    { file: 'src/runs/a.ts', code: "import { formatTick } from '../clock.ts'" },
    { file: 'src/triggers/a.ts', code: "import type { Trigger } from '../runs/run.ts'" },
    { file: 'src/cluster/local/a.ts', code: "import { ConflictError } from '../ports.ts'" },
    { file: 'src/cluster/local/a.ts', code: "import { b } from './b.ts'" },
    { file: 'src/controller/a.ts', code: "import type { Context } from '../context.ts'" },
    { file: 'src/context.ts', code: "import { b } from './cluster/local/b.ts'" },
    { file: 'src/cli/serve.ts', code: "import { b } from '../server/b.ts'" },
    { file: 'src/main.ts', code: "import { b } from './cli/b.ts'" },
    { file: 'test/unit/runs/a.test.ts', code: "import { b } from '../../../src/cluster/local/b.ts'" },
  ]
  it.each(allowed)('allow $code in $file', ({ file, code }) => {
    expect(problemsOf(file, code)).toEqual([])
  })
})

describe('purity', () => {
  const impure = [
    "import { readFile } from 'node:fs/promises'",
    "import fs from 'fs'",
    "import { spawn } from 'node:child_process'",
    "import http from 'node:http'",
    "import process from 'node:process'",
    "import { randomUUID } from 'node:crypto'",
    'export const a = Date.now()',
    'export const a = Math.random()',
    'export const a = new Date()',
    'export const a = Date()',
    "export const a = process.env['HOME']",
    'export const a = performance.now()',
    'setTimeout(() => undefined, 5)',
  ]
  const folders = ['src/definitions', 'src/triggers', 'src/runs', 'src/history', 'src/controller', 'src/cluster/simulated']
  it.each(folders)('bites in %s', (folder) => {
    const passed = impure.filter((code) => problemsOf(`${folder}/a.ts`, code).length === 0)
    expect(passed).toEqual([])
  })

  it('keeps packages that do I/O out of pure folders', () => {
    expect(problemsOf('src/runs/a.ts', "import git from 'isomorphic-git'")).toHaveLength(1)
    expect(problemsOf('src/definitions/a.ts', "import Ajv2020 from 'ajv/dist/2020.js'")).toEqual([])
  })

  it('leaves what always gives the same', () => {
    const code = "import { createHash } from 'node:crypto'\nexport const a = [new Date(0), createHash('sha256')]"
    expect(problemsOf('src/runs/a.ts', code)).toEqual([])
  })

  it('leaves adapters their work', () => {
    expect(problemsOf('src/cluster/local/a.ts', "import { spawn } from 'node:child_process'\nexport const a = Date.now()")).toEqual([])
  })
})

describe('the other rules of the house', () => {
  const refused: { file: string; code: string }[] = [
    { file: 'src/git/a.ts', code: 'enum Colour { Red }' },
    { file: 'src/git/a.ts', code: 'export default 1' },
    { file: 'src/git/a.ts', code: 'const a = 1\nexport { a as default }' },
    { file: 'src/cli/a.ts', code: 'process.exitCode = 1' },
    { file: 'src/cli/a.ts', code: 'process.exit()' },
    { file: 'src/main.ts', code: 'process.exit()' },
    { file: 'scripts/a.ts', code: 'process.exit()' },
  ]
  it.each(refused)('refuse $code in $file', ({ file, code }) => {
    expect(problemsOf(file, code)).toHaveLength(1)
  })

  it('let main alone set the exit code', () => {
    expect(problemsOf('src/main.ts', 'process.exitCode = 1')).toEqual([])
  })

  it.each(['src/runs/a.ts', 'src/main.ts'])('are in force for %s', async (file) => {
    const inForce = (await new ESLint().calculateConfigForFile(file)) as { rules: Record<string, unknown[]> }
    const wanted = ['fusee/import-directions', 'no-restricted-properties', '@typescript-eslint/no-floating-promises', 'max-lines']
    expect(wanted.filter((rule) => inForce.rules[rule]?.[0] !== 2)).toEqual([])
  })
})

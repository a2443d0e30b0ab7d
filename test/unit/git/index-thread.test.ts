import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { importCommits, runGit } from '../../support/git-program.ts'
import { removeFolder } from '../../support/remove-folder.ts'

/** A program of one file, as Fusee itself is one: it says how often it ran, and what came of the pack. */
const PROGRAM = `
import { threadId } from 'node:worker_threads'
import { indexPack } from '${resolve('src/git/index-pack.ts')}'
const [folder, bytes] = process.argv.slice(2)
console.log('program in thread', threadId)
try {
  console.log('objects', await indexPack({ folder, gitFolder: folder, file: 'new.pack' }, Number(bytes)))
} catch (error) {
  console.log('failed', error.message)
}
`
let folder: string
/** Where the packages that it needs are found. */
const program = resolve('node_modules/.cache', `index-thread-${process.pid}.mjs`)
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fusee-thread-'))
  const stdin = { contents: PROGRAM, resolveDir: resolve('.') }
  await build({ stdin, outfile: program, bundle: true, packages: 'external', platform: 'node', format: 'esm', logLevel: 'error' })
})
afterAll(async () => {
  await rm(program, { force: true })
  await removeFolder(folder)
})

async function run(bytes: number): Promise<string[]> {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [program, folder, String(bytes)])
  expect(stderr).toBe('')
  return stdout.trimEnd().split('\n')
}

it('indexes a large pack on a thread of its own, started from the program, which does not run twice', async () => {
  const repository = join(folder, 'repository')
  await runGit(folder, ['init', '--quiet', '--bare', repository])
  await importCommits(repository, [{ a: randomBytes(1000).toString('hex') }, { b: '2' }])
  await runGit(repository, ['repack', '-a', '-d', '-q'])
  const packs = join(repository, 'objects/pack')
  const pack = (await readdir(packs)).find((name) => name.endsWith('.pack')) ?? ''
  await promisify(execFile)('cp', [join(packs, pack), join(folder, 'new.pack')])
  expect(await run(5 << 20)).toEqual(['program in thread 0', 'objects 6'])
  await runGit(folder, ['verify-pack', 'new.idx'])
})

it('tells what is wrong with a pack', async () => {
  await writeFile(join(folder, 'new.pack'), 'PACK and nothing')
  const [first, second] = await run(5 << 20)
  expect(first).toBe('program in thread 0')
  expect(second).toMatch(/^failed ./)
})

/**
 * `npm run bench:validate [FILES]`: the real `fusee validate` on a folder of so many workflows (default 10,000), wall clock and CPU of one call: of files that are
 * alike but for names and times, and of files in which every step is its own; then under `--watch`, how long after one file was written the new verdict on all
 * is there.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import path from 'node:path'
import { buildBundle, BUNDLE } from '../../scripts/bundle.ts'
import { SETTLE_MS } from '../../src/cli/watch-folder.ts'
import { removeFolder } from '../support/remove-folder.ts'
import { alikeFile, FOLDERS, ownFile } from './definition-files.ts'

const FILES = Number(process.argv[2] ?? '10000')
const CHANGES = 30

function placeOf(root: string, index: number): string {
  return path.join(root, 'workflows', `team-${index % FOLDERS}`, `report-${index}.yaml`)
}

/** Writes the files and checks them, as a person does. Bash knows what CPU its children took. */
async function validateOnce(root: string, what: string, fileOf: (index: number) => string): Promise<string> {
  let bytes = 0
  for (let index = 0; index < FILES; index++) {
    const text = fileOf(index)
    bytes += text.length
    await mkdir(path.dirname(placeOf(root, index)), { recursive: true })
    await writeFile(placeOf(root, index), text)
  }
  const start = performance.now()
  const command = `TIMEFORMAT='%U s of CPU in the program, %S s in the system'; time ${process.execPath} ${BUNDLE} validate ${root} > ${root}/verdict`
  const { stderr, status } = spawnSync('bash', ['-c', command], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`validate ended with ${String(status)}: ${stderr}`)
  const took = performance.now() - start
  return `validate of ${FILES} files ${what}, ${(bytes / FILES / 1000).toFixed(1)} KB each: ${took.toFixed(0)} ms; ${stderr.trim()}`
}

/** Milliseconds from a change to the verdict, for each of some changes. */
async function watchChanges(root: string): Promise<number[]> {
  const child = spawn(process.execPath, [BUNDLE, 'validate', root, '--watch'], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    const verdicts = readVerdicts(child.stdout)
    await verdicts.next()
    const took: number[] = []
    for (let index = 0; index < CHANGES; index++) {
      const start = performance.now()
      await writeFile(placeOf(root, index), ownFile(index).replace('timeout: ', 'timeout: 1h'))
      await verdicts.next()
      took.push(performance.now() - start)
    }
    return took.sort((one, other) => one - other)
  } finally {
    child.kill()
    await once(child, 'exit')
  }
}

/** Each verdict ends with a line of totals. */
async function* readVerdicts(output: AsyncIterable<Buffer>): AsyncGenerator<undefined, undefined> {
  for await (const part of output) if (part.toString().includes('workflows: ')) yield
  throw new Error('validate --watch has ended')
}

await buildBundle()
const root = await mkdtemp(path.join(tmpdir(), 'fusee-validate-'))
try {
  process.stdout.write(`${await validateOnce(root, 'that are alike', alikeFile)}\n`)
  process.stdout.write(`${await validateOnce(root, 'of which no two have a step in common', ownFile)}\n`)
  const took = await watchChanges(root)
  const at = (part: number): string => `${(took[Math.floor(part * (took.length - 1))] ?? 0).toFixed(0)} ms`
  process.stdout.write(`one changed file under --watch: median ${at(0.5)}, slowest ${at(1)} (${SETTLE_MS} ms of it are the wait for more changes)\n`)
  process.stdout.write(`cores: ${availableParallelism()}; load at the end: ${loadavg()[0]?.toFixed(1) ?? ''}\n`)
} finally {
  await removeFolder(root)
}

/**
 * How long a push waits for its first step, and a step for its successor: a real `fusee serve` on a local folder, chains of steps that
 * write down the clock as their first and last instruction. Beside it the same chain as a plain shell script that starts one `sh -c`
 * after the other, which nothing can undercut. Run by `npm run bench:latency`.
 */
import { spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { loadavg } from 'node:os'
import path from 'node:path'
import Table from 'cli-table3'
import { buildBundle } from '../../scripts/bundle.ts'
import { createSeededRandom } from '../../src/simulation/seeded-random.ts'
import { createFollowed } from '../support/followed.ts'

const RUNS = 10
const STEPS = 20

/** One chain that has run. Milliseconds; `pushedAt` is when the commit was visible, null for the plain script. */
interface Chain {
  pushedAt: number | null
  starts: number[]
  ends: number[]
}

const stamp = (file: string, name: string, what: string): string => `echo "${name} ${what} $(date +%s%N)" >> '${file}'`

await buildBundle()
const [fusee, plain] = [await runChains(), await runPlainChains()]
process.stdout.write(
  `${formatTable(fusee, plain)}\nload of this machine at the end: ${loadavg()
    .map((load) => load.toFixed(1))
    .join(' ')}\n`,
)

async function runChains(): Promise<Chain[]> {
  const followed = await createFollowed({ files: { 'notes.txt': '' } })
  const random = createSeededRandom('latency')
  try {
    const stamps = path.join(followed.folder, 'stamps')
    const server = followed.serve()
    await server.waitForLine('the first look', ({ msg }) => msg === 'definitions in force')
    const chains: Chain[] = []
    let files: Record<string, string> = { 'workflows/chain.yaml': chainWorkflow(stamps) }
    for (let run = 0; run < RUNS; run++) {
      // The folder is looked at every second: pushes come at any moment of it.
      await new Promise((resolve) => setTimeout(resolve, random.integer(0, 1000)))
      await writeFile(stamps, '')
      const tip = await followed.push(files)
      const pushedAt = performance.timeOrigin + performance.now()
      const created = await server.waitForLine('the run', ({ msg, commit }) => msg === 'run created' && commit === tip)
      await server.waitForLine('its end', ({ msg, run: name }) => msg === 'run finished' && name === created['run'])
      chains.push({ pushedAt, ...(await readStamps(stamps)) })
      files = { 'notes.txt': String(run) }
    }
    await server.stop()
    return chains
  } finally {
    await followed.close()
  }
}

function chainWorkflow(stamps: string): string {
  const steps = Array.from({ length: STEPS }, (_, index) => {
    const name = `s${String(index).padStart(2, '0')}`
    return `    - name: ${name}\n      script: |\n        ${stamp(stamps, name, 'start')}\n        ${stamp(stamps, name, 'end')}\n`
  })
  return `apiVersion: fusee.dev/v1alpha1
kind: Workflow
metadata: {name: chain}
spec:
  triggers: {push: {}}
  chain: true
  defaults: {image: "busybox:1.36"}
  steps:
${steps.join('')}`
}

async function runPlainChains(): Promise<Chain[]> {
  const followed = await createFollowed({ files: null })
  try {
    const stamps = path.join(followed.folder, 'stamps')
    const lines = Array.from(
      { length: STEPS },
      (_, index) =>
        `/bin/sh -eu -c '${[stamp(stamps, `s${index}`, 'start'), stamp(stamps, `s${index}`, 'end')].join('\n').replaceAll("'", `'\\''`)}'`,
    )
    const chains: Chain[] = []
    for (let run = 0; run < RUNS; run++) {
      await writeFile(stamps, '')
      const script = spawn('/bin/sh', ['-eu', '-c', lines.join('\n')], { stdio: 'inherit' })
      await new Promise((resolve) => script.on('close', resolve))
      chains.push({ pushedAt: null, ...(await readStamps(stamps)) })
    }
    return chains
  } finally {
    await followed.close()
  }
}

async function readStamps(file: string): Promise<Pick<Chain, 'starts' | 'ends'>> {
  const lines = (await readFile(file, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' '))
  const times = (wanted: string): number[] => lines.filter(([, what]) => what === wanted).map(([, , at]) => Number(BigInt(at ?? 0) / 1000n) / 1000)
  const [starts, ends] = [times('start'), times('end')]
  if (starts.length !== STEPS || ends.length !== STEPS)
    throw new Error(`a chain of ${STEPS} steps has left ${starts.length} and ${ends.length} stamps`)
  return { starts, ends }
}

function formatTable(fusee: readonly Chain[], plain: readonly Chain[]): string {
  const waits = fusee.map((chain) => (chain.starts[0] ?? NaN) - (chain.pushedAt ?? NaN))
  const [gaps, plainGaps] = [fusee.flatMap(gapsOf), plain.flatMap(gapsOf)]
  const [wholes, plainWholes] = [fusee.map(wholeOf), plain.map(wholeOf)]
  const table = new Table({
    head: ['milliseconds', 'n', 'median', 'p99', 'most'],
    style: { head: [], border: [] },
    colAligns: ['left', 'right', 'right', 'right', 'right'],
  })
  table.push(
    ['push visible to first instruction', ...figures(waits)],
    ['end of a step to first instruction of the next', ...figures(gaps)],
    ['the same in a plain shell script', ...figures(plainGaps)],
    [`a chain of ${STEPS} steps`, ...figures(wholes)],
    ['the same in a plain shell script', ...figures(plainWholes)],
  )
  const ratio = (ours: readonly number[], theirs: readonly number[], share: number): string =>
    (quantile(ours, share) / quantile(theirs, share)).toFixed(1)
  return `${table.toString()}\nratio to the plain script, step to step: median ${ratio(gaps, plainGaps, 0.5)}, p99 ${ratio(gaps, plainGaps, 0.99)}; whole chain: median ${ratio(wholes, plainWholes, 0.5)}`
}

function gapsOf({ starts, ends }: Chain): number[] {
  return starts.slice(1).map((start, index) => start - (ends[index] ?? NaN))
}

function wholeOf({ starts, ends }: Chain): number {
  return (ends.at(-1) ?? NaN) - (starts[0] ?? NaN)
}

function figures(values: readonly number[]): string[] {
  return [String(values.length), ...[0.5, 0.99, 1].map((share) => quantile(values, share).toFixed(1))]
}

/** The smallest value that this share of the values does not exceed. */
function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN
}

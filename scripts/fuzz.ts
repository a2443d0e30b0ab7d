import { fork } from 'node:child_process'
import { tryDocuments, type Tried } from '../test/fuzz/try-documents.ts'

/**
 * `npm run fuzz [-- DOCUMENTS [SEED]]`: mutated and random documents (100,000 unless told otherwise) through parse, validate and plan, in a process of its own whose
 * memory is bounded. Ends with 1 when one throws, is read otherwise by the quick reading than by the careful one, hangs, takes more than a second of CPU, or when memory grows.
 */

const HEAP_MB = 512
const SILENCE_MS = 60_000
const MOST_CPU_MS = 1000
const MOST_GROWTH_MB = 64
const ROUNDS = 20
const PER_REPOSITORY = 3

type Message = { kind: 'At'; index: number } | { kind: 'Round'; tried: Tried; heapMb: number }

const [documents = '100000', seed = String(Date.now()), isChild] = process.argv.slice(2)
const perRound = Math.ceil(Number(documents) / PER_REPOSITORY / ROUNDS)

if (isChild === undefined) watch()
else await work()

function watch(): void {
  const child = fork(process.argv[1] ?? '', [documents, seed, 'child'], { execArgv: [`--max-old-space-size=${HEAP_MB}`, '--expose-gc'] })
  let at = 0
  const heaps: number[] = []
  const faults: string[] = []
  let total: Tried = { documents: 0, valid: 0, diagnostics: 0, quick: 0, slowestMs: 0, slowest: 0 }
  const silence = setTimeout(() => {
    faults.push(`document ${at} hangs`)
    child.kill('SIGKILL')
  }, SILENCE_MS)
  child.on('message', (message: Message) => {
    silence.refresh()
    if (message.kind === 'At') at = message.index
    else {
      const { tried } = message
      heaps.push(message.heapMb)
      const slower = tried.slowestMs > total.slowestMs ? tried : total
      total = {
        documents: total.documents + tried.documents,
        valid: total.valid + tried.valid,
        diagnostics: total.diagnostics + tried.diagnostics,
        quick: total.quick + tried.quick,
        slowestMs: slower.slowestMs,
        slowest: slower.slowest,
      }
    }
  })
  child.on('exit', (code, signal) => {
    clearTimeout(silence)
    if (code !== 0) faults.push(`ended with ${code ?? signal ?? ''} at document ${at}`)
    if (total.slowestMs > MOST_CPU_MS) faults.push(`document ${total.slowest} took ${total.slowestMs.toFixed(0)} ms of CPU`)
    const growth = (heaps.at(-1) ?? 0) - (heaps[1] ?? heaps[0] ?? 0)
    if (growth > MOST_GROWTH_MB) faults.push(`memory grew by ${growth.toFixed(0)} MB`)
    const { documents: count, valid, diagnostics, quick, slowestMs } = total
    process.stdout.write(
      `seed ${seed}: ${count} documents, ${valid} repositories without errors, ${diagnostics} diagnostics, ${quick} read quickly and the same with care, slowest ${slowestMs.toFixed(0)} ms of CPU, heap ${heaps.map((heap) => heap.toFixed(0)).join(' ')} MB\n`,
    )
    for (const fault of faults) process.stdout.write(`fuzz: ${fault}\n`)
    process.exitCode = faults.length === 0 ? 0 : 1
  })
}

async function work(): Promise<void> {
  const send = (message: Message) => process.send?.(message)
  for (let round = 0; round < ROUNDS; round++) {
    const tried = await tryDocuments(seed, round * perRound, perRound, (index) => send({ kind: 'At', index }))
    global.gc?.()
    send({ kind: 'Round', tried, heapMb: process.memoryUsage().heapUsed / 2 ** 20 })
  }
}

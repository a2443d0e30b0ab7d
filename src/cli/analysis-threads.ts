import { availableParallelism } from 'node:os'
import { setImmediate } from 'node:timers/promises'
import type { Worker } from 'node:worker_threads'
import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import { analyseFile, type FileAnalysis } from '../definitions/analyse-file.ts'
import { createDefinitionCache } from '../definitions/definition-cache.ts'
import type { Elsewhere } from '../definitions/load-definitions.ts'
import { startThread } from './start-thread.ts'

/** Threads that read definition files. */
export interface AnalysisThreads extends Elsewhere {
  /** Ends them. */
  close(): Promise<void>
}

const TASK = 'fusee-analyse'
/** Batches under way for each thread: one that it works at, others that wait for it while this one works too. */
const LANES_EACH = 3
interface Answer {
  number: number
  /** As JSON, which is quicker than having the objects copied. */
  analyses: (string | null)[]
}

/**
 * One thread for each core but that of this one, started when they are first needed, from the very file that the program is; this one reads the files, and
 * checks its share between handing them out. Null where there is one core, or the program is TypeScript, which Node 20 cannot start.
 */
export function createAnalysisThreads(): AnalysisThreads | null {
  const cores = availableParallelism()
  if (!isMainThread || cores < 2 || import.meta.url.endsWith('.ts')) return null
  const threads = Array.from({ length: cores - 1 }, createThread)
  return {
    lanes: threads.length * LANES_EACH + 1,
    analyse: (contents) => threads.find((thread) => thread.isFree())?.analyse(contents) ?? leaveToCaller(),
    close: async () => void (await Promise.all(threads.map((thread) => thread.close()))),
  }
}

/** Nothing is known of the contents, once the answers that other threads have sent are read: they wait for more. */
async function leaveToCaller(): Promise<[]> {
  await setImmediate()
  return []
}

function createThread(): Pick<AnalysisThreads, 'analyse' | 'close'> & { isFree(): boolean } {
  const waiting = new Map<number, { resolve: (analyses: (FileAnalysis | null)[]) => void; reject: (error: unknown) => void }>()
  let worker: Worker | null = null
  let number = 0
  return {
    isFree: () => waiting.size < LANES_EACH,
    analyse(contents) {
      worker ??= start()
      const own = number++
      worker.postMessage({ number: own, contents })
      return new Promise((resolve, reject) => waiting.set(own, { resolve, reject }))
    },
    async close() {
      await worker?.terminate()
    },
  }

  function start(): Worker {
    const fail = (error: unknown): void => {
      for (const { reject } of waiting.values()) reject(error)
      waiting.clear()
    }
    return startThread({ task: TASK })
      .on('message', (answer: Answer) => {
        waiting.get(answer.number)?.resolve(answer.analyses.map((text) => (text === null ? null : (JSON.parse(text) as FileAnalysis))))
        waiting.delete(answer.number)
      })
      .on('error', fail)
      .on('exit', () => fail(new Error('a thread that checks files has ended')))
  }
}

/** What can be told to another thread; what holds functions, since other files are not known yet, is left to that one. */
function told(analysis: FileAnalysis): string | null {
  return analysis.workflows.some(({ withOthers }) => withOthers !== null) ? null : JSON.stringify(analysis)
}

if (!isMainThread && (workerData as { task?: unknown } | null)?.task === TASK) {
  const tools = createDefinitionCache()
  parentPort?.on('message', ({ number, contents }: { number: number; contents: Uint8Array[] }) => {
    const answer: Answer = { number, analyses: contents.map((bytes) => told(analyseFile(bytes, tools))) }
    parentPort?.postMessage(answer)
  })
  // What follows in the file that it was started from is the program, which must not run again: here it waits to be ended.
  await new Promise<never>(() => undefined)
}

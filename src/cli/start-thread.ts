import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { Worker } from 'node:worker_threads'

/** Work in threads leaves much behind that is gone a moment later; with more room for it, less is looked through. */
const YOUNG_MB = 64

/**
 * Functions that call many others are made faster with these written into them, which takes V8 up to a second of CPU for a single one, in each thread:
 * with so much less of it, thousands of files, or a year of ticks, are through sooner, and many more would not be slower.
 */
const LESS_INLINING = '--max-inlined-bytecode-size-cumulative=100'

/** Starts a thread from the very file that the program is, which finds its task in `workerData`. */
export function startThread(workerData: object): Worker {
  setFlagsFromString(LESS_INLINING)
  return new Worker(fileURLToPath(import.meta.url), { workerData, resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } })
}

import fs from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads'
import git from 'isomorphic-git'

/** A pack that needs its index. */
export interface PackToIndex {
  /** The pack, relative to `folder`; its index comes to lie beside it. */
  file: string
  folder: string
  /** Git directory with what the pack's deltas may refer to. */
  gitFolder: string
}

/** What came of it, as one thread tells another. */
type Outcome = { count: number } | { message: string; code: string | null }

const TASK = 'fusee-index-pack'
/** Below it, starting a thread takes longer than the work. */
const WORTH_A_THREAD_BYTES = 4 << 20

/**
 * Writes the index of a pack; the number of objects in it. That reads and inflates all of the pack, so it is done beside the main
 * thread when it takes long. The thread starts from the very file that the program is; where that is TypeScript, which Node 20 cannot
 * start, the work is done here. Rejects with what the library says.
 */
export async function indexPack(pack: PackToIndex, bytes: number): Promise<number> {
  if (bytes < WORTH_A_THREAD_BYTES || !isMainThread || import.meta.url.endsWith('.ts')) return indexHere(pack)
  const worker = new Worker(fileURLToPath(import.meta.url), { workerData: { task: TASK, pack } })
  const outcome = await new Promise<Outcome>((resolve, reject) => {
    worker.on('message', resolve).on('error', reject)
    worker.on('exit', () => reject(new Error('the thread that indexes a pack has ended')))
  }).finally(() => worker.terminate())
  if ('count' in outcome) return outcome.count
  throw Object.assign(new Error(outcome.message), outcome.code === null ? {} : { code: outcome.code })
}

async function indexHere({ file, folder, gitFolder }: PackToIndex): Promise<number> {
  const { oids } = await git.indexPack({ fs, dir: folder, gitdir: gitFolder, filepath: file, cache: {} })
  return oids.length
}

/** Whether this thread is one of ours, and not the program itself. */
function isIndexThread(): boolean {
  return !isMainThread && (workerData as { task?: unknown } | null)?.task === TASK
}

async function work(): Promise<Outcome> {
  try {
    return { count: await indexHere((workerData as { pack: PackToIndex }).pack) }
  } catch (error) {
    const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null
    return { message: error instanceof Error ? error.message : String(error), code }
  }
}

if (isIndexThread()) {
  parentPort?.postMessage(await work())
  // What follows in the file that it was started from is the program, which must not run again: here it waits to be ended.
  parentPort?.on('message', () => undefined)
  await new Promise<never>(() => undefined)
}

import { availableParallelism } from 'node:os'
import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import type { Files } from '../definitions/files.ts'
import type { Definitions } from '../definitions/workflow.ts'
import { readRunSource } from '../run-source.ts'
import type { Simulation } from '../simulation/outcome.ts'
import { joinSimulations } from '../simulation/outcome.ts'
import type { SimulatedPart, SimulationOptions } from '../simulation/simulate.ts'
import { MOST_STEPS, simulatePart } from '../simulation/simulate.ts'
import { mostAtOnce, splitFiles } from '../simulation/split.ts'
import { createCronCache } from '../triggers/cron.ts'
import { startThread } from './start-thread.ts'

/** Fewer ticks are through sooner than further threads have begun. */
const FEWEST_TICKS = 1000
const MOST_THREADS = 4
const TASK = 'fusee-simulate'
interface Told extends Omit<SimulationOptions, 'files' | 'schedules'> {
  root: string
  /** The files of the part. */
  files: string[]
  /** All files with definitions. */
  all: string[]
}

/**
 * The simulation in as many threads as the machine works at a time, each with workflows that those of the others cannot affect; null where that is
 * not worth it or not possible, and where so many steps would be active at once that the parts do affect one another.
 */
export async function simulateInThreads(options: SimulationOptions, definitions: Definitions, root: string): Promise<Simulation | null> {
  if (!isMainThread || import.meta.url.endsWith('.ts')) return null
  const { files: _files, schedules, ...rest } = options
  const cron = createCronCache()
  const weightOf = ({ name, ...schedule }: (typeof schedules)[number]): number =>
    cron.ticks({ ...schedule, seed: `default/${options.repository} ${name}` }).count(options.fromMs, options.toMs)
  if (schedules.reduce((sum, schedule) => sum + weightOf(schedule), 0) < FEWEST_TICKS) return null
  const parts = splitFiles(definitions, Math.min(MOST_THREADS, availableParallelism()), weightOf)
  if (parts.length < 2) return null
  const done = await Promise.all(parts.map((files) => runPart({ ...rest, root, files, all: parts.flat() })))
  return mostAtOnce(done.map(({ activity }) => activity)) > MOST_STEPS ? null : joinSimulations(done.map(({ simulation }) => simulation))
}

async function runPart(told: Told): Promise<SimulatedPart> {
  const worker = startThread({ task: TASK, told })
  try {
    return await new Promise<SimulatedPart>((resolve, reject) => {
      worker
        .on('message', resolve)
        .on('error', reject)
        .on('exit', () => {
          reject(new Error('a thread of the simulation has ended'))
        })
    })
  } finally {
    await worker.terminate()
  }
}

/** The files without those that belong to other parts. */
function onlyPart(files: Files, { files: own, all }: Told): Files {
  const others = new Set(all)
  for (const file of own) others.delete(file)
  return { ...files, list: async (folder) => (await files.list(folder)).filter(({ path }) => !others.has(path)) }
}

const task = workerData as { task?: unknown; told: Told } | null
if (!isMainThread && task?.task === TASK) {
  const { told } = task
  const { files, definitions } = await readRunSource({ root: told.root, path: told.path, commit: null })
  const schedules = definitions.schedules.filter(({ file }) => told.files.includes(file))
  parentPort?.postMessage(await simulatePart({ ...told, files: onlyPart(files, told), schedules }))
  // What follows in the file that it was started from is the program, which must not run again: here it waits to be ended.
  parentPort?.ref()
  await new Promise<never>(() => undefined)
}

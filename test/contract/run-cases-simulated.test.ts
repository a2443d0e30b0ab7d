import { describe, it } from 'vitest'
import { createSimulatedCluster } from '../../src/cluster/simulated/cluster.ts'
import type { PodScripts } from '../../src/cluster/simulated/pod-script.ts'
import { plainWriteSite } from '../../src/crash-points.ts'
import { jobName } from '../../src/runs/names.ts'
import type { StoredRun } from '../../src/runs/run.ts'
import { createSeededRandom } from '../../src/simulation/seeded-random.ts'
import { createVirtualClock } from '../../src/simulation/virtual-clock.ts'
import type { RunCase } from '../cases/run-case.ts'
import { RUN_CASES } from '../cases/run-cases.ts'
import { createFaults, NO_FAULTS } from '../simulation/faults.ts'
import { NOON } from '../support/builders.ts'
import { carryOut, caseRunName } from '../support/carry-out-case.ts'
import { expectCase } from '../support/run-case.ts'

const DAY_MS = 86_400_000
const FAULTY_SEEDS = 5

/** Pods do what the case says. */
function scriptsOf(one: RunCase, key: string): PodScripts {
  const run = caseRunName(key)
  const outcomes = new Map(Object.entries(one.outcomes ?? {}).map(([step, outcome]) => [jobName(run, step), outcome]))
  return (job, attempt) => {
    const { exitCodes = [0], results = '', lasts = false, blocked } = outcomes.get(job.metadata.name) ?? {}
    const exitCode = exitCodes[Math.min(attempt, exitCodes.length - 1)] ?? 0
    return {
      startMs: 10,
      runMs: lasts ? DAY_MS : 200,
      exitCode,
      log: '',
      message: results,
      termMs: 0,
      lostAfterMs: null,
      ...(blocked !== undefined && { blocked }),
    }
  }
}

/** Every call of these ports may fail before or after it has had its effect, but for the first write of the run. */
function withFaults<T extends object>(ports: T, faults: ReturnType<typeof createFaults>): T {
  return new Proxy(ports, {
    get(target, method) {
      const value: unknown = Reflect.get(target, method)
      if (typeof value !== 'function' || method === 'subscribe' || method === 'createRun') return value
      return async (...words: unknown[]) => {
        const { failBefore, failAfter } = faults.fateOf('runs', String(method))
        if (failBefore !== null) throw failBefore
        const answer: unknown = await Reflect.apply(value, target, words)
        if (failAfter !== null) throw failAfter
        return answer
      }
    },
  })
}

async function play(one: RunCase, seed: string, rate: number): Promise<StoredRun> {
  const clock = createVirtualClock(NOON)
  const random = createSeededRandom(seed)
  const faults = createFaults(random.fork('faults'), { ...NO_FAULTS, failBefore: rate, failAfter: rate })
  const cluster = createSimulatedCluster({ clock, random: random.fork('cluster'), scripts: scriptsOf(one, seed) })
  const ports = { runs: withFaults(cluster.runs, faults), jobs: withFaults(cluster.jobs, faults) }
  let isDone = false
  const context = { clock, random: random.fork('queue'), ...ports, writeSite: plainWriteSite, report: () => undefined }
  const run = carryOut(one, seed, context, { people: cluster.runs }).finally(() => {
    isDone = true
  })
  await clock.runUntil(NOON + 2 * DAY_MS, () => isDone)
  return run
}

describe('the table of runs, in the simulator', () => {
  it.each(RUN_CASES)('$name', async (one) => {
    expectCase(one, await play(one, 'calm', 0))
  })

  it.each(RUN_CASES)('$name, with faults', async (one) => {
    // Backing off from faults takes longer than the shortest time-outs, in which a run would end without having begun.
    const patient = { ...one, spec: one.spec.replace(/^timeout: \d+s$/m, 'timeout: 1h') }
    for (let seed = 0; seed < FAULTY_SEEDS; seed++) expectCase(patient, await play(patient, `faulty ${seed}`, 0.15))
  })
})

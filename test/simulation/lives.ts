import { ConflictError } from '../../src/cluster/ports.ts'
import type { SimulatedCluster } from '../../src/cluster/simulated/cluster.ts'
import type { DefinitionCache } from '../../src/definitions/definition-cache.ts'
import type { Context, FollowedRepository } from '../../src/context.ts'
import type { Controller } from '../../src/controller/controller.ts'
import type { RepositoryState, Wake } from '../../src/controller/repository.ts'
import { rerun, rerunRecorded, type RerunAnswer, type RerunWish } from '../../src/controller/rerun.ts'
import { GitError } from '../../src/git/ports.ts'
import { parseRecord } from '../../src/history/record.ts'
import type { StoredRun } from '../../src/runs/run.ts'
import type { SeededRandom } from '../../src/simulation/seeded-random.ts'
import type { VirtualClock } from '../../src/simulation/virtual-clock.ts'
import { isFault, type Faults } from './faults.ts'
import type { Case } from './oracle/case.ts'
import { createProcess, type SimulatedProcess } from './process.ts'
import type { Scenario } from './scenario.ts'
import type { Trace } from './trace.ts'

/** What is simulated: created on a context for each life of the process. */
export type CreateController = (context: Context) => Pick<Controller, 'start' | 'drain' | 'repositories' | 'wake'>

const FIRST_RESTART_MS = 1_000
const LONGEST_RESTART_MS = 20_000
/** A process that is asked to drain is killed when it takes longer. */
const DRAIN_MS = 30_000
/** No call is on its way for longer. */
const LONGEST_CALL_MS = 10_000

/** The lives of the controller's process. */
export interface Lives {
  begin(): void
  crash(downMs: number): void
  deploy(downMs: number): void
  /** Everything that runs ends at once, also what drains. */
  lose(downMs: number): void
  stepClock(byMs: number): void
  stepClockBack(): void
  /** Asks the process, if there is one, for a run once more. Who asks gives up when it fails. */
  rerun(run: StoredRun, key: string, failedOnly: boolean): void
  /** The same for a run of which only the text of its record is left. */
  rerunRecorded(record: string, key: string, failedOnly: boolean): void
}

/** What all lives share. */
export interface LivesGround {
  clock: VirtualClock
  random: SeededRandom
  faults: Faults
  trace: Trace
  /** The one that there is now. */
  cluster: () => SimulatedCluster
  createRepository: () => FollowedRepository
  createController: CreateController
  definitionCache: DefinitionCache
  judged: Case
}

/** One process after the other, never two at once: after each end the next begins. */
export function createLives(scenario: Scenario, ground: LivesGround): Lives {
  const { clock, random, faults, trace, cluster, createRepository, createController, definitionCache, judged } = ground
  const restarts = random.fork('restarts')
  let count = 0
  let offsetMs = 0
  let draining: SimulatedProcess | null = null
  let current: { process: SimulatedProcess; controller: ReturnType<CreateController> } | null = null

  function begin(): void {
    const name = `p${++count}`
    trace.add(`${name} begins`)
    const process = createProcess(name, {
      clock,
      random,
      faults,
      ...cluster(),
      createRepository,
      definitionCache,
      report(event) {
        trace.add(`${name} ${event.kind}`, event)
        if (event.kind === 'ReconcileFailed') checkFailure(event)
      },
      trace: (text) => trace.add(text),
      onCrash: () => beginAfter(restarts.integer(FIRST_RESTART_MS, LONGEST_RESTART_MS)),
    })
    process.stepClock(offsetMs)
    const controller = createController(process.context)
    current = { process, controller }
    controller.start()
  }

  /** A fault explains a failure; nothing else may, and when all is well nothing may fail at all. */
  function checkFailure({ key, error }: { key: string; error: unknown }): void {
    const isTooLate = clock.now() > scenario.troubleUntilMs + LONGEST_CALL_MS
    if (isExplained(error) && !isTooLate) return
    const stack = error instanceof Error ? error.stack : String(error)
    judged.complain(isExplained(error) ? 'fails-in-calm' : 'bug', `${key}: ${stack}`)
  }

  function beginAfter(downMs: number): void {
    current = null
    const atMs = Math.min(clock.now() + downMs, Math.max(scenario.troubleUntilMs, clock.now() + FIRST_RESTART_MS))
    clock.setTimer(atMs, begin)
  }

  function ask(
    key: string,
    failedOnly: boolean,
    rerunBy: (context: Context, state: RepositoryState, wish: RerunWish, wake: Wake) => Promise<RerunAnswer>,
  ): void {
    const state = current?.controller.repositories()[0]
    if (current === null || state === undefined) return
    const { process, controller } = current
    const trigger = { kind: 'Rerun', key, by: 'ada' } as const
    rerunBy(process.context, state, { trigger, failedOnly, isUnique: true }, controller.wake).then(
      (answer) => trace.add(`rerun ${answer.kind}`),
      (error: unknown) => {
        if (!isExplained(error)) judged.complain('bug', `rerun ${key}: ${error instanceof Error ? error.stack : String(error)}`)
      },
    )
  }

  return {
    begin,
    crash(downMs) {
      if (current === null) return
      current.process.kill()
      beginAfter(downMs)
    },
    deploy(downMs) {
      if (current === null) return
      const { process, controller } = current
      current = null
      draining = process
      let isOver = false
      const end = (how: string) => (): void => {
        if (isOver) return
        isOver = true
        trace.add(how)
        const died = !process.isAlive
        process.kill()
        if (!died) beginAfter(downMs)
      }
      clock.setTimer(clock.now() + DRAIN_MS, end('drain took too long'))
      void controller.drain(DRAIN_MS / 2).then(end('drained'))
    },
    lose(downMs) {
      const isUp = current !== null || draining?.isAlive === true
      for (const process of [current?.process, draining]) process?.kill()
      if (isUp) beginAfter(downMs)
    },
    stepClock(byMs) {
      offsetMs += byMs
      current?.process.stepClock(byMs)
    },
    stepClockBack() {
      current?.process.stepClock(-offsetMs)
      offsetMs = 0
    },
    rerun: (run, key, failedOnly) => ask(key, failedOnly, (context, state, wish, wake) => rerun(context, state, run, wish, wake)),
    rerunRecorded: (record, key, failedOnly) =>
      ask(key, failedOnly, (context, state, wish, wake) => rerunRecorded(context, state, parseRecord(record), wish, wake)),
  }
}

/** Whether the error is one that the world has made, or what the ports say happens without any fault. */
function isExplained(error: unknown): boolean {
  return isFault(error) || error instanceof GitError || error instanceof ConflictError
}

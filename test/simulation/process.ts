import type { Clock } from '../../src/clock.ts'
import type { LoggedJobs, RunCluster } from '../../src/cluster/ports.ts'
import type { Context, FollowedRepository } from '../../src/context.ts'
import { alwaysFollowed } from '../../src/context.ts'
import type { WriteSite } from '../../src/crash-points.ts'
import type { DefinitionCache } from '../../src/definitions/definition-cache.ts'
import type { Files } from '../../src/definitions/files.ts'
import type { ReviewBranches, SourceRepository, StatusBranch } from '../../src/git/ports.ts'
import type { SeededRandom } from '../../src/simulation/seeded-random.ts'
import type { Faults, Port } from './faults.ts'

/** What a process stands on: the world, which goes on when the process has died. */
export interface Ground {
  clock: Clock
  random: SeededRandom
  faults: Faults
  runs: RunCluster
  jobs: LoggedJobs
  /** Fresh ones for each process: what they know of the remote dies with it. */
  createRepository: () => FollowedRepository
  report: Context['report']
  /** Knows every file before a process sees it, so that a life is the same whatever was read before it. */
  definitionCache: DefinitionCache
  trace: (text: string) => void
  /** Told when the process stops at a write site. */
  onCrash: () => void
}

/** One life of the controller's process. */
export interface SimulatedProcess {
  context: Context
  /** Stops the process where it is: its promises never resolve, its timers never fire, it hears nothing any more. */
  kill(): void
  readonly isAlive: boolean
  /** Sets the process's own clock forward or back. */
  stepClock(byMs: number): void
}

/** A process that reaches the world through ports that may fail, and that can be stopped at any moment. */
export function createProcess(name: string, ground: Ground): SimulatedProcess {
  const { clock, faults, trace } = ground
  const random = ground.random.fork(name)
  let isAlive = true
  let clockOffsetMs = 0

  const subscriptions: (() => void)[] = []
  const kill = (): void => {
    isAlive = false
    for (const end of subscriptions) end()
  }
  const wait = (ms: number): Promise<void> =>
    ms === 0 ? Promise.resolve() : new Promise((resolve) => void clock.setTimer(clock.now() + ms, () => resolve()))

  /** Carries one call over the process's boundary. A dead process never learns what came of it. */
  async function deliver<T>(port: Port, method: string, call: () => Promise<T>): Promise<T> {
    if (!isAlive) return never()
    const fate = faults.fateOf(port, method)
    if (fate.sendMs > 0) await wait(fate.sendMs)
    if (!isAlive && !fate.outlivesSender) return never()
    if (fate.failBefore !== null) trace(`${name} ${port}.${method} fails before`)
    const outcome = fate.failBefore === null ? await settle(call) : { kind: 'Failed' as const, error: fate.failBefore }
    if (fate.failAfter !== null) trace(`${name} ${port}.${method} fails after`)
    if (fate.answerMs > 0) await wait(fate.answerMs)
    if (!isAlive) return never()
    if (fate.failAfter !== null) throw fate.failAfter
    if (outcome.kind === 'Failed') throw outcome.error
    return outcome.value
  }

  const writeSite: WriteSite = async (point, write) => {
    if (!isAlive) return never()
    const crash = faults.crashAt(point)
    if (crash === 'Before') return stopAt(`before ${point}`)
    const value = await write()
    return crash === 'After' ? stopAt(`after ${point}`) : value
  }

  function stopAt(place: string): Promise<never> {
    if (isAlive) {
      trace(`${name} stops ${place}`)
      kill()
      ground.onCrash()
    }
    return never()
  }

  /** As a machine's timers: they count real time, and look at the clock when it has passed. */
  const ownClock: Clock = {
    now: () => clock.now() + clockOffsetMs,
    setTimer(atMs, fire) {
      let cancel: () => void = () => {}
      const arm = (): void => {
        cancel = clock.setTimer(atMs - clockOffsetMs, () => {
          if (isAlive) return ownClock.now() >= atMs ? fire() : arm()
        })
      }
      arm()
      return () => cancel()
    },
  }

  const subscribeTo = (port: RunCluster | LoggedJobs): RunCluster['subscribe'] => {
    return (listener) => {
      const end = port.subscribe(listener)
      subscriptions.push(end)
      return end
    }
  }

  return {
    context: {
      clock: ownClock,
      random,
      writeSite,
      report: (event) => {
        if (isAlive) ground.report(event)
      },
      runs: guardRuns(ground.runs, deliver, subscribeTo(ground.runs), random),
      jobs: guardJobs(ground.jobs, deliver, subscribeTo(ground.jobs), random),
      definitionCache: ground.definitionCache,
      repositories: alwaysFollowed([guardRepository(ground.createRepository(), deliver)]),
    },
    kill,
    get isAlive() {
      return isAlive
    },
    stepClock(byMs) {
      clockOffsetMs += byMs
    },
  }
}

type Deliver = <T>(port: Port, method: string, call: () => Promise<T>) => Promise<T>

/** Lists come in any order: what depends on one shows. */
function guardRuns(runs: RunCluster, deliver: Deliver, subscribe: RunCluster['subscribe'], random: SeededRandom): RunCluster {
  return {
    createRun: (run) => deliver('runs', 'createRun', () => runs.createRun(run)),
    getRun: (ref) => deliver('runs', 'getRun', () => runs.getRun(ref)),
    listRuns: (filter) => deliver('runs', 'listRuns', async () => random.shuffle(await runs.listRuns(filter))),
    updateRun: (run) => deliver('runs', 'updateRun', () => runs.updateRun(run)),
    deleteRun: (run) => deliver('runs', 'deleteRun', () => runs.deleteRun(run)),
    readCursors: (repository) => deliver('runs', 'readCursors', () => runs.readCursors(repository)),
    writeCursors: (repository, cursors) => deliver('runs', 'writeCursors', () => runs.writeCursors(repository, cursors)),
    subscribe,
  }
}

function guardJobs(jobs: LoggedJobs, deliver: Deliver, subscribe: LoggedJobs['subscribe'], random: SeededRandom): LoggedJobs {
  return {
    createJob: (job) => deliver('jobs', 'createJob', () => jobs.createJob(job)),
    observeJobs: (run) => deliver('jobs', 'observeJobs', async () => random.shuffle(await jobs.observeJobs(run))),
    listJobs: () => deliver('jobs', 'listJobs', async () => random.shuffle(await jobs.listJobs())),
    relabelJob: (job, labels) => deliver('jobs', 'relabelJob', () => jobs.relabelJob(job, labels)),
    stopJob: (job) => deliver('jobs', 'stopJob', () => jobs.stopJob(job)),
    releaseJob: (job) => deliver('jobs', 'releaseJob', () => jobs.releaseJob(job)),
    deleteJob: (job) => deliver('jobs', 'deleteJob', () => jobs.deleteJob(job)),
    readLogTail: (job, maxBytes, pod) => deliver('jobs', 'readLogTail', () => jobs.readLogTail(job, maxBytes, pod)),
    followLog: (job, hear, signal, pod) => deliver('jobs', 'followLog', () => jobs.followLog(job, hear, signal, pod)),
    subscribe,
  }
}

function guardRepository({ settings, owner, source, status, reviews }: FollowedRepository, deliver: Deliver): FollowedRepository {
  const guarded = { settings, owner, source: guardSource(source, deliver), status: guardStatus(status, deliver) }
  return reviews === undefined ? guarded : { ...guarded, reviews: guardReviews(reviews, deliver) }
}

function guardSource(source: SourceRepository, deliver: Deliver): SourceRepository {
  const guardFiles = (files: Files): Files => ({
    list: (folder) => deliver('source', 'list', () => files.list(folder)),
    read: (path, maxBytes) => deliver('source', 'read', () => files.read(path, maxBytes)),
  })
  return {
    get branch() {
      return source.branch
    },
    fetchTip: (signal) => deliver('source', 'fetchTip', () => source.fetchTip(signal)),
    filesAt: (commit) => guardFiles(source.filesAt(commit)),
    changedPaths: (from, to) => deliver('source', 'changedPaths', () => source.changedPaths(from, to)),
    range: (from, to, limit) => deliver('source', 'range', () => source.range(from, to, limit)),
    history: (commit, limit) => deliver('source', 'history', () => source.history(commit, limit)),
    keep: (commits) => source.keep(commits),
    message: (commit) => deliver('source', 'message', () => source.message(commit)),
  }
}

function guardStatus(status: StatusBranch, deliver: Deliver): StatusBranch {
  return {
    fetchTip: (signal) => deliver('status', 'fetchTip', () => status.fetchTip(signal)),
    read: (path) => deliver('status', 'read', () => status.read(path)),
    list: (folder) => deliver('status', 'list', () => status.list(folder)),
    folderId: (folder) => deliver('status', 'folderId', () => status.folderId(folder)),
    isSigned: () => status.isSigned(),
    commit: (parent, changes, message, signal) => deliver('status', 'commit', () => status.commit(parent, changes, message, signal)),
  }
}

function guardReviews(reviews: ReviewBranches, deliver: Deliver): ReviewBranches {
  return {
    look: (signal) => deliver('status', 'look', () => reviews.look(signal)),
    hasRecords: (whole, part, signal) => deliver('status', 'hasRecords', () => reviews.hasRecords(whole, part, signal)),
    message: (name, commit, signal) => deliver('status', 'message', () => reviews.message(name, commit, signal)),
    propose: (request, signal) => deliver('status', 'propose', () => reviews.propose(request, signal)),
  }
}

type Outcome<T> = { kind: 'Answered'; value: T } | { kind: 'Failed'; error: unknown }

async function settle<T>(call: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { kind: 'Answered', value: await call() }
  } catch (error) {
    return { kind: 'Failed', error }
  }
}

/** What a dead process waits for. */
function never(): Promise<never> {
  return new Promise<never>(() => {})
}

import type { Context } from '../context.ts'
import { createExpressionLanguage } from '../definitions/expressions/language.ts'
import type { ObjectRef } from '../runs/objects.ts'
import type { RunExpressions } from '../runs/run-values.ts'
import { backfill } from './backfill.ts'
import { claim } from './claim.ts'
import { checkExpectations } from './expect.ts'
import { createFailureNotes } from './failure-notes.ts'
import { writeLast } from './last-writes.ts'
import { look } from './look.ts'
import { createOwnWrites } from './own-writes.ts'
import { pinDefinition } from './pin-definition.ts'
import { reconcileRun } from './reconcile-run.ts'
import { learnRecordNames } from './record-names.ts'
import { writeRecords } from './records.ts'
import type { RepositoryState, Wake } from './repository.ts'
import { createStates } from './repository-state.ts'
import { followUpEnds } from './follow-up-ends.ts'
import { updateReview } from './review.ts'
import type { KnownOrphans } from './sweep-orphans.ts'
import { sweepOrphans } from './sweep-orphans.ts'
import { sweep } from './sweep.ts'
import { takeInHand } from './take-in-hand.ts'
import { judgeTicks } from './ticks.ts'
import type { WorkQueue } from './work-queue.ts'
import { createWorkQueue } from './work-queue.ts'

/** A lost event costs at most this long. */
const RESYNC_INTERVAL_MS = 30_000
/** Between the beginnings of Repositories: each is fetched at first, and many of them are often of one forge. */
const BEGINNINGS_MS = 50

/** The loops that join everything: events only enqueue a key, a reconcile reads the world again. */
export interface Controller {
  start(): void
  /**
   * Starts nothing more, waits for what is being done, aborts requests to git. Steps go on. For as long as `lastWriteMs`, 0 without it, what has
   * finished is first written to the status branch, whatever its interval.
   */
  drain(lastWriteMs?: number): Promise<void>
  /** Whether the first look at each Repository has ended or failed; one that has ended knows the names of the records that webhooks ask for. */
  isReady(): boolean
  /** Looks at everything that depends on the time, whatever timers say: clocks are set, machines sleep. */
  heartbeat(): void
  /** Asks for an early look at a Repository. */
  askToLook(repository: ObjectRef): void
  /** The Repositories that are followed now. */
  repositories(): RepositoryState[]
  /** Asks for a key of the queue to be looked at, as `run <namespace>/<name>`. */
  wake: Wake
}

/** A controller over the given ports; nothing happens before `start`. */
export function createController(context: Context): Controller {
  const states = new Map<string, RepositoryState>()
  const ends = new Map<RepositoryState, AbortController>()
  const failures = createFailureNotes()
  const orphans: KnownOrphans = new Map()
  const language = createExpressionLanguage()
  const createState = createStates(context)
  const queue: WorkQueue = createWorkQueue({
    clock: context.clock,
    random: context.random,
    reconcile: async (key) => {
      const nextAtMs = await reconcile(key)
      failures.forget(key)
      return nextAtMs
    },
    onError: (key, error) => {
      if (failures.note(key, error)) context.report({ kind: 'ReconcileFailed', key, error })
    },
  })
  const wake: Wake = (key, atMs) => {
    queue.add(key, atMs)
  }
  const wakeRun = (ref: ObjectRef): void => {
    wake(`run ${ref.namespace}/${ref.name}`)
  }
  const ownWrites = createOwnWrites(wakeRun)
  const subscriptions: (() => void)[] = []
  /** Whoever was told of one that it is ready is not told otherwise later. */
  const beenReady = new WeakSet<RepositoryState>()
  let isStarted = false

  /** Begins with Repositories that are new or followed in another way, and ends with those that are not there any more. */
  function followRepositories(): void {
    const wanted = new Map(context.repositories.current().map((followed) => [keyOf(followed.settings.ref), followed]))
    for (const state of states.values()) if (wanted.get(state.key) !== state.followed) unfollow(state, !wanted.has(state.key))
    for (const [key, followed] of wanted) {
      if (states.has(key)) continue
      const pending = [...states.values()].filter(({ look: first }) => first === 'Pending').length
      const end = new AbortController()
      const state = createState(followed, end.signal, (run) => {
        wakeRun({ namespace: followed.settings.ref.namespace, name: run })
      })
      states.set(key, state)
      ends.set(state, end)
      wake(`claim ${key}`, context.clock.now() + pending * BEGINNINGS_MS)
    }
  }

  function unfollow(state: RepositoryState, isLeft: boolean): void {
    ends.get(state)?.abort()
    ends.delete(state)
    states.delete(state.key)
    if (isLeft) context.report({ kind: 'RepositoryLeft', repository: state.key })
  }

  async function reconcile(key: string): Promise<number | null> {
    const [loop = '', object = ''] = key.split(' ')
    if (loop === 'resync') return resync()
    if (loop === 'run') return reconcileOne(object)
    const state = states.get(object)
    if (state === undefined) return null
    try {
      return await reconcileRepository(loop, state)
    } catch (error) {
      // What was cut short has not failed; its successor, if there is one, was woken when it came.
      if (state.signal.aborted) return null
      // As when git fails: whoever asks whether all is ready must not wait for a disk that has room again.
      if ((loop === 'claim' || loop === 'look') && state.look === 'Pending') state.look = 'Failed'
      throw error
    }
  }

  async function reconcileRepository(loop: string, state: RepositoryState): Promise<number | null> {
    switch (loop) {
      case 'claim':
        return claim(context, state, wake, state.signal)
      case 'look':
        return state.claimed ? look(context, state, wake, state.signal) : null
      case 'names':
        return learnRecordNames(state)
      case 'ticks':
        return judgeTicks(context, state, expressionsOf(state), wake)
      case 'ends':
        return followUpEnds(context, state, wake)
      case 'expect':
        return checkExpectations(context, state)
      case 'backfill':
        return backfill(context, state, expressionsOf(state), wake)
      case 'records':
        return writeRecords(context, state, wake, state.signal)
      case 'review':
        return updateReview(context, state, state.signal)
      case 'sweep':
        return sweep(context, state, wake)
      default:
        throw new TypeError(`no loop ${loop}`)
    }
  }

  function expressionsOf({ followed }: RepositoryState): RunExpressions {
    return { language, vars: followed.settings.vars, branch: followed.source.branch }
  }

  /** A run has ended: those that wait may be let in. */
  function wakeWaiting({ queue: { waiting }, followed }: RepositoryState): void {
    const names = [...waiting]
    waiting.clear()
    for (const name of names) wakeRun({ namespace: followed.settings.ref.namespace, name })
  }

  async function reconcileOne(object: string): Promise<number | null> {
    const [namespace = '', name = ''] = object.split('/')
    const run = await context.runs.getRun({ namespace, name })
    if (run === null) {
      // Whoever lifted its finalizer: it holds nobody up any more.
      ownWrites.forget({ namespace, name })
      for (const { followed, slots, queue: waits } of states.values()) {
        if (followed.settings.ref.namespace !== namespace) continue
        slots.forget(name)
        waits.beginning.delete(name)
      }
      return null
    }
    // Its Jobs were released before that was written.
    if (run.status?.recorded !== undefined) return null
    const state = states.get(`${namespace}/${run.spec.repository}`)
    if (state?.claimed !== true) return null
    const taken = await takeInHand(context, state, run)
    if (taken === null) return null
    return reconcileRun(
      {
        context,
        repository: state.key,
        slots: state.slots,
        policy: state.followed.settings.policy,
        expressions: expressionsOf(state),
        queue: state.queue,
        told: state.told,
        ownWrites,
        pin: (pending) => pinDefinition(context, state, expressionsOf(state), pending),
        onFinished: (ended) => {
          wakeWaiting(state)
          if (!state.followedUp.has(ended.metadata.name)) wake(`ends ${state.key}`)
        },
      },
      taken,
    )
  }

  function isReady(): boolean {
    for (const state of states.values()) if (state.look === 'Failed' || (state.look === 'Ended' && state.namesLearned)) beenReady.add(state)
    return isStarted && context.repositories.isSettled() && [...states.values()].every((state) => beenReady.has(state))
  }

  async function resync(): Promise<number> {
    const jobs = await context.jobs.listJobs()
    const runs = await context.runs.listRuns()
    for (const run of runs) if (run.status?.recorded === undefined) wakeRun(run.metadata)
    // Before the first looks have ended a Repository may only not have come yet.
    if (isReady())
      await sweepOrphans(context, {
        jobs,
        runs,
        stateOf: (key) => states.get(key),
        exists: (key) => context.repositories.exists(key),
        known: orphans,
      })
    return context.clock.now() + (context.resyncIntervalMs ?? RESYNC_INTERVAL_MS)
  }

  return {
    start() {
      isStarted = true
      subscriptions.push(
        context.runs.subscribe((event) => {
          if (ownWrites.isNews(event)) wakeRun(event.kind === 'Run' ? event.ref : event.run)
        }),
        context.jobs.subscribe((event) => {
          wakeRun(event.kind === 'Run' ? event.ref : event.run)
        }),
      )
      subscriptions.push(context.repositories.subscribe(followRepositories))
      followRepositories()
      wake('resync')
    },
    async drain(lastWriteMs = 0) {
      for (const end of subscriptions) end()
      const abort = (): void => {
        for (const end of ends.values()) end.abort()
      }
      if (lastWriteMs === 0) abort()
      const cancel = context.clock.setTimer(context.clock.now() + lastWriteMs, abort)
      const work = queue.drain()
      if (lastWriteMs > 0) await writeLast(context, [...states.values()], work)
      cancel()
      abort()
      await work
    },
    isReady,
    heartbeat() {
      for (const key of states.keys()) for (const loop of ['ticks', 'expect']) wake(`${loop} ${key}`)
    },
    askToLook(repository) {
      wake(`look ${repository.namespace}/${repository.name}`)
    },
    repositories: () => [...states.values()],
    wake,
  }
}

function keyOf({ namespace, name }: ObjectRef): string {
  return `${namespace}/${name}`
}

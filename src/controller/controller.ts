import type { Context, FollowedRepository } from '../context.ts'
import { createDefinitionCache } from '../definitions/definition-cache.ts'
import type { ObjectRef } from '../runs/objects.ts'
import { createCronCache } from '../triggers/cron.ts'
import { backfill } from './backfill.ts'
import { claim } from './claim.ts'
import { createFailureNotes } from './failure-notes.ts'
import { look } from './look.ts'
import { pinDefinition } from './pin-definition.ts'
import { reconcileRun } from './reconcile-run.ts'
import { writeRecords } from './records.ts'
import type { RepositoryState, Wake } from './repository.ts'
import { createSlots } from './slots.ts'
import { followUpEnds } from './follow-up-ends.ts'
import { sweep } from './sweep.ts'
import { judgeTicks } from './ticks.ts'
import type { WorkQueue } from './work-queue.ts'
import { createWorkQueue } from './work-queue.ts'

/** A lost event costs at most this long. */
const RESYNC_INTERVAL_MS = 30_000

/** The loops that join everything: events only enqueue a key, a reconcile reads the world again. */
export interface Controller {
  start(): void
  /** Starts nothing more, waits for what is being done, aborts requests to git. Steps go on. */
  drain(): Promise<void>
  /** Whether the first look at each Repository has ended or failed. */
  isReady(): boolean
  /** Asks for an early look at a Repository. */
  askToLook(repository: ObjectRef): void
  /** The Repositories that are followed now. */
  repositories(): RepositoryState[]
  /** Asks for a key of the queue to be looked at, as `run <namespace>/<name>`. */
  wake: Wake
}

/** A controller over the given ports; nothing happens before `start`. */
export function createController(context: Context): Controller {
  const abort = new AbortController()
  const states = new Map<string, RepositoryState>()
  const failures = createFailureNotes()
  const queue: WorkQueue = createWorkQueue({
    clock: context.clock,
    random: context.random,
    reconcile: async (key) => {
      const nextAtMs = await reconcile(key)
      failures.forget(key)
      return nextAtMs
    },
    onError: (key, error) => {
      // What `drain` has cut short has not failed.
      if (abort.signal.aborted && error instanceof Error && error.name === 'AbortError') return
      if (failures.note(key, error)) context.report({ kind: 'ReconcileFailed', key, error })
    },
  })
  const wake: Wake = (key, atMs) => {
    queue.add(key, atMs)
  }
  const wakeRun = (ref: ObjectRef): void => {
    wake(`run ${ref.namespace}/${ref.name}`)
  }
  for (const followed of context.repositories) {
    const state = createState(context, followed, (run) => {
      wakeRun({ namespace: followed.settings.ref.namespace, name: run })
    })
    states.set(state.key, state)
  }
  const subscriptions: (() => void)[] = []

  async function reconcile(key: string): Promise<number | null> {
    const [loop = '', object = ''] = key.split(' ')
    if (loop === 'resync') return resync()
    if (loop === 'run') return reconcileOne(object)
    const state = states.get(object)
    if (state === undefined) return null
    switch (loop) {
      case 'claim':
        return claim(context, state, wake, abort.signal)
      case 'look':
        return state.claimed ? look(context, state, wake, abort.signal) : null
      case 'ticks':
        return judgeTicks(context, state, wake)
      case 'ends':
        return followUpEnds(context, state, wake)
      case 'backfill':
        return backfill(context, state, wake)
      case 'records':
        return writeRecords(context, state, wake, abort.signal)
      case 'sweep':
        return sweep(context, state)
      default:
        throw new TypeError(`no loop ${loop}`)
    }
  }

  async function reconcileOne(object: string): Promise<number | null> {
    const [namespace = '', name = ''] = object.split('/')
    const run = await context.runs.getRun({ namespace, name })
    const state = run === null ? undefined : states.get(`${namespace}/${run.spec.repository}`)
    if (state?.claimed !== true) return null
    return reconcileRun(
      {
        context,
        repository: state.key,
        slots: state.slots,
        policy: state.followed.settings.policy,
        pin: (pending) => pinDefinition(context, state, pending),
        onFinished: () => {
          wake(`ends ${state.key}`)
        },
      },
      { namespace, name },
    )
  }

  async function resync(): Promise<number> {
    for (const run of await context.runs.listRuns()) {
      if (run.status?.recorded === undefined) wakeRun(run.metadata)
    }
    return context.clock.now() + RESYNC_INTERVAL_MS
  }

  return {
    start() {
      subscriptions.push(
        context.runs.subscribe((event) => {
          wakeRun(event.kind === 'Run' ? event.ref : event.run)
        }),
        context.jobs.subscribe((event) => {
          wakeRun(event.kind === 'Run' ? event.ref : event.run)
        }),
      )
      for (const key of states.keys()) wake(`claim ${key}`)
      wake('resync')
    },
    async drain() {
      abort.abort()
      for (const end of subscriptions) end()
      await queue.drain()
    },
    isReady: () => [...states.values()].every((state) => state.look !== 'Pending'),
    askToLook(repository) {
      wake(`look ${repository.namespace}/${repository.name}`)
    },
    repositories: () => [...states.values()],
    wake,
  }
}

function createState(context: Context, followed: FollowedRepository, wakeRun: (run: string) => void): RepositoryState {
  return {
    followed,
    key: `${followed.settings.ref.namespace}/${followed.settings.ref.name}`,
    claimed: false,
    look: 'Pending',
    tip: null,
    versions: null,
    definitionCache: context.definitionCache ?? createDefinitionCache(),
    cronCache: createCronCache(),
    slots: createSlots(followed.settings.maxParallelSteps, wakeRun),
    uncovered: new Set(),
    followedUp: new Set(),
    sinceMs: context.clock.now(),
    problems: new Map(),
    fatesSinceMs: null,
    history: { knownTip: null, checkAtMs: 0 },
    recordsNotBeforeMs: 0,
    historyFailures: 0,
  }
}

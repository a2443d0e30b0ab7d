import type { Clock, Random } from '../clock.ts'
import { ConflictError } from '../cluster/ports.ts'

const FIRST_BACKOFF_MS = 500
const LONGEST_BACKOFF_MS = 60_000

/** A pass that has done what it could. Its cause is to be tried again as after any failure, but at `againAtMs` at the latest; null for no such time. */
export class UnfinishedError extends Error {
  override name = 'UnfinishedError'
  readonly againAtMs: number | null

  constructor(cause: unknown, againAtMs: number | null) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
    this.againAtMs = againAtMs
  }
}

/** Keys to be reconciled: each at most once at a time, however often it is asked for. */
export interface WorkQueue {
  /** Asks for a key now, or not before `atMs`; the earliest wish counts. One that is being worked on is done again afterwards. */
  add(key: string, atMs?: number): void
  /** Starts nothing more and waits for what is being done. */
  drain(): Promise<void>
}

interface Entry {
  running: boolean
  /** When it is wanted next; null when it is not. */
  dueAtMs: number | null
  failures: number
  cancelTimer: () => void
}

/** What the queue works with. `reconcile` returns when the key wants to be looked at again, null for never by itself. */
export interface WorkQueueOptions {
  clock: Clock
  random: Random
  reconcile: (key: string) => Promise<number | null>
  /** Hears of every failure; the key is tried again after a growing, jittered delay. */
  onError: (key: string, error: unknown) => void
}

/** A keyed, de-duplicating queue with delays and backoff. A conflict of versions is no failure: it is tried again at once. */
export function createWorkQueue(options: WorkQueueOptions): WorkQueue {
  const { clock, random } = options
  const entries = new Map<string, Entry>()
  const working = new Set<Promise<void>>()
  let draining = false

  const entryOf = (key: string): Entry => {
    const known = entries.get(key)
    if (known !== undefined) return known
    const entry: Entry = { running: false, dueAtMs: null, failures: 0, cancelTimer: () => undefined }
    entries.set(key, entry)
    return entry
  }
  const arm = (key: string, entry: Entry): void => {
    entry.cancelTimer()
    if (entry.dueAtMs === null || entry.running || draining) return
    entry.cancelTimer = clock.setTimer(entry.dueAtMs, () => {
      begin(key, entry)
    })
  }
  const begin = (key: string, entry: Entry): void => {
    if (entry.running || draining) return
    entry.running = true
    entry.dueAtMs = null
    const work = run(key, entry).finally(() => working.delete(work))
    working.add(work)
  }
  const want = (key: string, atMs: number): void => {
    const entry = entryOf(key)
    if (entry.dueAtMs !== null && entry.dueAtMs <= atMs) return
    entry.dueAtMs = atMs
    arm(key, entry)
  }
  const run = async (key: string, entry: Entry): Promise<void> => {
    let nextAtMs: number | null = null
    try {
      nextAtMs = await options.reconcile(key)
      entry.failures = 0
    } catch (error) {
      nextAtMs = clock.now() + (error instanceof ConflictError ? 0 : backoffMs(entry.failures++, random))
      if (error instanceof UnfinishedError) nextAtMs = Math.min(nextAtMs, error.againAtMs ?? Infinity)
      if (!(error instanceof ConflictError)) options.onError(key, error)
    }
    entry.running = false
    if (nextAtMs !== null) want(key, nextAtMs)
    if (entry.dueAtMs === null) entries.delete(key)
    else arm(key, entry)
  }
  return {
    add(key, atMs = clock.now()) {
      if (!draining) want(key, atMs)
    },
    async drain() {
      draining = true
      for (const entry of entries.values()) entry.cancelTimer()
      await Promise.allSettled([...working])
    },
  }
}

/** Half a second, doubled with each failure up to a minute, give or take a half. */
function backoffMs(failures: number, random: Random): number {
  return Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** failures) * (0.5 + random.fraction())
}

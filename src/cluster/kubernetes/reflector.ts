import type { StoredMeta } from '../../runs/objects.ts'
import type { ApiClient } from './api-client.ts'
import { pause } from './api-client.ts'
import { ApiError, UnansweredError } from './api-error.ts'

const PAGE = '500'
/** The server ends a watch after this long by itself, so that a dead one is never older. */
const WATCH_SECONDS = 290
/** Bookmarks come each minute; a watch that is silent for much longer is dead, whatever TCP says. */
const SILENCE_MS = 150_000
const FIRST_BACKOFF_MS = 200
const LONGEST_BACKOFF_MS = 30_000
/** A watch that lived this long, or said something, was a good one. */
const GOOD_WATCH_MS = 5000
/** A line of a watch that is longer than this is no object of any cluster. */
const LONGEST_LINE_BYTES = 64 * 1024 * 1024

/** What every object has. */
export interface ApiObject {
  metadata: StoredMeta
}

/** What a reflector keeps in step with the server. */
export interface Mirror<T extends ApiObject> {
  /** An object as the server shows it, in a list or as it changes. */
  put(object: T): void
  /** The server says that it is gone. */
  remove(object: T): void
  /** A list is complete, as of this version: what is not in it, and no newer, is gone. */
  retain(isListed: (object: T) => boolean, version: string): void
}

/** What is followed. */
export interface ReflectorOptions<T extends ApiObject> {
  client: ApiClient
  /** Of the collection, as `/apis/batch/v1/namespaces/data/jobs`. */
  path: string
  labelSelector?: string
  mirror: Mirror<T>
  /** Hears of trouble; it is tried again whatever it is. */
  onError: (error: unknown) => void
  /** How long silence is endured; for tests. */
  silenceMs?: number
  /** How it waits between two tries; for tests. */
  wait?: typeof pause
  /** With `Once` a first list that fails rejects `synced`; else it is tried again, as everything later. */
  firstList?: 'Once'
  /** Ends the wait for the first list, and rejects `synced`. */
  signal?: AbortSignal
}

/** Keeps a mirror in step with a collection of objects, through whatever happens to watches and servers. */
export interface Reflector {
  /** Resolves when the first list is in the mirror; rejects as `firstList` and `signal` say. */
  synced: Promise<void>
  /** How many lists and watches were begun. */
  counts: { lists: number; watches: number }
  stop(): Promise<void>
}

/** Begins to follow a collection: lists by pages, then watches with bookmarks; lists again only when the server has forgotten where we were. */
export function startReflector<T extends ApiObject>(options: ReflectorOptions<T>): Reflector {
  const { client, path, mirror } = options
  const abort = new AbortController()
  const selector = options.labelSelector
  const counts = { lists: 0, watches: 0 }
  let position: string | null = null
  let isSynced = false
  let markSynced: () => void = () => undefined
  let failSync: (error: unknown) => void = () => undefined
  const synced = new Promise<void>((resolve, reject) => {
    markSynced = resolve
    failSync = reject
  })
  synced.catch(() => undefined)
  const giveUp = (): void => {
    if (!isSynced) abort.abort()
  }
  options.signal?.addEventListener('abort', giveUp, { once: true })

  async function list(): Promise<void> {
    counts.lists++
    const listed = new Map<string, string>()
    let version = ''
    let next: string | undefined
    do {
      const query = { limit: PAGE, labelSelector: selector, continue: next }
      const page = await client.request<{ items?: T[]; metadata: { continue?: string; resourceVersion: string } }>({
        path,
        query,
        signal: abort.signal,
      })
      for (const object of page.items ?? []) {
        listed.set(keyOf(object), object.metadata.uid)
        mirror.put(object)
      }
      version = page.metadata.resourceVersion
      next = page.metadata.continue === '' ? undefined : page.metadata.continue
    } while (next !== undefined)
    mirror.retain((object) => listed.get(keyOf(object)) === object.metadata.uid, version)
    position = version
    isSynced = true
    markSynced()
  }

  /** Follows changes until the watch ends; `onUse` hears, before it returns or throws, that it was of some use. */
  async function watch(onUse: () => void): Promise<void> {
    counts.watches++
    const silence = createWatchdog(options.silenceMs ?? SILENCE_MS)
    const startedMs = performance.now()
    try {
      const stream = await client.stream({
        path,
        query: {
          watch: 'true',
          allowWatchBookmarks: 'true',
          timeoutSeconds: String(WATCH_SECONDS),
          resourceVersion: position ?? '',
          labelSelector: selector,
        },
        signal: AbortSignal.any([abort.signal, silence.signal]),
      })
      for await (const line of readLines(stream, silence.kick)) {
        take(JSON.parse(line) as WatchEvent<T>)
        onUse()
      }
    } catch (error) {
      if (silence.signal.aborted) throw silence.signal.reason
      if (error instanceof SyntaxError) throw new UnansweredError(`watch of ${path}: a line is no JSON`, { cause: error })
      throw error
    } finally {
      silence.stop()
      if (performance.now() - startedMs > GOOD_WATCH_MS) onUse()
    }
  }

  function take({ type, object }: WatchEvent<T>): void {
    if (type === 'ERROR') throw new ApiError(`watch of ${path}`, (object as { code?: number }).code ?? 500, object as { reason?: string })
    if (type === 'DELETED') mirror.remove(object)
    else if (type !== 'BOOKMARK') mirror.put(object)
    position = object.metadata.resourceVersion
  }

  async function follow(): Promise<void> {
    let backoffMs = 0
    while (!abort.signal.aborted) {
      let waitMs = 0
      let wasOfUse = false
      const longer = (): number => Math.min(LONGEST_BACKOFF_MS, backoffMs === 0 || wasOfUse ? FIRST_BACKOFF_MS : backoffMs * 2)
      try {
        if (position === null) await list()
        await watch(() => (wasOfUse = true))
        backoffMs = wasOfUse ? 0 : longer()
      } catch (error) {
        if (abort.signal.aborted) break
        if (!isSynced && options.firstList === 'Once') return failSync(error)
        // A watch that worked until something between us and the server cut it says nothing of the next.
        backoffMs = longer()
        // The server has forgotten our position, or the next page of a list: from the beginning then.
        if (error instanceof ApiError && error.status === 410) position = null
        else options.onError(error)
        if (error instanceof ApiError) waitMs = error.retryAfterMs ?? 0
      }
      waitMs = Math.max(waitMs, backoffMs * (0.5 + Math.random()))
      if (waitMs > 0) await (options.wait ?? pause)(waitMs, abort.signal).catch(() => undefined)
    }
    failSync(new Error(`nobody waits for ${path} any more`))
  }

  if (options.signal?.aborted === true) giveUp()
  const ended = follow()
  return {
    synced,
    counts,
    async stop() {
      abort.abort()
      await ended
    },
  }
}

/** `namespace/name`; names of Kubernetes hold no `/`. */
export function keyOf(object: { metadata: { namespace?: string; name: string } }): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name}`
}

interface WatchEvent<T> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'
  object: T
}

/** Aborts when it is not kicked for so long. */
function createWatchdog(silenceMs: number): { signal: AbortSignal; kick: () => void; stop: () => void } {
  const abort = new AbortController()
  const arm = (): NodeJS.Timeout =>
    setTimeout(() => {
      abort.abort(new UnansweredError(`the watch was silent for ${silenceMs / 1000}s`))
    }, silenceMs)
  let timer = arm()
  return {
    signal: abort.signal,
    kick() {
      clearTimeout(timer)
      timer = arm()
    },
    stop() {
      clearTimeout(timer)
    },
  }
}

/** Lines as they come; `onData` hears of every piece. Ends when the stream ends, or is cut between two lines; a cut within one is an error. */
async function* readLines(stream: AsyncIterable<Buffer>, onData: () => void): AsyncIterable<string> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const piece of stream) {
    onData()
    rest = rest.length === 0 ? piece : Buffer.concat([rest, piece])
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      if (end > 0) yield rest.toString('utf8', 0, end)
      rest = rest.subarray(end + 1)
    }
    if (rest.length > LONGEST_LINE_BYTES) throw new UnansweredError('a line of the watch does not end')
  }
  if (rest.length > 0) throw new UnansweredError('the watch was cut')
}

/** Resolves when all have their first list. When one fails the others are stopped, and it rejects. */
export async function allSynced(reflectors: readonly Reflector[]): Promise<void> {
  try {
    await Promise.all(reflectors.map((reflector) => reflector.synced))
  } catch (error) {
    await Promise.all(reflectors.map((reflector) => reflector.stop()))
    throw error
  }
}

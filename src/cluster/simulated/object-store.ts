import { formatTick, type Clock, type Random } from '../../clock.ts'
import type { ObjectMeta, ObjectRef, StoredMeta } from '../../runs/objects.ts'
import type { Creation } from '../ports.ts'

/** Keeps objects of one kind as an API server does. What it returns must not be changed: a new version is a new object. */
export interface ObjectStore<T extends { metadata: StoredMeta }> {
  /** Stores the object under its name with a uid of its own, or returns the one that has the name. */
  create(object: Omit<T, 'metadata'> & { metadata: ObjectMeta }): Creation<T>
  get(ref: ObjectRef): T | null
  /** In the order in which they were made. */
  list(): T[]
  /** Makes `next` the newest version of its name. One that is being deleted goes when its last finalizer does. */
  replace(next: T): T
  /** Removes the object, or only marks it while it has finalizers. Returns what was removed or marked; null when nothing had to be done. */
  delete(ref: ObjectRef, uid: string): T | null
}

/** What the objects of one cluster share: its clock, its source of uids, and the counter of versions. */
export interface ServerState {
  clock: Clock
  random: Random
  nextVersion: () => string
}

/** The state of a new API server. */
export function createServerState(clock: Clock, random: Random): ServerState {
  let version = 0
  return { clock, random, nextVersion: () => String(++version) }
}

/** An empty store; `seal` is done to every version before it is kept; `onChange` hears of each, with null for "not there". */
export function createObjectStore<T extends { metadata: StoredMeta }>(
  server: ServerState,
  seal: (object: T) => T,
  onChange: (before: T | null, after: T | null) => void,
): ObjectStore<T> {
  const objects = new Map<string, T>()

  /** Times have whole seconds, as in Kubernetes. */
  const timestamp = (): string => formatTick(server.clock.now())

  const replace = (next: T): T => {
    const before = objects.get(keyOf(next.metadata)) ?? null
    const after = seal({ ...next, metadata: { ...next.metadata, resourceVersion: server.nextVersion() } })
    const isGone = after.metadata.deletionTimestamp !== undefined && (after.metadata.finalizers ?? []).length === 0
    if (isGone) objects.delete(keyOf(after.metadata))
    else objects.set(keyOf(after.metadata), after)
    onChange(before, isGone ? null : after)
    return after
  }

  return {
    create(object) {
      const existing = objects.get(keyOf(object.metadata))
      if (existing !== undefined) return { kind: 'Exists', object: existing }
      const metadata = { ...object.metadata, uid: server.random.uuid(), resourceVersion: server.nextVersion(), creationTimestamp: timestamp() }
      delete metadata.deletionTimestamp
      const created = seal({ ...object, metadata } as unknown as T)
      objects.set(keyOf(metadata), created)
      onChange(null, created)
      return { kind: 'Created', object: created }
    },
    get: (ref) => objects.get(keyOf(ref)) ?? null,
    list: () => [...objects.values()],
    replace,
    delete(ref, uid) {
      const object = objects.get(keyOf(ref))
      if (object === undefined || object.metadata.uid !== uid || object.metadata.deletionTimestamp !== undefined) return null
      return replace({ ...object, metadata: { ...object.metadata, deletionTimestamp: timestamp() } })
    },
  }
}

/** Names of Kubernetes hold no `/`. */
function keyOf(ref: ObjectRef): string {
  return `${ref.namespace}/${ref.name}`
}

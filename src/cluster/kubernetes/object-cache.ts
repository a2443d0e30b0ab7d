import type { ObjectRef } from '../../runs/objects.ts'
import type { ApiObject, Mirror } from './reflector.ts'
import { keyOf } from './reflector.ts'

/**
 * Objects of one kind as last seen, by a reflector or in answers to our own writes: the newest version counts, whoever brings it, so that
 * reads see every write that was answered. What it returns is shared and must not be changed.
 */
export interface ObjectCache<T extends ApiObject> extends Mirror<T> {
  get(ref: ObjectRef): T | null
  all(): Iterable<T>
  /** Those that share a key of the index. */
  indexed(key: string): T[]
  /** A delete of ours was answered: this very object is gone, and late news of it are old. */
  forget(object: T): void
}

/** What a cache is made with. */
export interface CacheOptions<T> {
  /** Keys under which an object is found beside its name. */
  indexKeys?: (object: T) => string[]
  /** Hears of every change; null for "not there". */
  onChange: (before: T | null, after: T | null) => void
}

/** Far more than end while one request is answered. */
const MOST_ENDED = 10_000

/** An empty cache. */
export function createObjectCache<T extends ApiObject>({ indexKeys = () => [], onChange }: CacheOptions<T>): ObjectCache<T> {
  const objects = new Map<string, T>()
  const index = new Map<string, Set<T>>()
  /**
   * The newest uids of what is gone, and as of which version; null for a delete of ours whose news has not come. An answer to a write of ours
   * may come after the news of the end. What has only lost its label may come back, as a newer version.
   */
  const ended = new Map<string, string | null>()

  function end({ metadata: { uid } }: T, version: string | null): void {
    ended.delete(uid)
    ended.set(uid, version)
    if (ended.size > MOST_ENDED) for (const oldest of ended.keys()) if (ended.delete(oldest)) break
  }

  function isOver({ metadata: { uid, resourceVersion } }: T): boolean {
    const version = ended.get(uid)
    return version !== undefined && (version === null || !isVersionNewer(resourceVersion, version))
  }

  function enter(object: T): void {
    objects.set(keyOf(object), object)
    for (const key of indexKeys(object)) {
      const members = index.get(key) ?? new Set()
      index.set(key, members.add(object))
    }
  }

  function drop(object: T): void {
    objects.delete(keyOf(object))
    for (const key of indexKeys(object)) {
      const members = index.get(key)
      members?.delete(object)
      if (members?.size === 0) index.delete(key)
    }
  }

  function dropCurrent(object: T): void {
    const known = objects.get(keyOf(object))
    if (known?.metadata.uid !== object.metadata.uid) return
    drop(known)
    onChange(known, null)
  }

  return {
    get: (ref) => objects.get(`${ref.namespace}/${ref.name}`) ?? null,
    all: () => objects.values(),
    indexed: (key) => [...(index.get(key) ?? [])],
    put(object) {
      if (isOver(object)) return
      const before = objects.get(keyOf(object)) ?? null
      if (before !== null && !isNewer(object, before)) return
      const after = withoutBookkeeping(object)
      if (before !== null) drop(before)
      enter(after)
      // Deleted and made again while we looked away: two changes.
      const isSame = before === null || before.metadata.uid === object.metadata.uid
      if (!isSame) onChange(before, null)
      onChange(isSame ? before : null, after)
    },
    remove(object) {
      end(object, object.metadata.resourceVersion)
      dropCurrent(object)
    },
    retain(isListed, version) {
      for (const object of [...objects.values()]) {
        if (isListed(object) || isVersionNewer(object.metadata.resourceVersion, version)) continue
        end(object, version)
        dropCurrent(object)
      }
    },
    forget(object) {
      end(object, null)
      dropCurrent(object)
    },
  }
}

/** Who set which field is of no interest and most of an object's size. */
export function withoutBookkeeping<T extends ApiObject>(object: T): T {
  if (!('managedFields' in object.metadata)) return object
  const metadata = { ...object.metadata }
  delete (metadata as { managedFields?: unknown }).managedFields
  return { ...object, metadata }
}

function isNewer(object: ApiObject, than: ApiObject): boolean {
  return isVersionNewer(object.metadata.resourceVersion, than.metadata.resourceVersion)
}

/** Versions of one collection are numbers that grow, which Kubernetes promises since 1.35 and has kept since ever; anything else is taken as newer when it differs. */
function isVersionNewer(version: string, than: string): boolean {
  if (version === than) return false
  return !/^\d+$/.test(version) || !/^\d+$/.test(than) || BigInt(version) > BigInt(than)
}

import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { formatTick } from '../../../src/clock.ts'
import { ApiFailure } from './api-failure.ts'
import { apiVersionOf, keyText, NAMESPACES, type ApiObject, type Key, type Propagation, type Resource, type StoredObject } from './resources.ts'

/** What has become of an object. */
export interface StoreEvent {
  version: number
  type: 'ADDED' | 'MODIFIED' | 'DELETED'
  resource: Resource
  object: StoredObject
  /** What it was before. */
  before: StoredObject | null
}

/** Conditions of a deletion, as DeleteOptions give them. */
export interface Deletion {
  propagationPolicy?: Propagation
  gracePeriodSeconds?: number
  preconditions?: { uid?: string; resourceVersion?: string }
}

/** What an API server keeps in etcd. Objects that it returns must not be changed. */
export interface ObjectStore {
  /** Of the newest write. */
  version(): number
  get(key: Key): StoredObject
  find(key: Key): StoredObject | null
  /** By namespace and name. */
  list(resource: Resource): StoredObject[]
  create(resource: Resource, namespace: string, object: ApiObject): StoredObject
  /** Writes all but the status, or nothing but the status. */
  update(key: Key, object: ApiObject, part: 'main' | 'status'): StoredObject
  /** Writes anything, as the server itself and its controllers may. */
  put(resource: Resource, object: StoredObject): StoredObject
  delete(key: Key, deletion: Deletion): StoredObject
  /** What has happened after a version; null when that is no longer known. */
  since(version: number): StoreEvent[] | null
  /** Forgets what has happened up to now, as compaction does. */
  compact(): void
  subscribe(listener: (event: StoreEvent) => void): () => void
}

const FOREGROUND = 'foregroundDeletion'
const ORPHAN = 'orphan'

/** An empty store, with what a cluster always has. */
export function createObjectStore(): ObjectStore {
  const objects = new Map<string, { resource: Resource; object: StoredObject }>()
  const listeners = new Set<(event: StoreEvent) => void>()
  let history: StoreEvent[] = []
  let version = 1000
  let compactedAt = version

  const now = (): string => formatTick(Date.now())
  const keyOf = (resource: Resource, { metadata }: ApiObject): Key => ({
    resource,
    namespace: resource.isNamespaced ? metadata.namespace : '',
    name: metadata.name,
  })
  const find = (key: Key): StoredObject | null => objects.get(keyText(key))?.object ?? null

  function get(key: Key): StoredObject {
    const found = find(key)
    if (found === null) throw new ApiFailure(404, 'NotFound', `${key.resource.plural} "${key.name}" not found`)
    return found
  }

  function keep(resource: Resource, object: StoredObject, before: StoredObject | null): StoredObject {
    const isGone = object.metadata.deletionTimestamp !== undefined && (object.metadata.finalizers ?? []).length === 0 && !isGraceful(resource, object)
    const next = { ...object, metadata: { ...object.metadata, resourceVersion: String(++version) } }
    const key = keyText(keyOf(resource, next))
    if (isGone) objects.delete(key)
    else objects.set(key, { resource, object: next })
    const event: StoreEvent = { version, type: isGone ? 'DELETED' : before === null ? 'ADDED' : 'MODIFIED', resource, object: next, before }
    history.push(event)
    for (const listener of [...listeners]) listener(event)
    if (isGone) collectDependents(next)
    return next
  }

  /** What the garbage collector does, without its delay. */
  function collectDependents(owner: StoredObject): void {
    for (const { resource, object } of [...objects.values()]) {
      if (object.metadata.ownerReferences?.some(({ uid }) => uid === owner.metadata.uid) !== true) continue
      if (object.metadata.deletionTimestamp === undefined) remove(keyOf(resource, object), { propagationPolicy: 'Background' })
    }
    // An owner that is deleted in the foreground goes after the last of its dependents.
    for (const { resource, object } of [...objects.values()]) {
      if (owner.metadata.ownerReferences?.some(({ uid }) => uid === object.metadata.uid) === true) finishForeground(resource, object)
    }
  }

  function finishForeground(resource: Resource, owner: StoredObject): void {
    const finalizers = owner.metadata.finalizers ?? []
    if (!finalizers.includes(FOREGROUND)) return
    const isWaited = [...objects.values()].some(({ object }) => object.metadata.ownerReferences?.some(({ uid }) => uid === owner.metadata.uid))
    if (!isWaited)
      keep(
        resource,
        withFinalizers(
          owner,
          finalizers.filter((one) => one !== FOREGROUND),
        ),
        owner,
      )
  }

  function remove(key: Key, deletion: Deletion): StoredObject {
    const found = get(key)
    checkPreconditions(found, deletion)
    const policy = deletion.propagationPolicy ?? key.resource.propagation
    if (found.metadata.deletionTimestamp !== undefined) {
      // Only a shorter grace period changes something.
      const isSooner = deletion.gracePeriodSeconds !== undefined && deletion.gracePeriodSeconds < (found.metadata.deletionGracePeriodSeconds ?? 0)
      return isSooner ? keep(key.resource, withGrace(found, deletion.gracePeriodSeconds ?? 0), found) : found
    }
    const own = found.metadata.finalizers ?? []
    const finalizers = policy === 'Foreground' ? [...own, FOREGROUND] : policy === 'Orphan' ? [...own, ORPHAN] : own
    const grace = key.resource.plural === 'pods' ? graceOf(found, deletion) : undefined
    const marked = withFinalizers({ ...found, metadata: { ...found.metadata, deletionTimestamp: now() } }, finalizers)
    const kept = keep(key.resource, grace === undefined ? marked : withGrace(marked, grace), found)
    if (policy === 'Orphan') orphanDependents(key, kept)
    if (policy === 'Foreground') {
      for (const { resource, object } of [...objects.values()]) {
        if (object.metadata.ownerReferences?.some(({ uid }) => uid === kept.metadata.uid) === true)
          remove(keyOf(resource, object), { propagationPolicy: 'Background' })
      }
      finishForeground(key.resource, find(key) ?? kept)
    }
    return kept
  }

  function orphanDependents(key: Key, owner: StoredObject): void {
    for (const { resource, object } of [...objects.values()]) {
      const references = object.metadata.ownerReferences ?? []
      if (references.every(({ uid }) => uid !== owner.metadata.uid)) continue
      keep(
        resource,
        { ...object, metadata: { ...object.metadata, ownerReferences: references.filter(({ uid }) => uid !== owner.metadata.uid) } },
        object,
      )
    }
    keep(
      key.resource,
      withFinalizers(
        owner,
        (owner.metadata.finalizers ?? []).filter((one) => one !== ORPHAN),
      ),
      owner,
    )
  }

  const isEnding = (namespace: string): boolean =>
    list(NAMESPACES).some(({ metadata }) => metadata.name === namespace && metadata.deletionTimestamp !== undefined)
  const list = (resource: Resource): StoredObject[] =>
    [...objects]
      .filter(([, one]) => one.resource === resource)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([, { object }]) => object)

  const store: ObjectStore = {
    version: () => version,
    get,
    find,
    list,
    create(resource, namespace, object) {
      const name = object.metadata.name ?? `${object.metadata.generateName ?? ''}${randomUUID().slice(0, 5)}`
      const key: Key = { resource, namespace, name }
      if (isEnding(namespace)) {
        const why = `unable to create new content in namespace ${namespace} because it is being terminated`
        throw new ApiFailure(403, 'Forbidden', `${resource.plural} "${name}" is forbidden: ${why}`, ['NamespaceTerminating'])
      }
      if (find(key) !== null) throw new ApiFailure(409, 'AlreadyExists', `${resource.plural} "${name}" already exists`)
      if (object.metadata.resourceVersion !== undefined && object.metadata.resourceVersion !== '') {
        throw new ApiFailure(400, 'BadRequest', 'resourceVersion should not be set on objects to be created')
      }
      const { deletionTimestamp: _, ...metadata } = object.metadata
      const { status, ...rest } = structuredClone(object)
      const stored: StoredObject = {
        ...rest,
        apiVersion: apiVersionOf(resource),
        kind: resource.kind,
        metadata: {
          ...metadata,
          name,
          ...(resource.isNamespaced ? { namespace } : {}),
          uid: randomUUID(),
          resourceVersion: '',
          creationTimestamp: now(),
          generation: 1,
        },
        ...(resource.hasStatus ? {} : status === undefined ? {} : { status }),
      }
      return keep(resource, stored, null)
    },
    update(key, object, part) {
      const found = get(key)
      const given = object.metadata.resourceVersion
      if (object.metadata.uid !== undefined && object.metadata.uid !== found.metadata.uid)
        throw conflict(key, 'the UID in the precondition does not match')
      if (given !== undefined && given !== '' && given !== found.metadata.resourceVersion)
        throw conflict(key, 'the object has been modified; please apply your changes to the latest version and try again')
      const next = part === 'status' ? withStatusOf(found, object) : withoutStatusOf(key.resource, found, object)
      if (isDeepStrictEqual(found, next)) return found
      return keep(key.resource, next, found)
    },
    put: (resource, object) => keep(resource, object, find(keyOf(resource, object))),
    delete: remove,
    since(from) {
      return from < compactedAt ? null : history.filter((event) => event.version > from)
    },
    compact() {
      compactedAt = version
      history = []
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  for (const name of ['default', 'kube-system']) store.create(NAMESPACES, '', { metadata: { name, namespace: '' } })
  compactedAt = version
  history = []
  return store
}

/** A pod stays until its node says that it has ended. */
function isGraceful(resource: Resource, { metadata }: StoredObject): boolean {
  return resource.plural === 'pods' && (metadata.deletionGracePeriodSeconds ?? 0) > 0
}

function graceOf(pod: StoredObject, { gracePeriodSeconds }: Deletion): number {
  const phase = pod.status?.['phase']
  if (phase === 'Succeeded' || phase === 'Failed') return 0
  return gracePeriodSeconds ?? (pod.spec?.['terminationGracePeriodSeconds'] as number | undefined) ?? 30
}

function withGrace(object: StoredObject, deletionGracePeriodSeconds: number): StoredObject {
  return { ...object, metadata: { ...object.metadata, deletionGracePeriodSeconds } }
}

function withFinalizers(object: StoredObject, finalizers: readonly string[]): StoredObject {
  const { finalizers: _, ...metadata } = object.metadata
  return { ...object, metadata: finalizers.length === 0 ? metadata : { ...metadata, finalizers: [...finalizers] } }
}

function withStatusOf(found: StoredObject, { status }: ApiObject): StoredObject {
  const { status: _, ...rest } = found
  return status === undefined ? rest : { ...rest, status: structuredClone(status) }
}

/** The caller's object, with what only the server decides. */
function withoutStatusOf(resource: Resource, found: StoredObject, object: ApiObject): StoredObject {
  const { status, metadata: given, ...rest } = structuredClone(object)
  const { uid, resourceVersion, creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds, generation = 1, name, namespace } = found.metadata
  const added = (given.finalizers ?? []).filter((one) => found.metadata.finalizers?.includes(one) !== true)
  if (deletionTimestamp !== undefined && added.length > 0) {
    throw new ApiFailure(
      422,
      'Invalid',
      `metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers [${added.join(' ')}]`,
    )
  }
  const isChanged = !isDeepStrictEqual(rest['spec'], found.spec)
  const metadata = {
    ...given,
    name,
    namespace,
    uid,
    resourceVersion,
    creationTimestamp,
    ...(deletionTimestamp === undefined ? {} : { deletionTimestamp, deletionGracePeriodSeconds }),
    generation: isChanged ? generation + 1 : generation,
  }
  const kept = resource.hasStatus ? found.status : status
  return clean({ ...rest, metadata, ...(kept === undefined ? {} : { status: kept }) })
}

/** Without empty lists of finalizers and undefined fields, which JSON does not have. */
function clean(object: StoredObject): StoredObject {
  const { finalizers = [], ...metadata } = object.metadata
  return JSON.parse(JSON.stringify({ ...object, metadata: finalizers.length === 0 ? metadata : { ...metadata, finalizers } })) as StoredObject
}

function checkPreconditions(found: StoredObject, { preconditions }: Deletion): void {
  const { uid, resourceVersion } = preconditions ?? {}
  const isOther =
    (uid !== undefined && uid !== found.metadata.uid) || (resourceVersion !== undefined && resourceVersion !== found.metadata.resourceVersion)
  if (isOther) throw new ApiFailure(409, 'Conflict', `Precondition failed for ${found.metadata.name}: it is another object`)
}

function conflict({ resource, name }: Key, why: string): ApiFailure {
  return new ApiFailure(409, 'Conflict', `Operation cannot be fulfilled on ${resource.plural} "${name}": ${why}`)
}

import { isDeepStrictEqual } from 'node:util'
import type { ObjectRef } from '../../runs/objects.ts'
import { FINALIZER } from '../../runs/objects.ts'
import type { Cursors, StoredRun } from '../../runs/run.ts'
import { freezeJson } from '../copy-json.ts'
import type { ReportProblem } from '../listeners.ts'
import { createListeners } from '../listeners.ts'
import type { ClusterEvent, RunCluster } from '../ports.ts'
import { ConflictError } from '../ports.ts'
import type { ApiClient } from './api-client.ts'
import { isConflict, isNotFound, isTaken } from './api-error.ts'
import type { RepositoryObject } from './cursor-codec.ts'
import { decodeCursors, encodeCursors } from './cursor-codec.ts'
import type { ObjectCache } from './object-cache.ts'
import type { WrittenRun } from '../../runs/written-run.ts'
import { createObjectCache, withoutBookkeeping } from './object-cache.ts'
import { allSynced, startReflector } from './reflector.ts'
import { collectionPath, deleteOptions, objectPath } from './resources.ts'
import type { RunObject } from './run-codec.ts'
import { decodeRun, encodeRecorded, encodeStatus, RECORDED_ANNOTATION, waitingStatus } from './run-codec.ts'

/** Runs and cursors as objects of a cluster, read from memory that a watch keeps in step. */
export interface KubernetesRuns extends RunCluster {
  /** The Repository objects, for whoever follows them. */
  repositories: ObjectCache<RepositoryObject>
  onRepositoryChange(listener: () => void): () => void
  /** Of a Repository that is gone the cursors are kept up in memory until then: its runs have to be recorded. */
  forgetRepository(repository: ObjectRef): void
  /**
   * Lets the Runs of a Repository that no controller has taken in hand say why they wait. That is for people alone: where it cannot be said, it is reported.
   * `Renew`: only those that have said something else before.
   */
  tellWaiting(repository: ObjectRef, message: string, which?: 'All' | 'Renew'): Promise<void>
  close(): Promise<void>
}

/** Where to look. */
export interface KubernetesRunsOptions {
  client: ApiClient
  /** Null for all namespaces. */
  namespace: string | null
  report: ReportProblem
  /** Ends the wait for what there is, which then rejects. */
  signal?: AbortSignal
}

/** Follows Runs and Repositories; resolves when all that there are have been read. */
export async function createKubernetesRuns({ client, namespace, report, signal }: KubernetesRunsOptions): Promise<KubernetesRuns> {
  const listeners = createListeners<ClusterEvent>(report)
  const repositoryListeners = createListeners<null>(report)
  const decoded = new WeakMap<RunObject, StoredRun>()
  const runs = createObjectCache<RunObject>({
    indexKeys: ({ metadata, spec }) => [repositoryKey(metadata.namespace, spec.repository)],
    onChange(before, after) {
      const metadata = (after ?? before)?.metadata
      if (metadata !== undefined) {
        const { namespace, name } = metadata
        listeners.tell({ kind: 'Run', ref: { namespace, name }, version: after?.metadata.resourceVersion ?? null })
      }
    },
  })
  const gone = new Map<string, RepositoryObject>()
  const repositories = createObjectCache<RepositoryObject>({
    onChange(before, after) {
      const object = after ?? before
      if (object !== null) {
        const key = repositoryKey(object.metadata.namespace, object.metadata.name)
        if (after === null) gone.set(key, object)
        else gone.delete(key)
      }
      repositoryListeners.tell(null)
    },
  })
  const follow = <T extends RunObject | RepositoryObject>(resource: 'runs' | 'repositories', mirror: ObjectCache<T>) =>
    startReflector<T>({
      client,
      path: collectionPath(resource, namespace),
      mirror,
      ...(signal === undefined ? {} : { signal }),
      onError: (error) => {
        report(`cannot follow ${resource}`, { error: String(error) })
      },
    })
  const reflectors = [follow('runs', runs), follow('repositories', repositories)]
  await allSynced(reflectors)

  /** Decoded once a version, and frozen: most are read far more often than they change. */
  function runOf(object: RunObject): StoredRun {
    const known = decoded.get(object) ?? freezeJson(decodeRun(object))
    decoded.set(object, known)
    return known
  }

  /** Brings the newest version into the cache, so that whoever tries again after a conflict decides on what is. */
  async function refresh(ref: ObjectRef): Promise<RunObject | null> {
    try {
      return take(await client.request<RunObject>({ path: objectPath('runs', ref) }))
    } catch (error) {
      if (!isNotFound(error)) throw error
      const known = runs.get(ref)
      if (known !== null) runs.forget(known)
      return null
    }
  }

  async function write(ref: ObjectRef, request: Parameters<ApiClient['request']>[0]): Promise<RunObject> {
    try {
      return take(await client.request<RunObject>(request))
    } catch (error) {
      if (!isConflict(error) && !isNotFound(error)) throw error
      await refresh(ref)
      throw new ConflictError(`run ${ref.name} has changed since it was read, or is gone`, { cause: error })
    }
  }

  /** What an answer says is there, unless it says that this was the end of it. */
  function take(answer: RunObject): RunObject {
    const object = withoutBookkeeping(answer)
    const { deletionTimestamp, finalizers = [] } = object.metadata
    if (deletionTimestamp !== undefined && finalizers.length === 0) runs.forget(object)
    else runs.put(object)
    return object
  }

  return {
    repositories,
    onRepositoryChange: (listener) => repositoryListeners.add(listener),
    async createRun(run) {
      for (;;) {
        try {
          const { status: _, ...body } = run
          body.spec satisfies WrittenRun['spec']
          const path = collectionPath('runs', run.metadata.namespace)
          return { kind: 'Created', object: runOf(take(await client.request<RunObject>({ method: 'POST', path, body }))) }
        } catch (error) {
          if (!isTaken(error)) throw error
          const existing = await refresh(run.metadata)
          if (existing !== null) return { kind: 'Exists', object: runOf(existing) }
        }
      }
    },
    async getRun(ref) {
      const object = runs.get(ref)
      return object === null ? null : runOf(object)
    },
    async listRuns(filter) {
      const found = filter === undefined ? [...runs.all()] : runs.indexed(repositoryKey(filter.namespace, filter.repository))
      return found.map(runOf)
    },
    async updateRun(run) {
      const base = runs.get(run.metadata)
      if (base?.metadata.uid !== run.metadata.uid || base.metadata.resourceVersion !== run.metadata.resourceVersion) {
        throw new ConflictError(`run ${run.metadata.name} has changed since it was read, or is gone`)
      }
      const before = runOf(base)
      let current = base
      if (isStatusChanged(before, run) && run.status !== undefined) {
        const body = { ...base, status: encodeStatus(run.spec, run.status, run.metadata.creationTimestamp) }
        current = await write(run.metadata, { method: 'PUT', path: `${objectPath('runs', run.metadata)}/status`, body })
      }
      const patch = patchOf(before, run)
      if (patch !== null) {
        const { resourceVersion, uid } = current.metadata
        const body = { ...patch, metadata: { ...patch.metadata, resourceVersion, uid } }
        current = await write(run.metadata, { method: 'PATCH', path: objectPath('runs', run.metadata), body })
      }
      return runOf(runs.get(current.metadata)?.metadata.uid === current.metadata.uid ? (runs.get(current.metadata) ?? current) : current)
    },
    async deleteRun(run) {
      try {
        const request = { method: 'DELETE', path: objectPath('runs', run.metadata), body: deleteOptions(run.metadata.uid, 'Background') } as const
        const answer = await client.request<RunObject | { kind: 'Status' }>(request)
        if ('metadata' in answer && answer.kind === 'Run' && (answer.metadata.finalizers ?? []).length > 0) take(answer)
        else forget(run)
      } catch (error) {
        if (isNotFound(error)) forget(run)
        // Another object has the name: ours is gone.
        else if (!isConflict(error)) throw error
      }
    },
    forgetRepository({ namespace, name }) {
      gone.delete(repositoryKey(namespace, name))
    },
    async tellWaiting(repository, message, which = 'All') {
      for (const object of runs.indexed(repositoryKey(repository.namespace, repository.name))) {
        const { metadata, status } = object
        const isSaid = status?.state !== undefined || status?.message === message
        if (which === 'Renew' && status === undefined) continue
        if (isSaid || metadata.deletionTimestamp !== undefined || metadata.finalizers?.includes(FINALIZER) === true) continue
        const body = { ...object, status: waitingStatus(message, metadata.creationTimestamp) }
        try {
          await write(metadata, { method: 'PUT', path: `${objectPath('runs', metadata)}/status`, body })
        } catch (error) {
          // One that has changed is looked at again.
          if (!(error instanceof ConflictError)) report('cannot write why a run waits', { run: metadata.name, error: String(error) })
        }
      }
    },
    async readCursors(repository) {
      const object = repositories.get(repository) ?? gone.get(repositoryKey(repository.namespace, repository.name))
      return object === undefined ? null : decodeCursors(object)
    },
    async writeCursors(repository, cursors) {
      const key = repositoryKey(repository.namespace, repository.name)
      const object = repositories.get(repository) ?? gone.get(key)
      if (object === undefined) throw new ConflictError(`there is no Repository ${repository.namespace}/${repository.name} any more`)
      if ((decodeCursors(object)?.resourceVersion ?? '') !== cursors.resourceVersion) {
        throw new ConflictError(`cursors of ${repository.name} have changed since they were read`)
      }
      return gone.has(key) ? keepInMemory(key, object, cursors) : writeRepositoryStatus(object, cursors)
    },
    subscribe: (listener) => listeners.add(listener),
    async close() {
      await Promise.all(reflectors.map((reflector) => reflector.stop()))
    },
  }

  function forget(run: StoredRun): void {
    const known = runs.get(run.metadata)
    if (known?.metadata.uid === run.metadata.uid) runs.forget(known)
  }

  function keepInMemory(key: string, object: RepositoryObject, cursors: Cursors): Cursors {
    const resourceVersion = `${object.metadata.resourceVersion}+`
    gone.set(key, { ...object, metadata: { ...object.metadata, resourceVersion }, status: encodeCursors(cursors) })
    return { ...cursors, resourceVersion }
  }

  async function writeRepositoryStatus(object: RepositoryObject, cursors: Cursors): Promise<Cursors> {
    const path = objectPath('repositories', object.metadata)
    try {
      const body = { ...object, status: encodeCursors(cursors) }
      const written = await client.request<RepositoryObject>({ method: 'PUT', path: `${path}/status`, body })
      repositories.put(written)
      return { ...cursors, resourceVersion: written.metadata.resourceVersion }
    } catch (error) {
      if (!isConflict(error) && !isNotFound(error)) throw error
      if (isNotFound(error)) repositories.forget(object)
      else repositories.put(await client.request<RepositoryObject>({ path }))
      throw new ConflictError(`cursors of ${object.metadata.name} have changed since they were read`, { cause: error })
    }
  }
}

function repositoryKey(namespace: string, repository: string): string {
  return `${namespace}/${repository}`
}

/** Whether more of the status has changed than what an annotation says. */
function isStatusChanged(before: StoredRun, after: StoredRun): boolean {
  const { recorded: _before, ...old } = before.status ?? {}
  const { recorded: _after, ...wanted } = after.status ?? {}
  return !isDeepStrictEqual(old, wanted)
}

/** What has changed outside of the status, as a merge patch; null for nothing. */
function patchOf(before: StoredRun, after: StoredRun): { metadata: Record<string, unknown>; spec?: Record<string, unknown> } | null {
  const metadata: Record<string, unknown> = {}
  if (!isDeepStrictEqual(before.metadata.finalizers ?? [], after.metadata.finalizers ?? [])) metadata['finalizers'] = after.metadata.finalizers ?? []
  const labels = differenceOf(before.metadata.labels ?? {}, after.metadata.labels ?? {})
  if (labels !== null) metadata['labels'] = labels
  const recorded = after.status?.recorded
  if (recorded !== undefined && !isDeepStrictEqual(recorded, before.status?.recorded)) {
    metadata['annotations'] = { [RECORDED_ANNOTATION]: encodeRecorded(recorded) }
  }
  const spec = differenceOf({ ...before.spec }, { ...after.spec })
  if (spec === null && Object.keys(metadata).length === 0) return null
  return { metadata, ...(spec === null ? {} : { spec }) }
}

/** A merge patch of the fields of one object; null for no difference. */
function differenceOf(before: Record<string, unknown>, after: Record<string, unknown>): Record<string, unknown> | null {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((name) => !isDeepStrictEqual(before[name], after[name]))
  return names.length === 0 ? null : Object.fromEntries(names.map((name) => [name, after[name] ?? null]))
}

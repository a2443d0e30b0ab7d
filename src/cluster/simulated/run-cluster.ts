import type { ObjectRef } from '../../runs/objects.ts'
import type { Cursors, StoredRun } from '../../runs/run.ts'
import { ConflictError, type RunCluster } from '../ports.ts'
import type { ClusterChange } from './changes.ts'
import { sealedCopy, freezeJson } from '../copy-json.ts'
import { createEventHub, type EventDelays } from './event-hub.ts'
import { createObjectStore, type ServerState } from './object-store.ts'

/**
 * Runs and cursors in memory, with the rules of a Kubernetes API server. Calls are answered at once and never fail in
 * passing. Answers are frozen: a new version is a new object.
 */
export function createSimulatedRuns(server: ServerState, delays: EventDelays, onChange: (change: ClusterChange) => void): RunCluster {
  const events = createEventHub(server.clock, delays)
  const cursorsByRepository = new Map<string, Cursors>()
  const store = createObjectStore<StoredRun>(server, freezeJson, (before, after) => {
    onChange({ kind: 'Run', before, after })
    const { namespace, name } = (after ?? before ?? { metadata: { namespace: '', name: '' } }).metadata
    events.emit({ kind: 'Run', ref: { namespace, name }, version: after?.metadata.resourceVersion ?? null })
  })

  return {
    async createRun(run) {
      return store.create(sealedCopy(run))
    },
    async getRun(ref) {
      return store.get(ref)
    },
    async listRuns(filter) {
      const isWanted = (run: StoredRun): boolean =>
        filter === undefined || (run.metadata.namespace === filter.namespace && run.spec.repository === filter.repository)
      return store.list().filter(isWanted)
    },
    async updateRun(run) {
      const stored = store.get(run.metadata)
      if (stored === null) throw new ConflictError(`run ${run.metadata.name} is gone`)
      if (stored.metadata.uid !== run.metadata.uid || stored.metadata.resourceVersion !== run.metadata.resourceVersion) {
        throw new ConflictError(`run ${run.metadata.name} has changed since it was read`)
      }
      return store.replace(updated(stored, sealedCopy(run)))
    },
    async deleteRun(run) {
      store.delete(run.metadata, run.metadata.uid)
    },
    async readCursors(repository) {
      return cursorsByRepository.get(keyOf(repository)) ?? null
    },
    async writeCursors(repository, cursors) {
      const before = cursorsByRepository.get(keyOf(repository)) ?? null
      if ((before?.resourceVersion ?? '') !== cursors.resourceVersion) {
        throw new ConflictError(`cursors of ${repository.name} have changed since they were read`)
      }
      const after = freezeJson({ ...sealedCopy(cursors), resourceVersion: server.nextVersion() })
      cursorsByRepository.set(keyOf(repository), after)
      onChange({ kind: 'Cursors', repository, before, after })
      return after
    },
    subscribe: (listener) => events.subscribe(listener),
  }
}

/** Takes over what an update may change. Once an object is being deleted, finalizers can only be lifted, as in Kubernetes. */
function updated(stored: StoredRun, given: StoredRun): StoredRun {
  const isDeleting = stored.metadata.deletionTimestamp !== undefined
  const kept = new Set(stored.metadata.finalizers)
  const finalizers = (given.metadata.finalizers ?? []).filter((finalizer) => !isDeleting || kept.has(finalizer))
  const { labels: _labels, ...metadata } = stored.metadata
  const { labels } = given.metadata
  const next: StoredRun = {
    ...stored,
    metadata: { ...metadata, finalizers, ...(labels === undefined ? {} : { labels }) },
    spec: given.spec,
  }
  delete next.status
  if (given.status !== undefined) next.status = given.status
  return next
}

function keyOf(ref: ObjectRef): string {
  return `${ref.namespace}/${ref.name}`
}

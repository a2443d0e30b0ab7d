import type { Clock, Random } from '../../clock.ts'
import { formatTimestamp } from '../../clock.ts'
import type { ObjectRef } from '../../runs/objects.ts'
import type { Run, StoredRun } from '../../runs/run.ts'
import type { ClusterEvent, RunCluster } from '../ports.ts'
import { ConflictError } from '../ports.ts'
import type { DataFolder } from './data-folder.ts'
import { packStatus, unpackStatus } from '../stored-status.ts'
import { openCursorFiles } from './cursors.ts'
import type { ReportProblem } from '../listeners.ts'
import { createListeners } from '../listeners.ts'
import type { Change, LocalContext, StorePlace } from './object-store.ts'
import { keyOf, openObjectStore } from './object-store.ts'

/** What Runs need beside their folder. */
export interface LocalRunOptions {
  clock: Clock
  random: Random
  report?: ReportProblem
}

/** Runs and cursors in a data folder. Besides what the port names, its writes throw StorageFullError, and CorruptFileError for a damaged file. */
export async function createLocalRunCluster(folder: DataFolder, options: LocalRunOptions): Promise<RunCluster> {
  const context: LocalContext = { folder, clock: options.clock, random: options.random, report: options.report ?? (() => undefined) }
  const listeners = createListeners<ClusterEvent>(context.report)
  const store = await openObjectStore<Run>(context, runFiles(context), ({ metadata: { namespace, name } }, version) => {
    listeners.tell({ kind: 'Run', ref: { namespace, name }, version })
  })
  const cursors = openCursorFiles(context.folder)
  return {
    createRun: (run) => store.create(run),
    getRun: async (ref) => store.get(ref),
    listRuns: async (filter) => store.list((run) => filter === undefined || isOf(run, filter)),
    async updateRun(run) {
      const updated = await store.update(run.metadata, (current) => applyUpdate(current, run))
      if (updated === null) throw new ConflictError(`Run ${keyOf(run.metadata)} is gone`)
      return updated
    },
    async deleteRun(run) {
      await store.update(run.metadata, (current) => {
        if (current.metadata.uid !== run.metadata.uid) return { kind: 'Keep' }
        if (!hasFinalizers(current)) return { kind: 'Remove' }
        if (current.metadata.deletionTimestamp !== undefined) return { kind: 'Keep' }
        const deletionTimestamp = formatTimestamp(context.clock.now())
        return { kind: 'Write', object: { ...current, metadata: { ...current.metadata, deletionTimestamp } } }
      })
    },
    readCursors: (repository) => cursors.read(repository),
    writeCursors: (repository, value) => cursors.write(repository, value),
    subscribe: (listener) => listeners.add(listener),
  }
}

function runFiles(context: LocalContext): StorePlace {
  const fileOf = (ref: ObjectRef): string => `runs/${keyOf(ref)}.json`
  return {
    root: 'runs',
    nameOf: (entry) => (entry.endsWith('.json') ? entry.slice(0, -'.json'.length) : null),
    fileOf,
    remove: (ref) => context.folder.files.remove(fileOf(ref)),
    encode: encodeRun,
    decode: decodeRun,
  }
}

function encodeRun(object: object): object {
  const { spec, status } = object as StoredRun
  return status === undefined ? object : { ...object, status: packStatus(spec, status) }
}

function decodeRun(value: unknown): unknown {
  const { spec, status } = (value ?? {}) as Partial<StoredRun>
  return spec !== undefined && typeof status === 'object' ? { ...(value as object), status: unpackStatus(spec, status) } : value
}

function applyUpdate(current: StoredRun, wanted: StoredRun): Change<StoredRun> {
  const { uid, resourceVersion } = wanted.metadata
  if (current.metadata.uid !== uid || current.metadata.resourceVersion !== resourceVersion) {
    throw new ConflictError(`Run ${keyOf(wanted.metadata)} has changed since version ${resourceVersion}`)
  }
  const { finalizers: _finalizers, labels: _labels, ...metadata } = current.metadata
  const { finalizers, labels } = wanted.metadata
  const object: StoredRun = {
    ...current,
    metadata: { ...metadata, ...(labels === undefined ? {} : { labels }), ...(finalizers === undefined ? {} : { finalizers }) },
    spec: wanted.spec,
    ...(wanted.status === undefined ? {} : { status: wanted.status }),
  }
  return object.metadata.deletionTimestamp !== undefined && !hasFinalizers(object) ? { kind: 'Remove' } : { kind: 'Write', object }
}

function hasFinalizers(run: StoredRun): boolean {
  return (run.metadata.finalizers ?? []).length > 0
}

function isOf(run: StoredRun, filter: { namespace: string; repository: string }): boolean {
  return run.metadata.namespace === filter.namespace && run.spec.repository === filter.repository
}

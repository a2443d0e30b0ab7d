import type { StoredMeta } from '../../runs/objects.ts'
import type { Cursors } from '../../runs/run.ts'
import type { Packed } from '../pack.ts'
import { pack, unpack } from '../pack.ts'

/** A Repository as it lies in the cluster. `spec` is read by whoever follows it. */
export interface RepositoryObject {
  apiVersion: string
  kind: string
  metadata: StoredMeta & { generation?: number }
  spec: Record<string, unknown>
  status?: StoredStatus
}

/** What people and `kubectl wait` read, and the rest of the cursors in `cursors`, packed when it is large: schedules may be thousands. */
interface StoredStatus {
  observedGeneration?: number
  lastCommit?: string
  conditions?: Cursors['conditions']
  cursors?: Packed<Omit<Cursors, 'resourceVersion' | 'conditions' | 'observedGeneration'>>
}

/** The cursors of a Repository; null when none were ever written. Their version is the object's. */
export function decodeCursors({ metadata, status }: RepositoryObject): Cursors | null {
  if (status?.cursors === undefined) return null
  return {
    ...structuredClone(unpack(status.cursors)),
    conditions: structuredClone(status.conditions ?? []),
    ...(status.observedGeneration === undefined ? {} : { observedGeneration: status.observedGeneration }),
    resourceVersion: metadata.resourceVersion,
  }
}

/** The status that holds the cursors. */
export function encodeCursors({ resourceVersion: _, conditions, observedGeneration, ...cursors }: Cursors): StoredStatus {
  return {
    ...(observedGeneration === undefined ? {} : { observedGeneration }),
    ...(cursors.lastCommit === null ? {} : { lastCommit: cursors.lastCommit }),
    conditions,
    cursors: pack(cursors),
  }
}

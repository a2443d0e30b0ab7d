import type { ObjectRef, Pod, StoredJob } from '../../runs/objects.ts'
import type { Cursors, StoredRun } from '../../runs/run.ts'

/**
 * Something that has come about in the simulated cluster, told at that very moment to whoever wants to know everything:
 * a trace, an oracle. Null stands for "not there". The objects must not be changed.
 */
export type ClusterChange =
  | { kind: 'Run'; before: StoredRun | null; after: StoredRun | null }
  | { kind: 'Cursors'; repository: ObjectRef; before: Cursors | null; after: Cursors }
  | { kind: 'Job'; before: StoredJob | null; after: StoredJob | null }
  | { kind: 'Pod'; job: StoredJob; before: Pod | null; after: Pod }

/**
 * Every place at which Fusee changes something outside its own memory, in the order in which one run passes them.
 * Exactly-once rests on each being safe to stop at, before as well as after: the next start finds either no trace, and
 * writes again under the same derived name, or the trace, and goes on. Tests stop the process at each of them.
 */
export const CRASH_POINTS = [
  /** The status branch gets `owner.json`. */
  'owner-claimed',
  /** A Run object is created under its derived name, which is the lock of the trigger. */
  'run-created',
  /** The cursors move past triggers whose Runs exist. */
  'cursors-written',
  /** A Job object is created under its derived name, which is the lock of the step. */
  'job-created',
  /** Results of steps, and what was decided, are written to the Run's status. */
  'run-status-written',
  /** A Job gets the labels that were put on its Run since it was made; the next pass compares them again. */
  'job-relabelled',
  /** A Job is told to end: its pods go, the object stays. */
  'job-stopped',
  /** The finalizer of a Job is lifted, after its result is in the Run; the Job may go. */
  'job-released',
  /** One commit with records, pages and the copy of the cursors is on the status branch. */
  'records-pushed',
  /** The Run is marked as recorded, its finalizer lifted. */
  'run-recorded',
  /** A branch of review is moved; the next pass builds the same commit again. */
  'review-proposed',
  /** A recorded Run that retention does not keep is deleted, its Jobs with their logs first. */
  'run-swept',
] as const

/** The name of a write site. */
export type CrashPoint = (typeof CRASH_POINTS)[number]

/** Carries out a write at its named crash point. Production just calls `write`; tests stop the process before or after it. */
export type WriteSite = <T>(point: CrashPoint, write: () => Promise<T>) => Promise<T>

/** The write site of production: no more than the write. */
export const plainWriteSite: WriteSite = (_point, write) => write()

import type { Timestamp } from '../clock.ts'
import type { RunDefinition } from '../definitions/workflow.ts'
import type { API_VERSION, ObjectMeta, StoredMeta } from './objects.ts'
import type { WrittenRun } from './written-run.ts'

/**
 * Why a run exists, and what identifies it: equal triggers give equal run names. The shape that records carry.
 * `delivery` and `key` are their sender's; `workflow` and `run` are those whose end started this one; `reason` is what a person gave.
 */
export type Trigger =
  | { kind: 'Push'; branch: string }
  | { kind: 'Schedule'; schedule: string; tick: Timestamp }
  | { kind: 'Webhook'; name: string; delivery: string }
  | { kind: 'Workflow'; workflow: string; run: string }
  | { kind: 'Api'; key: string; by: string; reason?: string }
  | { kind: 'Manual'; key: string; by: string; reason?: string }
  | { kind: 'Rerun'; key: string; by: string; reason?: string }
  | { kind: 'Backfill'; schedule: string; tick: Timestamp; by: string; reason?: string }

/** One execution of a Workflow, pinned to one commit. */
export interface Run {
  apiVersion: typeof API_VERSION
  kind: 'Run'
  metadata: ObjectMeta
  spec: RunSpec
  status?: RunStatus
}

/** A Run as the cluster returns it. */
export type StoredRun = Run & { metadata: StoredMeta }

type WrittenSpec = WrittenRun['spec']
type WrittenTrigger = NonNullable<WrittenSpec['trigger']>

/** The part, which fails to compile where it is none of the whole: what the schema refuses must not be made here. */
type Fits<Part extends Whole, Whole> = Part

/** Every kind that the schema has, but one that nobody makes yet. */
type KnownKind = Fits<Exclude<WrittenTrigger['kind'], 'PullRequest'>, Trigger['kind']>

/**
 * What a Run is asked to do, as schemas/run.schema.json has it. Fixed once it exists, but for what people may ask of it later. What a person may leave out
 * is filled in: 40 hexadecimal digits of `commit`, and a trigger that is of one kind.
 */
export type RunSpec = Omit<WrittenSpec, 'trigger'> &
  Required<Pick<WrittenSpec, 'commit' | 'params' | 'rerunOf'>> & {
    trigger: Extract<Fits<Trigger, WrittenTrigger>, { kind: KnownKind }>
  }

/** A step, or an expansion of one, that is not done again. */
export type CarriedStep = NonNullable<WrittenSpec['carriedOver']>[number]

/** Why a run is to end. `word` becomes its reason in place of RunCancelled. */
export type RunCancellation = NonNullable<WrittenSpec['cancel']>

/** How a run ended. */
export type RunResult = 'Succeeded' | 'Failed' | 'Cancelled' | 'TimedOut' | 'Skipped'
/** How a step ended. */
export type StepResult = 'Succeeded' | 'Failed' | 'Skipped' | 'Cached' | 'Cancelled'
/** What a step of a run is. */
export type StepKind = 'Step' | 'Join' | 'Approval' | 'Undo' | 'Finally'

/** `Pending` until the definition is pinned and the workflow's `concurrency` lets the run begin, `Running` until `result` is set, then `Finished`. */
export interface RunStatus {
  phase: 'Pending' | 'Running' | 'Finished'
  /** What the run executes, read at `spec.commit` once; absent while Pending. */
  definition?: RunDefinition
  /** What `concurrency.group` came to; absent where there is none. */
  group?: string
  /** Values of all declared params: given ones and defaults; absent while Pending. */
  params?: Record<string, unknown>
  /** The Repository's, as they were when the run was pinned; absent while Pending. */
  vars?: Readonly<Record<string, string>>
  /**
   * Those of `steps` in the order written, then those of `finally`. A step with `matrix` or `forEach` has one entry until it is expanded, then
   * one for each expansion, `<step>/<index>`. An undo follows the step that it undoes, and has its name.
   */
  steps: StepStatus[]
  /** Digests of the images that ran; steps name them by their place. */
  images?: string[]
  startedAt?: Timestamp
  finishedAt?: Timestamp
  result?: RunResult
  /** A CamelCase word, such as `StepFailed`. */
  reason?: string
  message?: string
  /** Why the whole run is being ended early. Kept from the first pass on that says so; a cancellation overrides a time-out. */
  halt?: RunHalt
  /** Set when the steps have ended and undos and the `finally` steps begin: what the run came to so far. */
  outcome?: { result: RunResult; reason: string; message: string; decidedAt: Timestamp }
  /** Where the record is; the Run may then be swept. */
  recorded?: RecordedAt
}

/** The commit of a record, and when it was known to be there. */
export interface RecordedAt {
  commit: string
  at: Timestamp
  /** It lies beside that of another run of the same name, which was there first. */
  beside?: true
}

/** Ends a run early. */
export interface RunHalt {
  result: 'Cancelled' | 'TimedOut'
  reason: string
  message: string
}

/** One try of a step: one pod. */
export interface Attempt {
  pod: string
  exitCode: number | null
  startedAt: Timestamp | null
  finishedAt: Timestamp | null
}

/** An attempt with what still counts when its pod is gone: that it was lost and is no try, or a reason other than its exit code. */
export type SeenAttempt = Attempt & { lost?: true; reason?: string }

/** An attempt as a Run keeps it: `<n>~<rest>` for a pod whose name begins with n characters of its Job's; no `finishedAt` where it is the step's. */
export type StoredAttempt = Omit<SeenAttempt, 'finishedAt'> & Partial<Pick<Attempt, 'finishedAt'>>

/**
 * State of a step, or of one expansion of it, within its run. Small, since a run may have a thousand: the name of its Job, say, is derived
 * (see stepJob). `Stopping`: told to end for `stop`, and not yet gone. An approval that waits for people is `Running`.
 */
export interface StepStatus {
  name: string
  kind: StepKind
  state: 'Waiting' | 'Running' | 'Stopping' | 'Ended'
  result?: StepResult
  reason?: string
  message?: string
  startedAt?: Timestamp
  finishedAt?: Timestamp
  stop?: StepStop
  /** Packed; see attemptsOfStep. */
  attempts: StoredAttempt[]
  /** What it has handed on, all that it declares; absent where it declares none or has none. */
  results?: Record<string, unknown>
  /** Digest of the image that ran: its place in the run's `images`, since many steps share one. */
  image?: number
  /** How long its Job was suspended so far, and since when it is. */
  suspended?: { ms: number; since?: Timestamp }
  /** Since when the cluster refuses to have its Job made; absent where it does not. */
  refusedSince?: Timestamp
  /** Last lines, only of what failed. */
  log?: string
}

/** How a step ends that is told to. */
export interface StepStop {
  result: StepResult
  reason: string
  message: string
}

/** Cursors of one Repository: `Repository.status`. What they have passed is never looked at again. */
export interface Cursors {
  /** Changes with every write; '' for cursors that were never written. */
  resourceVersion: string
  /** Tip that the last finished look has dealt with; null before the first. */
  lastCommit: string | null
  /** Where that was: its URL, without credentials, and the branch. Absent in cursors that come from the status branch. */
  followed?: { url: string; branch: string }
  /** Set once the branch has moved other than forward: from then on a commit may come back that has run already. */
  rewound: boolean
  /** Newest commit at which the workflow and all that it references were valid, by workflow. */
  validCommits: Record<string, string>
  /** Newest commit at which a Schedule was valid, by schedule. */
  validScheduleCommits: Record<string, string>
  schedules: Record<string, ScheduleCursor>
  /** Fates of ticks that are not on the status branch yet, other than Fired. */
  fates: TickFate[]
  /** Ticks whose runs were lost with the cluster, until they are told as Lost and run again where that is wished. Absent: none. */
  lost?: LostTick[]
  conditions: { type: string; status: 'True' | 'False'; reason: string; message: string; lastTransitionTime: Timestamp }[]
  /** Generation of the Repository that the condition Ready speaks of; absent where it has none. */
  observedGeneration?: number
  /** The operator's switch: while it is set nothing new starts. */
  paused?: Pause
  /** Ranges of past ticks that somebody has asked to run. */
  backfills?: Backfill[]
}

/** Past ticks of a schedule that are run in their order, a few at once. */
export interface Backfill {
  schedule: string
  /** The first and the last tick that may be meant. */
  from: Timestamp
  to: Timestamp
  /** Ticks up to it are dealt with; before `from` at first. */
  doneUpTo: Timestamp
  /** Most of its runs that are not finished at once. */
  maxActive: number
  by: string
  /** '' for none. */
  reason: string
}

/** Who has paused a Repository, when and why. */
export interface Pause {
  by: string
  at: Timestamp
  /** '' for none. */
  reason: string
}

/** A tick whose run had started when the cluster was lost, and has no record. */
export interface LostTick {
  schedule: string
  workflow: string
  /** The tick: UTC, to the second. */
  at: Timestamp
  run: string
}

/** How far a schedule's ticks have been judged. */
export interface ScheduleCursor {
  /** Newest tick judged, or the moment at which the schedule was first seen in this form; ticks up to and including it are done. */
  judgedUpTo: Timestamp
  /** Digest of what decides the ticks (cron, time zone): another one means that the schedule starts anew. */
  form: string
}

/** What became of one tick, or of several in a row that had the same fate. */
export interface TickFate {
  schedule: string
  workflow: string
  /** The tick: UTC, to the second. */
  at: Timestamp
  /** The last of several ticks; absent for one. */
  until?: Timestamp
  /** How many ticks there are from `at` to `until`, both included; absent for one. */
  count?: number
  fate: 'Fired' | 'Late' | 'Skipped' | 'Missed' | 'Backfilled' | 'Lost'
  reason: string | null
  run: string | null
}

import type { Diagnostic } from '../definitions/workflow.ts'
import type { LostHistory } from '../history/commit-message.ts'
import type { StepStatus, StoredRun, TickFate } from '../runs/run.ts'

/** What somebody did to the status branch. */
export type MendReason = LostHistory | 'FilesSpoilt'

/** What the controller did or met: for people and logs; nothing depends on it. `repository` is `namespace/name`. */
export type ControllerEvent =
  | { kind: 'BranchClaimed'; repository: string; owner: string }
  | { kind: 'BranchOwned'; repository: string; message: string }
  | { kind: 'LookEnded'; repository: string; branch: string; commit: string; workflows: string[]; schedules: string[]; diagnostics: Diagnostic[] }
  | { kind: 'LookFailed'; repository: string; reason: string; message: string }
  /** The first look that went well after one that failed. */
  | { kind: 'LookRecovered'; repository: string }
  | { kind: 'RunCreated'; repository: string; run: StoredRun }
  | { kind: 'RunHeld'; repository: string; workflow: string; commit: string; reason: string }
  | { kind: 'ScheduleUnreadable'; repository: string; schedule: string; message: string }
  | { kind: 'TickJudged'; repository: string; fate: TickFate }
  | { kind: 'StepStarted'; repository: string; run: string; step: StepStatus }
  | { kind: 'StepEnded'; repository: string; run: string; step: StepStatus }
  | { kind: 'RunFinished'; repository: string; run: StoredRun }
  | { kind: 'RecordsPushed'; repository: string; commit: string; runs: string[] }
  /** How many finished runs are not on the status branch yet, and when the first of them ended; told when that changes. */
  | { kind: 'RecordsWaiting'; repository: string; runs: number; oldestAt: string | null }
  | { kind: 'HistoryFailed'; repository: string; reason: string; message: string }
  /** Runs that an owner of the status branch before us had started; the cluster that held them is gone, and they have no record. */
  | { kind: 'RunsLost'; repository: string; runs: string[] }
  /** The status branch had lost records or was spoilt: what the cluster holds is on it again with this commit. */
  | { kind: 'HistoryMended'; repository: string; reason: MendReason; commit: string; runs: string[]; files: string[]; message: string }
  /** Something that is kept because nothing tells of it: a run that is not recorded, of a Repository that nobody follows here, or a Job whose Run is gone, unrecorded. Said once. */
  | { kind: 'OrphanFound'; repository: string; run: string; job: string | null }
  /** A Job whose Run is gone was removed: its run is recorded, or somebody had deleted it. */
  | { kind: 'OrphanSwept'; repository: string; run: string; job: string }
  /** Workflows that say what is usual, and those that are not so: without a success for too long, or slower. */
  | { kind: 'ExpectationsChecked'; repository: string; expecting: string[]; stale: string[]; slow: string[] }
  /** A branch of review has a new commit; `name` is what follows `fusee/review/`. */
  | { kind: 'ReviewProposed'; repository: string; name: string; commit: string }
  | { kind: 'ReviewFailed'; repository: string; reason: string; message: string }
  | { kind: 'RunSwept'; repository: string; run: string }
  /** It is not followed any more: it is gone, or this controller cannot follow it at the moment. */
  | { kind: 'RepositoryLeft'; repository: string }
  /** Said once for all keys that fail with the same message, until they have recovered. */
  | { kind: 'ReconcileFailed'; key: string; error: unknown }
  /** Something that the runner met outside of any reconcile: a constant message, and what it is about. */
  | { kind: 'RunnerProblem'; message: string; about: Record<string, unknown> }

/** Hears of events as they happen. Must not throw. */
export type Report = (event: ControllerEvent) => void

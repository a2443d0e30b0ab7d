import type { Clock } from '../clock.ts'
import type { DefinitionCache } from '../definitions/definition-cache.ts'
import type { Creation } from '../cluster/ports.ts'
import type { Context, FollowedRepository } from '../context.ts'
import type { CommitSha } from '../git/ports.ts'
import { createRunObject, isSameTrigger } from '../runs/create-run.ts'
import type { StoredRun, TickFate } from '../runs/run.ts'
import type { RunRequest } from '../triggers/run-request.ts'
import type { CronCache } from '../triggers/cron.ts'
import type { ScheduleRow } from '../triggers/ticks.ts'
import type { Queue } from './admit.ts'
import type { Slots } from './slots.ts'
import type { Versions } from './versions.ts'

/** What the controller knows of one Repository in memory. All of it is found again at the next start. */
export interface RepositoryState {
  followed: FollowedRepository
  /** `namespace/name` */
  key: string
  /** Aborts once it is not followed any more, or in another way: what is under way for it is cut short. */
  signal: AbortSignal
  /**
   * Whether this controller may start and record: the status branch is ours as far as can be known. While it cannot be reached, that is what
   * the cursors say: who has followed the repository before goes on with what is in force.
   */
  claimed: boolean
  /** Whether this process has read who owns the status branch. Pushes wait for it: somebody may have taken it over meanwhile. */
  ownerRead: boolean
  /** How the first look went; ticks wait for its end. */
  look: 'Pending' | 'Failed' | 'Ended'
  /** Tip that the last look has dealt with; null before. */
  tip: string | null
  /** What is in force; null until the last valid versions have been read again after a start. */
  versions: Versions | null
  /** The last commit of the cursors that these are in step with; null before the first look. */
  versionsOf: string | null
  /** Whether some of those that were in force could not be read again: the branch's history has to tell what is. */
  versionsAnew: boolean
  /** Whether the names of all records that webhooks ask for were read once since this process began, or could not be. */
  namesLearned: boolean
  definitionCache: DefinitionCache
  /** Of the clock: reading thousands of definitions stops for others. */
  pause: Clock['pause']
  cronCache: CronCache
  /** How far the ticks of all schedules are judged, as of these versions and of cursors with this `resourceVersion`. */
  knownTicks: { versions: Versions; cursors: string; rows: readonly ScheduleRow[] } | null
  slots: Slots
  /** Runs that wait for others of their group. */
  queue: Queue
  /** Jobs that this process has told to end. */
  told: Set<string>
  /** Runs by push that exist while the cursor does not yet say so: their records wait. */
  uncovered: Set<string>
  /** Finished Runs whose end has started what it starts; the others' records wait. */
  followedUp: Set<string>
  /** The newest odd fates that this process has given, oldest first: the others are on the status branch. */
  recentFates: TickFate[]
  /** Newest success of workflows that expect one, or since when they are known; ms since the epoch. */
  freshSince: Map<string, number>
  /** Those of which the history was asked. */
  freshRead: Set<string>
  /** Whether a workflow has said what is usual. */
  expects: boolean
  /** When this process began to follow it. */
  sinceMs: number
  /** Last problem reported by each loop, so that the same one is said once. */
  problems: Map<string, string>
  /** When fates of ticks began to wait for a commit by themselves; null when none do. */
  fatesSinceMs: number | null
  /** The tip of the status branch at which all recorded Runs had their record, null when that is not known; and when to see whether it is still so. */
  history: { knownTip: CommitSha | null; checkAtMs: number }
  /** What the review was made of last; empty before. */
  review: string
  /** After a failed write, the next one is not tried before. */
  recordsNotBeforeMs: number
  /** Failures of the history in a row. */
  historyFailures: number
}

/** Tells the controller's queue that something is wanted. Keys are `<loop> <namespace>/<name>`. */
export type Wake = (key: string, atMs?: number) => void

/** Creates the Run of a request under its derived name; one that exists already is the same request from before a crash. */
export async function startRun(context: Context, state: RepositoryState, request: RunRequest, wake: Wake): Promise<Creation<StoredRun>> {
  const run = createRunObject(state.followed.settings.ref, request, context.clock.now())
  const creation = await context.writeSite('run-created', () => context.runs.createRun(run))
  if (!isSameTrigger(run, creation.object)) {
    throw new Error(`Run ${run.metadata.name} exists for another trigger than ${JSON.stringify(request.trigger)}: delete or rename it`)
  }
  if (creation.kind === 'Created') context.report({ kind: 'RunCreated', repository: state.key, run: creation.object })
  wake(`run ${run.metadata.namespace}/${run.metadata.name}`)
  return creation
}

/** Reports a problem of a loop once, until it changes; null when the loop is well again. */
export function noteProblem(state: RepositoryState, loop: string, problem: string | null, report: () => void): void {
  if (problem === null) state.problems.delete(loop)
  else if (state.problems.get(loop) !== problem) {
    state.problems.set(loop, problem)
    report()
  }
}

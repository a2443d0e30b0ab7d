import { formatTimestamp, parseTimestamp } from '../clock.ts'
import { ConflictError } from '../cluster/ports.ts'
import type { Context } from '../context.ts'
import { GitError } from '../git/ports.ts'
import { writeHistory } from '../history/write.ts'
import { FINALIZER } from '../runs/objects.ts'
import type { Cursors, RecordedAt, RunStatus, StoredRun } from '../runs/run.ts'
import { isOpen } from '../triggers/backfill.ts'
import { standBack } from './claim.ts'
import { initialCursors, updateCursors, withCondition } from './cursors.ts'
import { isWaiting } from './history-full.ts'
import { noteMended } from './mended.ts'
import type { RepositoryState, Wake } from './repository.ts'
import { noteProblem } from './repository.ts'
import { noVersions } from './versions.ts'

/** Most records of one commit. */
export const LARGEST_BATCH = 200
const FIRST_BACKOFF_MS = 1000
const LONGEST_BACKOFF_MS = 60_000
/** The status branch is looked at this often though nothing is to be written: somebody may have deleted, reset or taken it. */
const CHECK_INTERVAL_MS = 300_000

/**
 * Writes what has finished as one commit on the status branch, then marks the Runs as recorded: stopped in between, the next pass
 * finds the records there and only marks. While the remote is away or refuses, they wait in the Run objects. What the branch has lost
 * of the Runs that are still held is written again. The last write before a stop waits for no interval. Returns when to look again, null for never.
 */
export async function writeRecords(
  context: Context,
  state: RepositoryState,
  wake: Wake,
  signal: AbortSignal,
  { isLast = false } = {},
): Promise<number | null> {
  // Whose the branch is must have been read: a write would put older cursors over those of who had it meanwhile.
  if (!state.claimed || !state.ownerRead) return null
  const { settings, status, owner } = state.followed
  // Runs first: cursors that are read later have passed whatever these were started by, or say that they have not.
  const runs = await context.runs.listRuns({ namespace: settings.ref.namespace, repository: settings.ref.name })
  const allWaiting = byEnd(runs.filter(isWaiting))
  noteWaiting(context, state, allWaiting)
  if (context.clock.now() < state.recordsNotBeforeMs) return state.recordsNotBeforeMs
  const cursors = (await context.runs.readCursors(settings.ref)) ?? initialCursors
  const mayGo = (run: StoredRun): boolean => state.followedUp.has(run.metadata.name) && isCovered(run, state, cursors)
  const first = allWaiting.find(mayGo)
  const nowMs = context.clock.now()
  if (first === undefined && cursors.fates.length === 0) {
    if (isLast) return null
    if (nowMs < state.history.checkAtMs) return state.history.checkAtMs
  } else if (!isLast) {
    const sinceMs = first === undefined ? (state.fatesSinceMs ??= nowMs) : parseTimestamp(first.status?.finishedAt ?? '')
    const dueAtMs = sinceMs + settings.historyIntervalSeconds * 1000
    if (nowMs < dueAtMs && (allWaiting.length < LARGEST_BATCH || allWaiting.filter(mayGo).length < LARGEST_BATCH)) return dueAtMs
  }
  const waiting = allWaiting.filter(mayGo)
  const batch = waiting.slice(0, LARGEST_BATCH)
  // Once more, after the cursors: whatever they have passed is among these, or recorded.
  const now = await context.runs.listRuns({ namespace: settings.ref.namespace, repository: settings.ref.name })
  const batched = new Set(batch.map((run) => run.metadata.name))
  const started = now.filter((run) => run.status?.recorded === undefined && !batched.has(run.metadata.name) && isCovered(run, state, cursors))
  const held = runs.filter((run) => run.status?.recorded !== undefined)
  const versions = state.versions ?? noVersions
  const request = { status, owner, repository: settings.ref, runs: batch, cursors, started, versions, cron: state.cronCache, nowMs }
  let hasMore = waiting.length > batch.length
  try {
    const write = context.writeHistory ?? writeHistory
    const written = await context.writeSite('records-pushed', () => write({ ...request, held, knownTip: state.history.knownTip }, signal))
    if (written.kind === 'BranchOwned') {
      await standBack(context, state, written.message)
      wake(`claim ${state.key}`, context.clock.now() + LONGEST_BACKOFF_MS)
      return null
    }
    const refilled = written.kind === 'Written' ? written.refilled : []
    if (written.commit !== null && (written.kind === 'Written' || batch.length + cursors.fates.length > 0)) {
      const { commit, beside } = written
      const areAllMarked = await markRecorded(context, state, { runs: [...batch, ...refilled], commit, beside }, cursors)
      hasMore ||= !areAllMarked
    }
    const done = new Set([...batch, ...refilled].map((run) => run.metadata.name))
    noteWaiting(
      context,
      state,
      allWaiting.filter((run) => !done.has(run.metadata.name)),
    )
    hasMore ||= written.kind === 'Written' && written.hasMore
    await noteMended(context, state, written)
    state.history = {
      knownTip: written.kind === 'Written' && written.hasMore ? null : written.commit,
      checkAtMs: nowMs + Math.max(CHECK_INTERVAL_MS, context.resyncIntervalMs ?? 0),
    }
  } catch (error) {
    if (!(error instanceof GitError)) throw error
    state.recordsNotBeforeMs = nowMs + (await noteFailure(context, state, error))
    return state.recordsNotBeforeMs
  }
  wake(`sweep ${state.key}`)
  if (!hasMore) wake(`review ${state.key}`)
  return hasMore ? context.clock.now() : state.history.checkAtMs
}

/** Tells how far the status branch is behind; `waiting` by their end. */
function noteWaiting(context: Context, state: RepositoryState, waiting: readonly StoredRun[]): void {
  const oldestAt = waiting[0]?.status?.finishedAt ?? null
  noteProblem(state, 'lag', `${waiting.length} ${oldestAt}`, () => {
    context.report({ kind: 'RecordsWaiting', repository: state.key, runs: waiting.length, oldestAt })
  })
}

/** Whether the cursors have passed the run's trigger: only then may a record, and later the sweeping, take the Run's lock away. */
function isCovered(run: StoredRun, state: RepositoryState, cursors: Cursors): boolean {
  const { trigger } = run.spec
  if (cursors.lost?.some((tick) => tick.run === run.metadata.name) === true) return false
  switch (trigger.kind) {
    case 'Schedule': {
      const cursor = cursors.schedules[trigger.schedule]
      return cursor === undefined ? state.look === 'Ended' : parseTimestamp(cursor.judgedUpTo) >= parseTimestamp(trigger.tick)
    }
    case 'Push':
      return state.look === 'Ended' && !state.uncovered.has(run.metadata.name)
    case 'Webhook':
    case 'Workflow':
    case 'Api':
    case 'Manual':
    case 'Rerun':
      return true
    case 'Backfill':
      return !(cursors.backfills ?? []).some((one) => one.schedule === trigger.schedule && isOpen(one, parseTimestamp(trigger.tick)))
  }
}

/** Returns whether all are marked: one that has changed meanwhile (a label, its deletion) is marked by the next pass, which finds its record there. */
async function markRecorded(
  context: Context,
  state: RepositoryState,
  { runs, commit, beside }: { runs: readonly StoredRun[]; commit: string; beside: ReadonlySet<string> },
  cursors: Cursors,
): Promise<boolean> {
  let areAll = true
  const at = formatTimestamp(context.clock.now())
  for (const run of runs) {
    if (run.metadata.deletionTimestamp === undefined) await releaseJobs(context, run)
    else await deleteJobs(context, run)
    const finalizers = run.metadata.finalizers?.filter((one) => one !== FINALIZER) ?? []
    const recorded: RecordedAt = { commit, at, ...(beside.has(run.metadata.name) ? { beside: true } : {}) }
    const status: RunStatus = { ...(run.status ?? { phase: 'Finished', steps: [] }), recorded }
    areAll =
      (await context.writeSite('run-recorded', () => updateIfCurrent(context, { ...run, metadata: { ...run.metadata, finalizers }, status }))) &&
      areAll
  }
  state.historyFailures = 0
  state.fatesSinceMs = null
  const written = new Set(cursors.fates.map(keyOf))
  noteProblem(state, 'records', null, () => undefined)
  await updateCursors(context, state.followed.settings.ref, (current) => ({
    ...current,
    fates: current.fates.filter((fate) => !written.has(keyOf(fate))),
    conditions: withCondition(
      current.conditions,
      { type: 'HistoryWritten', status: 'True', reason: 'Written', message: 'records reach the status branch' },
      context.clock.now(),
    ),
  }))
  context.report({ kind: 'RecordsPushed', repository: state.key, commit, runs: runs.map((run) => run.metadata.name) })
  return areAll
}

function keyOf(fate: Cursors['fates'][number]): string {
  return `${fate.schedule} ${fate.at} ${fate.until ?? ''} ${fate.fate}`
}

/** Returns whether the Run was as it is known here. */
async function updateIfCurrent(context: Context, run: StoredRun): Promise<boolean> {
  try {
    await context.runs.updateRun(run)
    return true
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error
    return false
  }
}

/** The finalizer of a Run goes last: afterwards nobody would lift those of its Jobs. */
async function releaseJobs(context: Context, run: StoredRun): Promise<void> {
  for (const { job } of await context.jobs.observeJobs(run.metadata)) {
    if (job.metadata.finalizers?.includes(FINALIZER) === true) await context.writeSite('job-released', () => context.jobs.releaseJob(job))
  }
}

/** Deletes the Jobs of a recorded run with their pods and logs: what they prove is written. */
export async function deleteJobs(context: Context, run: StoredRun): Promise<void> {
  for (const { job } of await context.jobs.observeJobs(run.metadata)) {
    await context.writeSite('job-released', () => context.jobs.releaseJob(job))
    await context.writeSite('run-swept', () => context.jobs.deleteJob(job))
  }
}

/** Says why the records wait, and returns for how long. */
async function noteFailure(context: Context, state: RepositoryState, error: GitError): Promise<number> {
  noteProblem(state, 'records', error.message, () => {
    context.report({ kind: 'HistoryFailed', repository: state.key, reason: error.kind, message: error.message })
  })
  const delayMs = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** state.historyFailures++) * (0.5 + context.random.fraction())
  await updateCursors(context, state.followed.settings.ref, (current) => ({
    ...current,
    conditions: withCondition(
      current.conditions,
      { type: 'HistoryWritten', status: 'False', reason: error.kind, message: error.message },
      context.clock.now(),
    ),
  }))
  return delayMs
}

/** Those that ended first before the others. */
function byEnd(runs: readonly StoredRun[]): StoredRun[] {
  const ends = runs.map((run) => ({ run, name: run.metadata.name, endMs: parseTimestamp(run.status?.finishedAt ?? '') }))
  return ends.sort((one, other) => one.endMs - other.endMs || (one.name < other.name ? -1 : 1)).map(({ run }) => run)
}

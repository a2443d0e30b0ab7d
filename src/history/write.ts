import type { CommitSha, StatusBranch } from '../git/ports.ts'
import type { StoredRun } from '../runs/run.ts'
import type { CronCache } from '../triggers/cron.ts'
import { type LostHistory, REFILL_NOTES } from './commit-message.ts'
import { missingRuns } from './missing.ts'
import { type BranchOwned, judgeOwner } from './owner-file.ts'
import { OWNER_PATH } from './paths.ts'
import { filesToRead, type HistoryBatch, type OldFiles, planHistory, runsBeside } from './plan.ts'
import { onNewestTip } from './races.ts'
import { type InForce, scheduleNotes } from './schedule-notes.ts'

/** Most records that one commit writes again. */
const MOST_REFILLED = 200

/** Finished runs and fates of ticks, where they go, and who writes them. */
export interface WriteRequest extends Omit<HistoryBatch, 'schedules' | 'refill'> {
  status: StatusBranch
  /** What is in force, and how its ticks are found: the pages tell the next ones. */
  versions: InForce
  cron: CronCache
  /** The name in `owner.json` that makes the branch ours. */
  owner: string
  nowMs: number
  /** Runs that were recorded before. What the branch has lost of them, deleted or reset by somebody, is written again. */
  held: readonly StoredRun[]
  /** The tip at which all of `held` were on the branch; null when that is not known. */
  knownTip: CommitSha | null
}

/**
 * What came of it: `commit` holds all records of the batch, some of them beside that of another run of the same name: `beside` names their runs, since a
 * record that is lost can only be missed where it was.
 */
export type WriteResult =
  | {
      kind: 'Written'
      commit: CommitSha
      /** Files that somebody else had made unreadable: what they held besides this batch is gone from them. */
      spoilt: string[]
      /** Why records were missing; null when none were. */
      lost: LostHistory | null
      /** Runs of `held` that were written again. */
      refilled: StoredRun[]
      /** Whether others are still missing: write again. */
      hasMore: boolean
      beside: ReadonlySet<string>
    }
  /** All of it was there already; null when there is no branch and nothing to write to it. */
  | { kind: 'NothingNew'; commit: CommitSha | null; beside: ReadonlySet<string> }
  /** Nothing was written. */
  | BranchOwned

/**
 * Records a batch with one commit on top of wherever the branch is now, and with it what the branch has lost since. Safe to repeat after
 * any crash and any error. A lost race is tried again on the new tip; every other GitError goes to the caller, and so does `Raced` when
 * it goes on.
 */
export async function writeHistory(request: WriteRequest, signal?: AbortSignal): Promise<WriteResult> {
  const { status, owner, repository, cursors, started, nowMs, held, knownTip } = request
  const schedules = scheduleNotes(repository, request.versions, request.cron, cursors, nowMs)
  return onNewestTip(status, signal, async (tip) => {
    const missing = tip !== null && tip === knownTip ? [] : await missingRuns(status, held)
    const lost = tip === null && knownTip !== null ? 'BranchDeleted' : missing.length > 0 ? 'RecordsMissing' : null
    const refilled = missing.slice(0, MOST_REFILLED)
    const batch: HistoryBatch = {
      repository,
      runs: [...request.runs, ...refilled],
      cursors,
      started,
      schedules,
      refill: lost === null ? null : REFILL_NOTES[lost],
    }
    const old = await readFiles(status, filesToRead(batch))
    const ownership = judgeOwner(old.get(OWNER_PATH) ?? null, owner)
    if (ownership.kind === 'BranchOwned') return ownership
    const plan = planHistory(batch, { name: owner, nowMs }, old)
    const beside = runsBeside(batch.runs, old)
    if (plan === null) return { kind: 'NothingNew', commit: tip, beside }
    const commit = await status.commit(tip, plan.changes, plan.message, signal)
    return { kind: 'Written', commit, spoilt: plan.spoilt, lost, refilled, hasMore: refilled.length < missing.length, beside }
  })
}

async function readFiles(status: StatusBranch, paths: readonly string[]): Promise<OldFiles> {
  const decoder = new TextDecoder()
  const files = new Map<string, string | null>()
  for (const path of paths) {
    const bytes = await status.read(path)
    files.set(path, bytes === null ? null : decoder.decode(bytes))
  }
  return files
}

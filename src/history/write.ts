import type { CommitSha, StatusBranch } from '../git/ports.ts'
import type { CronCache } from '../triggers/cron.ts'
import { type BranchOwned, judgeOwner } from './owner-file.ts'
import { OWNER_PATH } from './paths.ts'
import { filesToRead, type HistoryBatch, type OldFiles, planHistory } from './plan.ts'
import { onNewestTip } from './races.ts'
import { type InForce, scheduleNotes } from './schedule-notes.ts'

/** Finished runs and fates of ticks, where they go, and who writes them. */
export interface WriteRequest extends Omit<HistoryBatch, 'schedules'> {
  status: StatusBranch
  /** What is in force, and how its ticks are found: the pages tell the next ones. */
  versions: InForce
  cron: CronCache
  /** The name in `owner.json` that makes the branch ours. */
  owner: string
  nowMs: number
}

/** What came of it: `commit` holds all records of the batch. */
export type WriteResult =
  /** `spoilt` are files that somebody else had made unreadable: what they held besides this batch is gone from them. */
  | { kind: 'Written'; commit: CommitSha; spoilt: string[] }
  /** All of it was there already. */
  | { kind: 'NothingNew'; commit: CommitSha }
  /** Nothing was written. */
  | BranchOwned

/**
 * Records a batch with one commit on top of wherever the branch is now. Safe to repeat after any crash and any error. A lost
 * race is tried again on the new tip; every other GitError goes to the caller, and so does `Raced` when it goes on.
 * Throws TypeError for a batch without runs and odd fates when there is no branch.
 */
export async function writeHistory(request: WriteRequest, signal?: AbortSignal): Promise<WriteResult> {
  const { status, owner, repository, runs, cursors, nowMs } = request
  const batch: HistoryBatch = { repository, runs, cursors, schedules: scheduleNotes(repository, request.versions, request.cron, cursors, nowMs) }
  return onNewestTip(status, signal, async (tip) => {
    const old = await readFiles(status, filesToRead(batch))
    const ownership = judgeOwner(old.get(OWNER_PATH) ?? null, owner)
    if (ownership.kind === 'BranchOwned') return ownership
    const plan = planHistory(batch, { name: owner, nowMs }, old)
    if (plan === null) {
      if (tip === null) throw new TypeError('an empty batch for a branch that is not there')
      return { kind: 'NothingNew', commit: tip }
    }
    const commit = await status.commit(tip, plan.changes, plan.message, signal)
    return { kind: 'Written', commit, spoilt: plan.spoilt }
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

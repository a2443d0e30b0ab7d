import { readHistory, type ReadHistory } from '../../src/history/read.ts'
import type { WriteRequest } from '../../src/history/write.ts'
import { cursorsWith, everyHour, inForce, REPOSITORY } from './history-builders.ts'
import type { MemoryRemote } from './memory-status-branch.ts'

/** When everything is written. */
export const NOW_MS = Date.parse('2026-11-20T02:00:00Z')
/** The controller under test. */
export const US = 'uid-1/data/data-jobs'

/** A request that writes nothing yet. */
export function requestOf(remote: MemoryRemote, wish: Partial<WriteRequest> = {}): WriteRequest {
  return {
    status: remote.open(),
    owner: US,
    repository: REPOSITORY,
    runs: [],
    cursors: cursorsWith(),
    versions: inForce('nightly-nordics', 'nightly-report'),
    cron: everyHour,
    nowMs: NOW_MS,
    started: [],
    held: [],
    knownTip: null,
    ...wish,
  }
}

/** A request to claim the branch. */
export function claimRequest(remote: MemoryRemote, owner: string) {
  return { status: remote.open(), owner, repository: REPOSITORY, nowMs: NOW_MS }
}

/** All records of the branch. */
export async function readBack(remote: MemoryRemote): Promise<ReadHistory> {
  const status = remote.open()
  await status.fetchTip()
  return readHistory(status, { limit: 1000 })
}

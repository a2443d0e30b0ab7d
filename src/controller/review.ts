import { formatTimestamp } from '../clock.ts'
import type { Context } from '../context.ts'
import { type CommitSha, GitError, type ReviewBranches } from '../git/ports.ts'
import { updateCursors, withCondition } from './cursors.ts'
import type { RepositoryState } from './repository.ts'
import { noteProblem } from './repository.ts'

const DAY_SECONDS = 86_400
/** The branches are looked at this often: a review may have been merged, or its branch deleted. */
const CHECK_INTERVAL_MS = 300_000
const RETRY_MS = 60_000

/**
 * Keeps the rolling review: a branch that is one commit on top of `into` with all of the history. While its time has not passed it takes
 * in new records and follows `into`; then it stays as it is, and the next one begins once there is something new. As long as an older
 * one waits to be merged, the newest goes on taking in records, so that there are never more than two. Returns when to look again.
 */
export async function updateReview(context: Context, state: RepositoryState, signal: AbortSignal): Promise<number | null> {
  const { reviews, settings } = state.followed
  const { knownTip } = state.history
  if (!state.claimed || reviews === undefined || settings.review === undefined) return null
  const nowMs = context.clock.now()
  if (knownTip === null) return nowMs + RETRY_MS
  try {
    await propose(context, state, { reviews, status: knownTip, ...settings.review }, signal)
    await setCondition(context, state, null)
    return nowMs + CHECK_INTERVAL_MS
  } catch (error) {
    if (!(error instanceof GitError)) throw error
    noteProblem(state, 'review', error.message, () => {
      context.report({ kind: 'ReviewFailed', repository: state.key, reason: error.kind, message: error.message })
    })
    await setCondition(context, state, error)
    return nowMs + RETRY_MS
  }
}

interface Wanted {
  reviews: ReviewBranches
  status: CommitSha
  into: string
  everySeconds: number
}

async function propose(context: Context, state: RepositoryState, wanted: Wanted, signal: AbortSignal): Promise<void> {
  const { reviews, status } = wanted
  const { into, reviews: found } = await reviews.look(signal)
  if (into === null)
    throw new GitError('BranchNotFound', `history.review.into names the branch ${wanted.into}, which is not there: push it, or name another`)
  const name = await chooseName(wanted, into, found, context.clock.now(), signal)
  const expected = name === null ? null : (found.get(name) ?? null)
  const done = `${into} ${status} ${name} ${expected}`
  if (name === null || state.review === done) return
  const message = `History of ${state.key} up to ${status.slice(0, 12)}\n\nHowever this is merged, the next review holds only what is new.\n`
  const commit = await context.writeSite('review-proposed', () => reviews.propose({ name, expected, into, status, message }, signal))
  noteProblem(state, 'review', null, () => undefined)
  state.review = `${into} ${status} ${name} ${commit ?? expected}`
  if (commit !== null && commit !== expected) context.report({ kind: 'ReviewProposed', repository: state.key, name, commit })
}

/** The review that is to hold the history as it is now; null when no new one is needed. */
async function chooseName(
  { reviews, status, everySeconds }: Wanted,
  into: CommitSha,
  found: ReadonlyMap<string, CommitSha>,
  nowMs: number,
  signal: AbortSignal,
): Promise<string | null> {
  const begun = [...found].flatMap(([name, commit]) => ({ name, commit, startMs: startOf(name) })).filter(({ startMs }) => !Number.isNaN(startMs))
  const [newest, older] = begun.sort((one, other) => other.startMs - one.startMs)
  const next = nameAt(nowMs, everySeconds)
  if (newest === undefined) return next
  const [newestCopy, intoCopy] = [
    { kind: 'Review', name: newest.name, commit: newest.commit },
    { kind: 'Into', commit: into },
  ] as const
  if (nowMs < newest.startMs + everySeconds * 1000) return newest.name
  if (older !== undefined && !(await reviews.hasRecords(intoCopy, { kind: 'Review', name: older.name, commit: older.commit }, signal)))
    return newest.name
  return (await reviews.hasRecords(newestCopy, { kind: 'Status', commit: status }, signal)) ? null : next
}

/** A review is named after the day on which it begins; where several may begin in a day, with the time. */
function nameAt(nowMs: number, everySeconds: number): string {
  const [day = '', time = ''] = formatTimestamp(nowMs).split('T')
  return everySeconds < DAY_SECONDS ? `${day}-${time.slice(0, 8).replaceAll(':', '')}` : day
}

/** NaN for a branch that is none of ours. */
function startOf(name: string): number {
  const [, day, hours = '00', minutes = '00', seconds = '00'] = /^(\d{4}-\d\d-\d\d)(?:-(\d\d)(\d\d)(\d\d))?$/.exec(name) ?? []
  return Date.parse(`${day}T${hours}:${minutes}:${seconds}Z`)
}

async function setCondition(context: Context, state: RepositoryState, error: GitError | null): Promise<void> {
  const condition =
    error === null
      ? ({ type: 'ReviewOffered', status: 'True', reason: 'Offered', message: 'the history is offered for review' } as const)
      : ({ type: 'ReviewOffered', status: 'False', reason: error.kind, message: error.message } as const)
  await updateCursors(context, state.followed.settings.ref, (current) => ({
    ...current,
    conditions: withCondition(current.conditions, condition, context.clock.now()),
  }))
}

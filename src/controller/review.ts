import { formatTimestamp } from '../clock.ts'
import type { Context } from '../context.ts'
import { type CommitSha, GitError, type HistoryCopy, type ReviewBranches } from '../git/ports.ts'
import { updateCursors, withCondition } from './cursors.ts'
import type { RepositoryState } from './repository.ts'
import { noteProblem } from './repository.ts'

const DAY_SECONDS = 86_400
/** The branches are looked at this often: a review may have been merged, or its branch deleted. */
const CHECK_INTERVAL_MS = 300_000
const RETRY_MS = 60_000
/** Trailer of a review that was made while an older one waited, whose records it holds too. */
const BESIDE = 'Fusee-Beside: fusee/review/'

/**
 * Keeps the rolling review: a branch that is one commit on top of `into` with all of the history. While its time has not passed it takes
 * in new records and follows `into`; then it stays as it is, and the next one begins once there is something new. As long as an older
 * one waits to be merged, the newest goes on taking in records, so that there are never more than two; once the older one is merged, the newest is
 * put on top of that. Returns when to look again.
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
  const choice = await choose(wanted, into, found, context.clock.now(), signal)
  if (choice === null) return
  const { name, beside } = choice
  const expected = found.get(name) ?? null
  const known = (commit: CommitSha | null): string => `${into} ${status} ${name} ${beside} ${commit}`
  if (state.review === known(expected)) return
  const message = `History of ${state.key} up to ${status.slice(0, 12)}

However this is merged, the next review holds only what is new.
${beside === null ? '' : `\n${BESIDE}${beside}\n`}`
  const commit = await context.writeSite('review-proposed', () => reviews.propose({ name, expected, into, status, message }, signal))
  noteProblem(state, 'review', null, () => undefined)
  state.review = known(commit ?? expected)
  if (commit !== null && commit !== expected) context.report({ kind: 'ReviewProposed', repository: state.key, name, commit })
}

/** The review that is to hold the history as it is now, and an older one that waits beside it; null when no new one is needed. */
async function choose(
  { reviews, status, everySeconds }: Wanted,
  into: CommitSha,
  found: ReadonlyMap<string, CommitSha>,
  nowMs: number,
  signal: AbortSignal,
): Promise<{ name: string; beside: string | null } | null> {
  const begun = [...found].flatMap(([name, commit]) => ({ name, commit, startMs: startOf(name) })).filter(({ startMs }) => !Number.isNaN(startMs))
  const [newest, older] = begun.sort((one, other) => other.startMs - one.startMs)
  const next = nameAt(nowMs, everySeconds)
  if (newest === undefined) return { name: next, beside: null }
  const has = (whole: HistoryCopy, part: HistoryCopy): Promise<boolean> => reviews.hasRecords(whole, part, signal)
  const isMerged = (review: { name: string; commit: CommitSha }): Promise<boolean> =>
    has({ kind: 'Into', commit: into }, { kind: 'Review', ...review })
  const beside = older === undefined || (await isMerged(older)) ? null : older.name
  if (beside !== null || nowMs < newest.startMs + everySeconds * 1000) return { name: newest.name, beside }
  const waits = !(await isMerged(newest))
  // It still holds, on top of what was there before, what has been merged since: once more then, on top of that.
  if (waits && (await reviews.message(newest.name, newest.commit, signal)).includes(BESIDE)) return { name: newest.name, beside: null }
  return (await has({ kind: 'Review', ...newest }, { kind: 'Status', commit: status })) ? null : { name: next, beside: waits ? newest.name : null }
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

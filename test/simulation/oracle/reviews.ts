import { recordNameOf, recordsOnBranch } from '../facts.ts'
import type { Tree } from '../git-remote.ts'
import type { Review } from '../reviewers.ts'
import { SLACK_MS, type Case } from './case.ts'

/** Judges a review that was put somewhere: one commit on top of the branch, with all records and nothing that is there already; and frozen in time. */
export function checkReview(input: Case, seen: Omit<Review, 'isBeside'>, everySeconds: number): void {
  const { facts, remote, complain } = input
  const { name, base, files } = seen
  const others = [...facts.reviews.values()].filter((other) => other.name !== name && isWaiting(input, other))
  const review = { ...seen, isBeside: others.some((other) => startOf(other.name) < startOf(name)) || hasJustLanded(input) }
  if (!review.isOneCommit) complain('review-shape', `review ${name} is more than one commit on top of ${base}`)
  if (!remote.tipsSince(input.now() - SLACK_MS).includes(base)) complain('review-base', `review ${name} builds on ${base}, the branch has moved on`)
  const before = remote.commits.get(base)?.tree ?? new Map<string, string>()
  const changed = [...new Set([...before.keys(), ...files.keys()])].filter((path) => before.get(path) !== files.get(path))
  for (const path of changed) {
    const isHistory = path.startsWith('history/') && !path.startsWith('history/state/')
    if (!isHistory) complain('review-foreign', `review ${name} changes ${path}`)
    if (recordNameOf(path) !== null && before.has(path)) complain('review-old', `review ${name} holds ${path}, which the branch has`)
  }
  const missing = [...recordsOnBranch(facts, review.status)].filter((run) => !recordsIn(files).has(run))
  if (missing.length > 0) complain('review-lacks', `review ${name} lacks the records of ${missing.join(', ')}`)
  if (input.isClockTrue) checkTime(input, review, others, everySeconds * 1000)
  facts.reviews.set(name, review)
}

/** While a review's time lasts no other begins; when it has passed the review stays, unless it holds what an older one holds that waits, or did when it was made. */
function checkTime(input: Case, { name, isBeside }: Review, waiting: readonly Review[], everyMs: number): void {
  const before = input.facts.reviews.get(name)
  if (before !== undefined) {
    const isOld = input.now() > startOf(name) + everyMs + SLACK_MS
    if (isOld && !isBeside && !before.isBeside) input.complain('review-moved', `review ${name} was moved after its time`)
    return
  }
  if (waiting.length > 1 && !hasJustLanded(input))
    input.complain('review-third', `review ${name} begins while ${waiting.map((other) => other.name).join(' and ')} wait`)
  const early = waiting.find((other) => input.now() < startOf(other.name) + everyMs - SLACK_MS)
  if (early !== undefined) input.complain('review-early', `review ${name} begins while ${early.name} has time`)
}

/** Whether all records of the status branch have been merged, or are offered; and whether a review that waits alone holds only what is new. */
export function isOfferedWell(input: Case): boolean {
  const { facts, remote } = input
  const merged = mergedRecords(input)
  const waiting = [...facts.reviews.values()].filter((review) => isWaiting(input, review))
  const offered = new Set(waiting.flatMap(({ files }) => [...recordsIn(files)]))
  const isWhole = [...recordsOnBranch(facts)].every((run) => merged.has(run) || offered.has(run))
  const [alone, ...others] = waiting
  if (!isWhole || alone === undefined || others.length > 0 || !remote.wentForward()) return isWhole
  const before = recordsIn(remote.commits.get(alone.base)?.tree ?? new Map<string, string>())
  return [...recordsIn(alone.files)].every((run) => before.has(run) || !merged.has(run))
}

/** Whether the branch lacks records of the review. */
function isWaiting(input: Case, { files }: Review): boolean {
  const merged = mergedRecords(input)
  return [...recordsIn(files)].some((run) => !merged.has(run))
}

/** Whether the branch has moved while the review was being made. */
function hasJustLanded({ remote, now }: Case): boolean {
  return remote.tipsSince(now() - SLACK_MS).length > 1
}

function mergedRecords({ remote }: Case): Set<string> {
  return recordsIn(remote.commits.get(remote.tip())?.tree ?? new Map<string, string>())
}

function recordsIn(files: Tree): Set<string> {
  return new Set([...files.keys()].flatMap((path) => recordNameOf(path) ?? []))
}

/** The moment that a review is named after. */
function startOf(name: string): number {
  const [, day = '', hours = '00', minutes = '00', seconds = '00'] = /^(\d{4}-\d\d-\d\d)(?:-(\d\d)(\d\d)(\d\d))?$/.exec(name) ?? []
  return Date.parse(`${day}T${hours}:${minutes}:${seconds}Z`)
}

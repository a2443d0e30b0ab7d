import type { StoredCommit } from '../../git/ports.ts'
import { claimMessage, releaseMessage } from '../commit-message.ts'
import { type Owner, parseOwner } from '../owner-file.ts'
import { ShapeError } from '../shape.ts'
import { type Complain, type KnownChange, type Ledger, readText } from './ledger.ts'

/** Checks that the branch passes from one owner to the next by claim and take-over alone. */
export async function checkOwner(ledger: Ledger, commit: StoredCommit, changes: readonly KnownChange[], complain: Complain): Promise<void> {
  const change = changes.find(({ kind }) => kind === 'owner')
  if (change === undefined) return
  const before = ledger.owner
  ledger.owner = null
  if (change.to === null) return complain('owner-changed', change.path, 'the owner of the branch is removed')
  const after = parseOwner(await readText(ledger.log, change.to))
  if (after instanceof ShapeError) return complain('owner-changed', change.path, `it names no owner any more: ${after.message}`)
  ledger.owner = after
  const wrong = after.owner === null ? wrongInRelease(before, after) : wrongInClaim(before, after)
  if (wrong !== null) return complain('owner-changed', change.path, wrong)
  const message = after.owner === null ? releaseMessage(after.formerOwner ?? '', after.releasedBy ?? '') : claimMessage(after.owner)
  if (changes.length === 1 && commit.message !== message) complain('message-differs', null, `its message should be ${JSON.stringify(message.trim())}`)
}

function wrongInClaim(before: Owner | null, { owner, formerOwner, releasedAt, releasedBy }: Owner): string | null {
  if (before?.owner != null && before.owner !== owner) return `the branch goes from ${before.owner} to ${owner} without a take-over`
  if (before?.owner != null) return `it changes though ${owner} goes on owning the branch`
  if (before?.formerOwner === owner) return `${owner} claims the branch, from which it was taken`
  return (formerOwner ?? releasedAt ?? releasedBy) ? `it names ${owner}, and somebody who has taken the branch` : null
}

/** An owner that could not be read is taken off as `unknown`. */
function wrongInRelease(before: Owner | null, { formerOwner, repository, claimedAt, releasedAt, releasedBy }: Owner): string | null {
  if (formerOwner === undefined || releasedAt === undefined || releasedBy === undefined)
    return 'it does not say who took the branch from whom, and when'
  if (before === null) return formerOwner === 'unknown' ? null : `the branch is taken from ${formerOwner}, who did not own it`
  if (before.owner !== formerOwner) return `the branch is taken from ${formerOwner}, ${before.owner === null ? 'nobody' : before.owner} owned it`
  return repository === before.repository && claimedAt === before.claimedAt ? null : 'it tells of another claim than the one before'
}

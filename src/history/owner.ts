import { formatTimestamp } from '../clock.ts'
import type { CommitSha, StatusBranch } from '../git/ports.ts'
import type { ObjectRef } from '../runs/objects.ts'
import { claimMessage, releaseMessage } from './commit-message.ts'
import { type BranchOwned, claimOf, encodeOwner, judgeOwner, type Owner, type Ownership, parseOwner, releaseOf } from './owner-file.ts'
import { OWNER_PATH } from './paths.ts'
import { onNewestTip } from './races.ts'
import { ShapeError } from './shape.ts'

/** What a controller needs to know before it starts anything. */
export type ClaimResult =
  /** The branch was nobody's and is ours with this commit. */
  | { kind: 'Claimed'; commit: CommitSha }
  /** The branch was ours already. */
  | { kind: 'Ours' }
  /** The branch is another's, or was taken away from us: start nothing. */
  | BranchOwned

/** What came of a take-over; `message` says it to a person. */
export type TakeOverResult =
  | { kind: 'TakenOver'; formerOwner: string; commit: CommitSha; message: string }
  /** There was nothing to take over. */
  | { kind: 'NoBranch' | 'NoOwner'; message: string }

/** Makes the branch ours when it is nobody's. Afterwards the branch can be read at its tip. Throws GitError. */
export async function claimBranch(
  request: { status: StatusBranch; owner: string; repository: ObjectRef; nowMs: number },
  signal?: AbortSignal,
): Promise<ClaimResult> {
  const { status, owner, repository, nowMs } = request
  return onNewestTip(status, signal, async (tip) => {
    const ownership = await readOwnership(status, owner)
    switch (ownership.kind) {
      case 'Ours':
      case 'BranchOwned':
        return ownership
      case 'Free': {
        const claim = claimOf(owner, `${repository.namespace}/${repository.name}`, formatTimestamp(nowMs))
        return { kind: 'Claimed', commit: await status.commit(tip, ownerChange(claim), claimMessage(owner), signal) }
      }
    }
  })
}

/**
 * Takes the branch from whoever owns it, on a person's word: the next controller other than that one claims it. `by` is that
 * person, for the record. Throws GitError.
 */
export async function takeOver(request: { status: StatusBranch; by: string; nowMs: number }, signal?: AbortSignal): Promise<TakeOverResult> {
  const { status, by, nowMs } = request
  return onNewestTip(status, signal, async (tip) => {
    if (tip === null)
      return { kind: 'NoBranch', message: 'there is no status branch yet, so nobody owns it; the first controller that starts claims it' }
    const text = await readOwner(status)
    if (text === null) return { kind: 'NoOwner', message: 'nobody owns the status branch; the next controller that starts claims it' }
    const found = parseOwner(text)
    const held = found instanceof ShapeError ? claimOf('unknown', 'unknown', formatTimestamp(nowMs)) : found
    if (held.owner === null) {
      return {
        kind: 'NoOwner',
        message: `the status branch was taken from ${held.formerOwner ?? 'its owner'} already; the next other controller claims it`,
      }
    }
    const released = releaseOf(held, held.owner, by, formatTimestamp(nowMs))
    const commit = await status.commit(tip, ownerChange(released), releaseMessage(held.owner, by), signal)
    const message = `${held.owner} no longer owns the status branch; the next other controller that starts claims it`
    return { kind: 'TakenOver', formerOwner: held.owner, commit, message }
  })
}

/** Whose the branch is for the controller of this name, at the tip last fetched or written. Throws GitError. */
export async function readOwnership(status: StatusBranch, owner: string): Promise<Ownership> {
  return judgeOwner(await readOwner(status), owner)
}

async function readOwner(status: StatusBranch): Promise<string | null> {
  const bytes = await status.read(OWNER_PATH)
  return bytes === null ? null : new TextDecoder().decode(bytes)
}

function ownerChange(owner: Owner): ReadonlyMap<string, Uint8Array> {
  return new Map([[OWNER_PATH, new TextEncoder().encode(encodeOwner(owner))]])
}

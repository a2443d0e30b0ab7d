import { type CommitLog, type CommitSha, GitError, type StoredCommit, type TrustedKeys } from '../../git/ports.ts'
import { checkCommit } from './check-commit.ts'
import { checkTip } from './check-tip.ts'
import type { Finding } from './finding.ts'
import { kindOf, type Ledger, readText } from './ledger.ts'
import { parseOverview } from '../overview.ts'
import { parseOwner } from '../owner-file.ts'
import { ShapeError } from '../shape.ts'
import { parseState } from '../state.ts'

/** A commit at which the branch is known to have been, and from where: a clone's log of its refs, a person. */
export interface Anchor {
  commit: CommitSha
  from: string
}

/** What is verified, and what it is held against. */
export interface VerifyRequest {
  log: CommitLog
  tip: CommitSha
  /** Every commit must be signed by one of these; null: signatures are not judged, but may not stop. */
  keys: TrustedKeys | null
  /** Only what came after this commit is checked; it must be on the branch. */
  since: CommitSha | null
  anchors: readonly Anchor[]
  /** Another branch that holds reviewed copies of records, by a name for people. */
  against: { commit: CommitSha; name: string } | null
}

/** What came of it: nothing is wrong when there is no finding. */
export interface Verification {
  tip: CommitSha
  /** Commits and records that were checked. */
  commits: number
  records: number
  /** Pages of another format than this version makes: they were not compared with their records. */
  otherPages: number
  /** What the branch says of itself: commits before which it had been deleted or reset, and was refilled. */
  refilled: CommitSha[]
  /** Commits that say they were made before the one below them: a clock went wrong, or somebody set it back. */
  backdated: CommitSha[]
  findings: Finding[]
}

/**
 * Checks a status branch commit by commit, oldest first, with nothing but what the repository holds. Throws GitError when it cannot be read at all, and
 * the signal's reason when aborted.
 */
export async function verifyHistory({ log, tip, keys, since, anchors, against }: VerifyRequest, signal?: AbortSignal): Promise<Verification> {
  const ledger: Ledger = { log, records: new Map(), states: new Map(), overview: null, owner: null, isSigned: false, otherPages: 0, findings: [] }
  const { commits, ancestors, isWhole } = await readChain(ledger, tip, since)
  checkAnchors(ledger, ancestors, anchors, since, isWhole)
  const base = since !== null && ancestors.has(since) ? since : (commits[0]?.parents[0] ?? null)
  if (base !== null) await begin(ledger, base)
  for (const commit of commits) {
    signal?.throwIfAborted()
    await guarded(ledger, commit.id, () => checkCommit(ledger, commit, keys))
  }
  const records = [...ledger.records.values()].filter((record) => record !== null).length
  await guarded(ledger, null, async () => checkTip(ledger, await log.changes(null, tip)))
  if (against !== null) await compareCopies(ledger, tip, against)
  const refilled = commits.filter(({ message }) => /^The branch had been (deleted|reset)/m.test(message)).map(({ id }) => id)
  const backdated = commits.filter(({ committer }, index) => committer.atSeconds < (commits[index - 1]?.committer.atSeconds ?? 0)).map(({ id }) => id)
  return { tip, commits: commits.length, records, otherPages: ledger.otherPages, refilled, backdated, findings: ledger.findings }
}

/** The commits from the tip back, oldest first, without `since` and those before it. */
async function readChain(
  ledger: Ledger,
  tip: CommitSha,
  since: CommitSha | null,
): Promise<{ commits: StoredCommit[]; ancestors: Set<string>; isWhole: boolean }> {
  const commits: StoredCommit[] = []
  const ancestors = new Set<string>()
  let next: CommitSha | undefined = tip
  while (next !== undefined) {
    const id: CommitSha = next
    ancestors.add(id)
    if (id === since) return { commits: commits.reverse(), ancestors, isWhole: false }
    try {
      const commit: StoredCommit = await ledger.log.commit(id)
      commits.push(commit)
      next = commit.parents[0]
    } catch (error) {
      if (!(error instanceof GitError) || commits.length === 0) throw error
      const isShallow = error.kind === 'ObjectNotFound'
      const message = isShallow
        ? `the clone ends before ${id}: what lies before cannot be checked; fetch it with git fetch --unshallow, or say --since ${commits.at(-1)?.id ?? ''}`
        : error.message
      ledger.findings.push({ rule: isShallow ? 'shallow' : 'unreadable', commit: id, path: null, message })
      // Its child has nothing that it could be compared with.
      ancestors.add(commits.pop()?.id ?? id)
      return { commits: commits.reverse(), ancestors, isWhole: false }
    }
  }
  return { commits: commits.reverse(), ancestors, isWhole: true }
}

function checkAnchors(ledger: Ledger, ancestors: ReadonlySet<string>, anchors: readonly Anchor[], since: CommitSha | null, isWhole: boolean): void {
  const isReached = isWhole || since === null
  const complain = (commit: CommitSha, message: string): void => void ledger.findings.push({ rule: 'rewritten', commit, path: null, message })
  if (since !== null && !ancestors.has(since)) complain(since, 'the branch does not continue this commit (--since): it was reset or rewritten')
  // With --since, whatever lies before it was not looked at.
  if (!isReached && since !== null && ancestors.has(since)) return
  for (const { commit, from } of anchors)
    if (!ancestors.has(commit)) complain(commit, `the branch was at this commit (${from}) and does not continue it: it was reset or rewritten`)
}

/** What lies on the branch where the check begins. */
async function begin(ledger: Ledger, base: CommitSha): Promise<void> {
  for (const { path, to } of await ledger.log.changes(null, base)) {
    const kind = kindOf(path)
    if (kind === 'record') ledger.records.set(path.replace(/\.json$/, ''), null)
    if (to === null || (kind !== 'owner' && kind !== 'state' && kind !== 'overview')) continue
    const text = await readText(ledger.log, to)
    if (kind === 'state') ledger.states.set(path, parsedOrNull(text, parseState))
    if (kind === 'overview') ledger.overview = parsedOrNull(text, parseOverview)
    const owner = kind === 'owner' ? parseOwner(text) : null
    if (owner !== null) ledger.owner = owner instanceof ShapeError ? null : owner
  }
  ledger.isSigned = (await ledger.log.commit(base)).signature !== null
}

function parsedOrNull<T>(text: string, parse: (text: string) => T): T | null {
  try {
    return parse(text)
  } catch (error) {
    if (error instanceof ShapeError) return null
    throw error
  }
}

/** Records are the same wherever they were merged to. */
async function compareCopies(ledger: Ledger, tip: CommitSha, { commit, name }: { commit: CommitSha; name: string }): Promise<void> {
  for (const { path, from, to } of await ledger.log.changes(tip, commit)) {
    if (kindOf(path) !== 'record' || to === null) continue
    const message = from === null ? `${name} holds this record, the status branch does not` : `${name} holds this record with another content`
    ledger.findings.push({ rule: from === null ? 'record-removed' : 'record-differs', commit: null, path, message })
  }
}

/** What cannot be read is a finding, and hides no other. */
async function guarded(ledger: Ledger, commit: CommitSha | null, check: () => Promise<void>): Promise<void> {
  try {
    await check()
  } catch (error) {
    if (!(error instanceof GitError)) throw error
    ledger.findings.push({ rule: 'unreadable', commit, path: null, message: error.message })
  }
}

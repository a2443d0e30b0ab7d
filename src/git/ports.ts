import type { Files } from '../definitions/files.ts'

declare const commitSha: unique symbol
/** Id of a commit: 40 lower-case hexadecimal digits. */
export type CommitSha = string & { readonly [commitSha]: true }

/** The text as a commit id; throws TypeError when it is none. */
export function asCommitSha(text: string): CommitSha {
  if (!/^[0-9a-f]{40}$/.test(text)) throw new TypeError(`not a commit id: ${JSON.stringify(text)}`)
  return text as CommitSha
}

/** Why git could not do what was asked. Only `Unreachable` and `Raced` are worth a retry by themselves; the others wait for a person. */
export type GitErrorKind =
  /** No repository at this URL or in this folder. */
  | 'RepositoryNotFound'
  /** Wrong or missing credentials. */
  | 'Unauthorized'
  /** The repository is there, the branch is not. */
  | 'BranchNotFound'
  /** No answer, a cut connection, a 5xx, an untrusted certificate: `message` says which. */
  | 'Unreachable'
  /** The remote refused the push for a reason of its own: hook, quota, read-only, rights. */
  | 'PushRefused'
  /** A rule of the forge protects the branch against this push: the credentials are right, the rule has to change, or the branch. */
  | 'BranchProtected'
  /** Somebody else moved the branch first: fetch, rebuild, try again. */
  | 'Raced'
  /** A commit or its content is not there any more, here or at the remote: nothing brings it back by itself. */
  | 'ObjectNotFound'
  /** An object is broken, or the answer is no git. */
  | 'Corrupt'
  /** A bound on size was exceeded. */
  | 'TooLarge'
  /** The disk of this machine is full, or its folder not writable. */
  | 'Storage'

/** A failure of git; `message` says what and where, without credentials, and what to do. */
export class GitError extends Error {
  override name = 'GitError'
  readonly kind: GitErrorKind
  constructor(kind: GitErrorKind, message: string, options?: ErrorOptions) {
    super(message, options)
    this.kind = kind
  }
}

/** How one commit came after another. */
export interface CommitRange {
  /** Commits after `from` up to and including `to`, by first parents, oldest first; at most `limit`, the newest ones. */
  commits: CommitSha[]
  /** Whether `from` is an ancestor of `to`. When not, `commits` is just `to`. */
  forward: boolean
}

/** Follows one branch. One fetch at a time; reads work beside it. */
export interface SourceRepository {
  /** The branch's name, without `refs/heads/`; known after the first `fetchTip` when the remote's default is followed. */
  readonly branch: string
  /** Looks where the branch is. When it resolves, that commit, its trees and its history since the last known tip can be read. Throws GitError. */
  fetchTip(signal?: AbortSignal): Promise<CommitSha>
  /** The files at a commit. A commit that is not here is fetched by id when the remote allows it. Throws GitError. */
  filesAt(commit: CommitSha): Files
  /** Paths that differ between two commits, relative to the root; everything in `to` when `from` is null or cannot be read. */
  changedPaths(from: CommitSha | null, to: CommitSha): Promise<string[]>
  /** The way from one tip to the next. */
  range(from: CommitSha, to: CommitSha, limit: number): Promise<CommitRange>
  /** A commit and those before it by first parents, oldest first; at most `limit`, and as far as the repository has them. */
  history(commit: CommitSha, limit: number): Promise<CommitSha[]>
  /**
   * These commits must stay readable here, whatever the repository forgets; those named before need not any more. It counts from the next
   * `fetchTip` on: what is in force is named before the tip is asked for.
   */
  keep(commits: readonly CommitSha[]): void
  /** Message of a commit. */
  message(commit: CommitSha): Promise<string>
}

/** One file of a commit on the status branch: new content, or null to remove it. Paths are relative to the root, with `/`. */
export type FileChanges = ReadonlyMap<string, Uint8Array | null>

/** The status branch: read at bootstrap and takeover, then only written. */
export interface StatusBranch {
  /** Looks where the branch is: its tip, or null when there is none yet. Afterwards `read` and `list` see that tip. Throws GitError. */
  fetchTip(signal?: AbortSignal): Promise<CommitSha | null>
  /** Content at the tip last fetched or written; null when there is no such file. Throws GitError, `Unreachable` before the branch was ever looked at. */
  read(path: string): Promise<Uint8Array | null>
  /** Names of the entries of a folder at that tip, folders with a trailing `/`; empty when there is none. Throws as `read` does. */
  list(folder: string): Promise<string[]>
  /** What stands for the content of a folder at that tip, and for no other; null when there is none. Throws as `read` does. */
  folderId(folder: string): Promise<string | null>
  /** Whether the commit at that tip is signed; false when there is none. Throws as `read` does. */
  isSigned(): Promise<boolean>
  /**
   * Writes one commit on top of `parent` (null: the branch's first, orphan commit) and moves the remote's branch to it by
   * compare-and-swap: when the branch is elsewhere, or files are read here at another tip by now, nothing changes and GitError
   * `Raced` is thrown. After any other error the commit may have arrived or not: fetch the tip to see. Costs do not grow with the
   * branch's history.
   */
  commit(parent: CommitSha | null, changes: FileChanges, message: string, signal?: AbortSignal): Promise<CommitSha>
}

/** A commit as it is stored, for those who check it. */
export interface StoredCommit {
  id: CommitSha
  tree: string
  parents: CommitSha[]
  message: string
  author: CommitPerson
  committer: CommitPerson
  /** What a signature signs: the object's bytes without its signature. */
  payload: Uint8Array
  /** Armoured, OpenPGP or SSH; null when it has none. */
  signature: string | null
}

/** Who made a commit, and when by their clock. */
export interface CommitPerson {
  name: string
  email: string
  /** Seconds since the Unix epoch. */
  atSeconds: number
}

/** A path that differs between two commits, with the ids of its content; null on the side where it is not. */
export interface TreeChange {
  path: string
  from: string | null
  to: string | null
}

/** Reads what a repository holds, commit by commit, without trusting any of it. Nothing is written and no network is asked for a local folder. */
export interface CommitLog {
  /** Where a branch is; null when there is none. Throws GitError. */
  tip(branch: string, signal?: AbortSignal): Promise<CommitSha | null>
  /** Throws GitError: `ObjectNotFound` beyond a shallow clone's end, `Corrupt` for what is no commit or does not have this id. */
  commit(id: CommitSha): Promise<StoredCommit>
  /** Files, links and submodules that differ, sorted by path; everything when `from` is null. Throws GitError. */
  changes(from: CommitSha | null, to: CommitSha): Promise<TreeChange[]>
  /** Content by its id, as `changes` tells it. Throws GitError. */
  blob(id: string): Promise<Uint8Array>
}

/** Signs the bytes of a commit; the armoured signature. */
export type CommitSigner = (payload: Uint8Array) => Promise<string>

/** What keys say of a signature. */
export type SignatureVerdict =
  /** `by` is the name that the key is trusted under; `key` its fingerprint. */
  | { kind: 'Good'; by: string; key: string }
  /** Made by a key that is not among those trusted. */
  | { kind: 'Untrusted'; key: string }
  /** Not made for these bytes, broken, or of a kind that cannot be checked: `reason` says which. */
  | { kind: 'Bad'; reason: string }

/** Keys that are trusted to sign. */
export interface TrustedKeys {
  /** `atSeconds` is the commit's time, for keys that are valid for a while only. */
  judge(signature: string, payload: Uint8Array, atSeconds: number): Promise<SignatureVerdict>
}

/** Branches that offer the history for review, in the repository of the status branch. */
export interface ReviewBranches {
  /** Where the branch that they are to be merged into is (null: there is none), and where those below `fusee/review/` are, by what follows that. Throws GitError. */
  look(signal?: AbortSignal): Promise<{ into: CommitSha | null; reviews: ReadonlyMap<string, CommitSha> }>
  /** Whether all records of one are in the other: what was merged is, however that was done. Throws GitError. */
  hasRecords(whole: HistoryCopy, part: HistoryCopy, signal?: AbortSignal): Promise<boolean>
  /** The message of a review. Throws GitError. */
  message(name: string, commit: CommitSha, signal?: AbortSignal): Promise<string>
  /**
   * Puts the review at one commit on top of `into`, which adds what the status branch has at `status`, but for its state; null when
   * `into` has all of that. Equal requests give equal commits. Compare-and-swap against `expected`: throws GitError `Raced`.
   */
  propose(request: ReviewProposal, signal?: AbortSignal): Promise<CommitSha | null>
}

/** A review as it is to be. */
export interface ReviewProposal {
  name: string
  expected: CommitSha | null
  into: CommitSha
  status: CommitSha
  message: string
}

/** A commit of a branch that holds records. */
export type HistoryCopy = { kind: 'Into' | 'Status'; commit: CommitSha } | { kind: 'Review'; name: string; commit: CommitSha }

import type { CommitSha, FileChanges, SourceRepository, StatusBranch } from '../../src/git/ports.ts'

/** Files of a commit by path; null removes, text that starts with `-> ` is a symbolic link where the adapter knows links. */
export type ContractFiles = Readonly<Record<string, string | null>>

/** A repository with both ports on it, and the hands of somebody else who works with the same repository. */
export interface GitHarness {
  /** The ports as a newly started program gets them; `keepData` on what the last one left on disk. */
  open(options?: { keepData?: boolean }): Promise<{ source: SourceRepository; status: StatusBranch }>
  /** Makes commits, each on top of the last, and moves the branch there; id of the last. */
  push(commits: readonly ContractFiles[], options?: { branch?: string; merge?: readonly CommitSha[]; message?: string }): Promise<CommitSha>
  /** Moves a branch; null deletes it. */
  reset(commit: CommitSha | null, branch: string): Promise<void>
  tip(branch: string): Promise<CommitSha | null>
  /** Files of a branch as text, sorted by path. */
  files(branch: string): Promise<Map<string, string>>
  /** Rejects when the repository's objects are not as the git program wants them. */
  check(): Promise<void>
  close(): Promise<void>
}

/** What an adapter can. */
export interface GitContract {
  name: string
  /** Whether it keeps symbolic links apart from files. */
  links: boolean
  /** Whether only reading is worth a look, because another contract writes the same way. */
  readOnly?: boolean
  create(): Promise<GitHarness>
}

/** The branch that is followed. */
export const SOURCE = 'main'
/** The branch that records go to. */
export const STATUS = 'fusee/status'

/** Texts as changes of a commit. */
export function changes(files: ContractFiles): FileChanges {
  return new Map(Object.entries(files).map(([path, content]) => [path, content === null ? null : Buffer.from(content)]))
}

/** Bytes as text; empty for none. */
export function text(bytes: Uint8Array | null): string {
  return bytes === null ? '' : Buffer.from(bytes).toString()
}

/** An id that no repository has. */
export function unknownCommit(): CommitSha {
  return 'c0ffee'.padEnd(40, '0') as CommitSha
}

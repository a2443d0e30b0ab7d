import { createSimulatedGit, type SimulatedGit } from '../../src/git/simulated.ts'
import type { Faults } from './faults.ts'
import { openReviews, deleteReview, REVIEWED_INTO, type Review } from './reviewers.ts'
import { GitError } from '../../src/git/ports.ts'
import type { CommitLog, CommitSha, FileChanges, ReviewBranches, SourceRepository, StatusBranch } from '../../src/git/ports.ts'

const STATUS = 'fusee/status'

/** What somebody leaves beside the records now and then. */
export const NOTE = { path: 'history/note.txt', message: 'a note' }

/** A file tree: content by path. */
export type Tree = ReadonlyMap<string, string>

/** A commit of the followed branch, as its author made it. */
export interface AuthoredCommit {
  parent: CommitSha | null
  tree: Tree
}

/** A commit on the status branch, as it arrived. */
export interface StatusCommit {
  sha: CommitSha
  parent: CommitSha | null
  atMs: number
  message: string
  changes: FileChanges
}

/** A Git repository that everybody shares. What the authors did is known apart from it: the oracle asks this, the product the repository. */
export interface GitRemote {
  commits: ReadonlyMap<CommitSha, AuthoredCommit>
  /** Commits on top of `parent` and moves the branch there, wherever it stood; `merged` makes a merge. */
  push(parent: CommitSha | null, tree: Tree, message: string, merged?: readonly CommitSha[]): Promise<CommitSha>
  /** Moves the branch. */
  reset(sha: CommitSha): void
  tip(): CommitSha
  /** Whether the branch was never stepped back on. */
  wentForward(): boolean
  /** Where the branch was at some time since `sinceMs`. */
  tipsSince(sinceMs: number): CommitSha[]
  /** First parents from `from` (left out) to `to`, oldest first; null when `from` is no ancestor. */
  between(from: CommitSha, to: CommitSha): CommitSha[] | null
  /** Paths whose content differs, sorted. */
  changedPaths(from: CommitSha | null, to: CommitSha): string[]
  /** Sets the status branch back to a share of its commits; 0 deletes it. Returns where it is then. */
  harmStatus(share: number): CommitSha | null
  /** What a newly started process opens. */
  open(): { source: SourceRepository; status: StatusBranch; reviews: ReviewBranches }
  /** Reads it commit by commit. */
  log: CommitLog
  /** Takes the branch of a review away. */
  deleteReview(name: string): void
}

/** What the world has to do with a remote. */
export interface GitRemoteWorld {
  now: () => number
  /** Hears of what arrives on the status branch. */
  onStatusCommit: (commit: StatusCommit) => void
  onReview: (review: Omit<Review, 'isBeside'>) => void
  /** What becomes of what we write to a status branch that is there. */
  fateOfPush: Faults['fateOfPush']
}

/** An empty repository. */
export function createGitRemote(world: GitRemoteWorld): GitRemote {
  const { now } = world
  const branch = REVIEWED_INTO
  let wentForward = true
  const tips: { sha: CommitSha; sinceMs: number }[] = []
  const git = createSimulatedGit({ now, branch })
  const commits = new Map<CommitSha, AuthoredCommit>()
  const treeOf = (sha: CommitSha | null): Tree => (sha === null ? undefined : commits.get(sha)?.tree) ?? new Map()
  return {
    commits,
    async push(parent, tree, message, merged = []) {
      wentForward &&= parent === (git.tip(branch) ?? null)
      git.reset(parent)
      const sha = await git.pushCommit(Object.fromEntries(differences(treeOf(parent), tree).map((path) => [path, tree.get(path) ?? null])), message, {
        parents: merged,
      })
      commits.set(sha, { parent, tree })
      tips.push({ sha, sinceMs: now() })
      return sha
    },
    reset(sha) {
      wentForward &&= sha === git.tip(branch)
      git.reset(sha)
      tips.push({ sha, sinceMs: now() })
    },
    wentForward: () => wentForward,
    tipsSince: (sinceMs) => tips.filter((_, index) => (tips[index + 1]?.sinceMs ?? Infinity) >= sinceMs).map(({ sha }) => sha),
    tip() {
      const sha = git.tip(branch)
      if (sha === null) throw new Error('the branch is gone')
      return sha
    },
    between(from, to) {
      const way: CommitSha[] = []
      for (let at: CommitSha | null = to; at !== null; at = commits.get(at)?.parent ?? null) {
        if (at === from) return way.reverse()
        way.push(at)
      }
      return null
    },
    changedPaths: (from, to) => differences(treeOf(from), treeOf(to)).sort(),
    harmStatus(share) {
      const oldestFirst = git
        .statusCommits()
        .map(({ id }) => id)
        .reverse()
      const tip = oldestFirst[Math.floor(share * oldestFirst.length) - 1] ?? null
      git.reset(tip, STATUS)
      return tip
    },
    open: () => ({ ...openRemote(git, world), reviews: openReviews(git, world.onReview) }),
    log: git.log,
    deleteReview: (name) => deleteReview(git, name),
  }
}

function openRemote(git: SimulatedGit, { now, onStatusCommit, fateOfPush }: GitRemoteWorld): Omit<ReturnType<GitRemote['open']>, 'reviews'> {
  const { source, status } = git.open()
  const commit: StatusBranch['commit'] = async (parent, changes, message, signal) => {
    const fate = parent !== null && git.tip(STATUS) === parent ? fateOfPush() : 'Taken'
    if (fate instanceof GitError) throw fate
    if (parent !== null && fate === 'Raced') onStatusCommit({ ...(await writeNote(git, parent)), atMs: now() })
    const sha = await status.commit(parent, changes, message, signal)
    onStatusCommit({ sha, parent, atMs: now(), message, changes })
    return sha
  }
  return { source, status: { ...status, commit } }
}

/** Somebody leaves a note beside the records. */
async function writeNote(git: SimulatedGit, parent: CommitSha): Promise<Omit<StatusCommit, 'atMs'>> {
  const { path, message } = NOTE
  const sha = await git.pushCommit({ [path]: parent }, message, { branch: STATUS })
  return { sha, parent, message, changes: new Map() }
}

function differences(before: Tree, after: Tree): string[] {
  return [...new Set([...before.keys(), ...after.keys()])].filter((path) => before.get(path) !== after.get(path))
}

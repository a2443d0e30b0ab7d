import type { CommitSha, ReviewBranches, ReviewProposal } from '../../src/git/ports.ts'
import type { SimulatedGit } from '../../src/git/simulated.ts'
import type { SeededRandom } from '../../src/simulation/seeded-random.ts'
import type { Tree } from './git-remote.ts'

/** Where the history is offered to. */
export const REVIEWED_INTO = 'main'

const PREFIX = 'fusee/review/'

/** A branch of review as it was put somewhere. */
export interface Review {
  name: string
  /** What it builds on, as its maker says. */
  base: CommitSha
  /** The status commit that it offers, likewise. */
  status: CommitSha
  commit: CommitSha
  /** Whether it is that one commit on top of its base. */
  isOneCommit: boolean
  /** All its files. */
  files: Tree
  /** Whether an older one waited, or something was just merged, when it was made. */
  isBeside: boolean
}

/** A handle on the branches of review; `onMove` hears of each that was moved before its mover does. */
export function openReviews(git: SimulatedGit, onMove: (review: Omit<Review, 'isBeside'>) => void): ReviewBranches {
  const branches = git.openReviews(REVIEWED_INTO)
  return {
    ...branches,
    async propose(request, signal) {
      const before = git.tip(PREFIX + request.name)
      const commit = await branches.propose(request, signal)
      if (commit !== null && commit !== before) onMove(await look(git, request, commit))
      return commit
    },
  }
}

async function look(git: SimulatedGit, { name, into, status }: ReviewProposal, commit: CommitSha): Promise<Omit<Review, 'isBeside'>> {
  const { commits } = await git.open().source.range(into, commit, 10)
  const files = await git.readFiles(PREFIX + name)
  return { name, base: into, status, commit, isOneCommit: commits.length === 1 && commits[0] === commit, files }
}

/** How people bring a review in. */
export type Landing = 'Merge' | 'Squash' | 'Rebase'

/** What landing a review makes of the branch at `tip`; null when there is none, or when it would conflict. */
export function planLanding(
  reviews: readonly Review[],
  tip: { sha: CommitSha; tree: Tree },
  treeAt: (commit: CommitSha) => Tree,
  random: SeededRandom,
): { name: string; how: Landing; tree: Tree; parents: CommitSha[] } | null {
  if (reviews.length === 0) return null
  const { name, base, commit, files } = random.pick(reviews)
  const how = random.pick(['Merge', 'Squash', 'Rebase'] as const)
  const before = treeAt(base)
  const changed = [...files].filter(([path, text]) => before.get(path) !== text)
  const isClean = changed.every(([path, text]) => [before.get(path), text].includes(tip.tree.get(path)))
  if (!isClean) return null
  return { name, how, tree: new Map([...tip.tree, ...changed]), parents: how === 'Merge' ? [commit] : [] }
}

/** Takes the branch of a review away, as forges do once it is merged. */
export function deleteReview(git: SimulatedGit, name: string): void {
  git.reset(null, PREFIX + name)
}

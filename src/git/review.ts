import type { BuiltCommit, CommitStyle } from './build-commit.ts'
import type { ObjectReader } from './object-reader.ts'
import type { NewObject } from './objects.ts'
import { createObject, encodeCommit } from './objects.ts'
import { hasAllFiles, overlayTrees, withFolder } from './overlay.ts'
import type { CommitSha, HistoryCopy, ReviewBranches } from './ports.ts'
import { asCommitSha } from './ports.ts'
import { withSignature } from './stored-commit.ts'
import { findFolder } from './tree-walk.ts'

/** What a repository has to offer for branches of review. */
export interface ReviewPlace {
  /** Where branches are: `into`, and those below the prefix. */
  branches(into: string, prefix: string, signal?: AbortSignal): Promise<ReadonlyMap<string, CommitSha>>
  /** Calls `read` with a commit of a branch; again when something had to be fetched. */
  at<T>(branch: string, commit: CommitSha, read: (reader: ObjectReader, tree: string) => Promise<T>, signal?: AbortSignal): Promise<T>
  /** Moves a branch from where it is expected to a commit that need not build on that. Throws GitError `Raced`. */
  move(branch: string, expected: CommitSha | null, built: BuiltCommit, signal?: AbortSignal): Promise<void>
}

/** Below it the branches of review lie. */
const REVIEW_PREFIX = 'fusee/review/'

const HISTORY = 'history'
const STATE = 'state'

/** What lies in a day, but for its ticks: pages, ticks and state change with each record, so that an old review differs in them from what was merged later. */
const isOfRecord = (path: string): boolean => /^[^/]+\/\d{4}\/\d\d\/\d\d\/[^/]+$/.test(path) && !path.endsWith('/ticks.json')

/** Branches of review in a place. `statusBranch` is where the history comes from, `into` where it is to go. */
export function createReviewBranches(place: ReviewPlace, statusBranch: string, into: string, style: CommitStyle): ReviewBranches {
  const branchOf = (copy: HistoryCopy): string => {
    switch (copy.kind) {
      case 'Into':
        return into
      case 'Status':
        return statusBranch
      case 'Review':
        return REVIEW_PREFIX + copy.name
    }
  }
  return {
    async look(signal) {
      const branches = await place.branches(into, REVIEW_PREFIX, signal)
      const reviews = [...branches]
        .filter(([name]) => name.startsWith(REVIEW_PREFIX))
        .map(([name, commit]) => [name.slice(REVIEW_PREFIX.length), commit] as const)
      return { into: branches.get(into) ?? null, reviews: new Map(reviews) }
    },
    hasRecords: (whole, part, signal) =>
      place.at(
        branchOf(whole),
        whole.commit,
        (outer, outerTree) =>
          place.at(
            branchOf(part),
            part.commit,
            async (inner, innerTree) =>
              hasAllFiles(
                { reader: outer, tree: await findFolder(outer, outerTree, HISTORY) },
                { reader: inner, tree: await findFolder(inner, innerTree, HISTORY) },
                isOfRecord,
              ),
            signal,
          ),
        signal,
      ),
    message: (name, commit, signal) => place.at(REVIEW_PREFIX + name, commit, async (reader) => (await reader.commit(commit)).message, signal),
    async propose({ name, expected, into: base, status, message }, signal) {
      const built = await place.at(
        into,
        base,
        (below, belowTree) =>
          place.at(statusBranch, status, (above, aboveTree) => build(below, belowTree, above, aboveTree, { base, status, message, style }), signal),
        signal,
      )
      if (built === null || built.id === expected) return built?.id ?? null
      await place.move(REVIEW_PREFIX + name, expected, built, signal)
      return built.id
    },
  }
}

/** One commit on top of `base`; null when it would change nothing. Its time is that of the status commit, so that it is the same whenever it is built. */
async function build(
  below: ObjectReader,
  belowTree: string,
  above: ObjectReader,
  aboveTree: string,
  { base, status, message, style }: { base: CommitSha; status: CommitSha; message: string; style: CommitStyle },
): Promise<BuiltCommit | null> {
  const objects = new Map<string, NewObject>()
  const history = await findFolder(above, aboveTree, HISTORY)
  if (history === null) return null
  const offered = await withFolder({ reader: above, tree: history }, STATE, null, objects)
  const both: ObjectReader = {
    ...above,
    tree: async (id) => (id === offered ? above.tree(history).then((all) => all.filter((entry) => entry.name !== STATE)) : above.tree(id)),
  }
  const folder = await overlayTrees({ reader: below, tree: await findFolder(below, belowTree, HISTORY) }, { reader: both, tree: offered }, objects)
  const tree = await withFolder({ reader: below, tree: belowTree }, HISTORY, folder, objects)
  if (tree === belowTree) return null
  const atSeconds = (await above.commit(status)).committedAtSeconds
  const bytes = encodeCommit({ tree, parents: [base], message, author: style.author, atSeconds })
  const signed = style.sign === null ? bytes : withSignature(bytes, await style.sign(bytes))
  const commit = createObject('commit', signed)
  objects.set(commit.id, commit)
  return { id: asCommitSha(commit.id), objects: [...objects.values()] }
}

import { MissingObjectError } from './object-reader.ts'
import type { CommitObject } from './objects.ts'
import type { CommitRange, CommitSha } from './ports.ts'
import { asCommitSha } from './ports.ts'

/** Reads the commit objects of a walk; unlike ObjectReader it needs no trees. */
export interface CommitReader {
  commit(id: string): Promise<CommitObject>
}

/** A range, and whether history that is not here could have changed it. */
export interface WalkedRange extends CommitRange {
  complete: boolean
}

/** Reached from the newer commit. */
const TO = 1
/** Reached from the older commit, so not part of the range. */
const FROM = 2
/** Beyond it two branches count as strangers: a bound on memory, far above what people push at once. */
const MOST_VISITS = 200_000

/**
 * The way from one tip to the next. Both sides are walked, the newest commit first, until everything still to visit is
 * an ancestor of `from`, as `git rev-list from..to` does it. Commits that cannot be read end the walk on their line and
 * make the answer incomplete where it matters.
 */
export async function walkRange(reader: CommitReader, from: CommitSha, to: CommitSha, limit: number): Promise<WalkedRange> {
  if (from === to) return { commits: [], forward: true, complete: true }
  const walk = createWalk(reader)
  await walk.mark(from, FROM)
  await walk.mark(to, TO)
  for (let visits = 0; visits < MOST_VISITS && walk.open > 0; visits++) await walk.step()

  const forward = ((walk.marks.get(from) ?? 0) & TO) !== 0
  if (!forward) return { commits: [to], forward, complete: !walk.truncated }
  const commits: CommitSha[] = []
  let next: string | undefined = to
  while (next !== undefined && commits.length < limit && ((walk.marks.get(next) ?? 0) & FROM) === 0) {
    const commit = walk.commits.get(next)
    if (commit === undefined) return { commits: commits.reverse(), forward, complete: false }
    commits.push(asCommitSha(next))
    next = commit.parents[0]
  }
  return { commits: commits.reverse(), forward, complete: true }
}

interface Walk {
  readonly marks: Map<string, number>
  readonly commits: Map<string, CommitObject>
  /** Queued commits that only the newer side reaches. */
  readonly open: number
  /** Whether the newer side met a commit that cannot be read. */
  readonly truncated: boolean
  mark(id: string, mark: number): Promise<void>
  step(): Promise<void>
}

function createWalk(reader: CommitReader): Walk {
  const marks = new Map<string, number>()
  const commits = new Map<string, CommitObject>()
  const queue = createQueue()
  let open = 0
  const unread = new Set<string>()

  async function mark(id: string, added: number): Promise<void> {
    const before = marks.get(id) ?? 0
    const after = before | added
    if (after === before) return
    marks.set(id, after)
    const commit = commits.get(id) ?? (await readIfThere(reader, id))
    if (commit === null) {
      if (after === TO) unread.add(id)
      else unread.delete(id)
      return
    }
    commits.set(id, commit)
    if (queue.has(id)) {
      if (before === TO) open--
      return
    }
    queue.add(id, commit.committedAtSeconds)
    if (after === TO) open++
  }

  async function step(): Promise<void> {
    const id = queue.take()
    if (id === null) return
    const current = marks.get(id) ?? 0
    if (current === TO) open--
    for (const parent of commits.get(id)?.parents ?? []) await mark(parent, current)
  }

  return {
    marks,
    commits,
    mark,
    step,
    get open() {
      return open
    },
    get truncated() {
      return unread.size > 0
    },
  }
}

/** A commit; null when it is not there. */
export async function readIfThere(reader: CommitReader, id: string): Promise<CommitObject | null> {
  try {
    return await reader.commit(id)
  } catch (error) {
    if (error instanceof MissingObjectError) return null
    throw error
  }
}

interface Queue {
  add(id: string, priority: number): void
  /** The id with the highest priority; null when empty. */
  take(): string | null
  has(id: string): boolean
}

/** A binary heap. */
function createQueue(): Queue {
  const heap: { id: string; priority: number }[] = []
  const members = new Set<string>()

  function higher(a: number, b: number): boolean {
    return (heap[a]?.priority ?? -Infinity) > (heap[b]?.priority ?? -Infinity)
  }
  function swap(a: number, b: number): void {
    const [first, second] = [heap[a], heap[b]]
    if (first === undefined || second === undefined) return
    heap[a] = second
    heap[b] = first
  }
  return {
    has: (id) => members.has(id),
    add(id, priority) {
      members.add(id)
      let at = heap.push({ id, priority }) - 1
      while (at > 0 && higher(at, (at - 1) >> 1)) {
        swap(at, (at - 1) >> 1)
        at = (at - 1) >> 1
      }
    },
    take() {
      swap(0, heap.length - 1)
      const top = heap.pop()
      if (top === undefined) return null
      members.delete(top.id)
      for (let at = 0; ;) {
        const child = higher(2 * at + 2, 2 * at + 1) ? 2 * at + 2 : 2 * at + 1
        if (!higher(child, at)) return top.id
        swap(at, child)
        at = child
      }
    },
  }
}

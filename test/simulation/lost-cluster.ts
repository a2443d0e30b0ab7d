import { createFacts, recordsOnBranch, type Facts, type RunFacts } from './facts.ts'

/** What is known of a cluster that is gone, beside what was pushed: by it the next controller is judged. */
export interface LostCluster {
  /** All Runs that it ever held, by name. */
  runs: ReadonlyMap<string, RunFacts>
  /** What the status branch held when it was taken over; null before that. */
  branch: { recorded: ReadonlySet<string>; copies: Copies } | null
}

/** How far the cursors had come when the status branch was written last; nothing for a branch without records. */
export interface Copies {
  /** When it was written. */
  writtenAtMs: number
  lastCommit: string | null
  /** By schedule: up to when its ticks had been judged. */
  judgedUpToMs: ReadonlyMap<string, number>
}

/** Everything but Git is gone. */
export function noteLoss(facts: Facts): void {
  const { runs, statusCommits, statusTip, seenTips, records, reviews } = facts
  Object.assign(facts, createFacts(), { statusCommits, statusTip, seenTips, records, reviews, claimedFrom: Infinity, lost: { runs, branch: null } })
}

/** Whoever comes next may claim the status branch as it is now, and carries on from it. */
export function noteTakeOver(facts: Facts): void {
  if (facts.lost === null) return
  facts.claimedFrom = facts.statusCommits.length
  facts.lost.branch = { recorded: recordsOnBranch(facts), copies: readCopies(facts) }
}

function readCopies({ statusCommits }: Facts): Copies {
  const last = statusCommits.findLast(({ changes }) => changes.has(OVERVIEW))
  if (last === undefined) return { writtenAtMs: -Infinity, lastCommit: null, judgedUpToMs: new Map() }
  const { cursors } = JSON.parse(Buffer.from(last.changes.get(OVERVIEW) ?? []).toString()) as {
    cursors: { lastCommit: string | null; schedules: Record<string, { judgedUpTo: string }> }
  }
  const judgedUpTo = Object.entries(cursors.schedules).map(([name, cursor]) => [name, Date.parse(cursor.judgedUpTo)] as const)
  return { writtenAtMs: last.atMs, lastCommit: cursors.lastCommit, judgedUpToMs: new Map(judgedUpTo) }
}

const OVERVIEW = 'history/state/overview.json'

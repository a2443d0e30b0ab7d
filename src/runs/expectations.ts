import { parseTimestamp } from '../clock.ts'
import type { Expectation } from '../definitions/workflow.ts'
import type { StoredRun } from './run.ts'

/** What is judged. */
export interface ExpectationInput {
  workflows: Iterable<{ name: string; expect: Expectation }>
  /** Those that are there, of all workflows. */
  runs: readonly StoredRun[]
  /** By workflow, the end of the newest success that is known; without one, when it was first known. */
  freshSinceMs: ReadonlyMap<string, number>
  nowMs: number
}

/** Which workflows are not as expected. `nextAtMs` is when that may change without anything happening. */
export interface ExpectationJudgement {
  /** No success within `successWithin`. */
  stale: string[]
  /** A run under way for longer than `duration`, or the last one took longer. */
  slow: string[]
  nextAtMs: number | null
}

/** Compares workflows with what they say is usual. */
export function judgeExpectations({ workflows, runs, freshSinceMs, nowMs }: ExpectationInput): ExpectationJudgement {
  const judgement: ExpectationJudgement = { stale: [], slow: [], nextAtMs: null }
  const wait = (atMs: number): void => {
    judgement.nextAtMs = Math.min(judgement.nextAtMs ?? Infinity, atMs)
  }
  for (const { name, expect } of workflows) {
    const own = runs.filter((run) => run.spec.workflow === name)
    if (expect.successWithinSeconds !== null) {
      const dueMs = (freshSinceMs.get(name) ?? nowMs) + expect.successWithinSeconds * 1000
      if (nowMs > dueMs) judgement.stale.push(name)
      else wait(dueMs + 1)
    }
    if (expect.durationSeconds !== null) {
      const limitMs = expect.durationSeconds * 1000
      const active = own.filter(({ status }) => status?.phase !== 'Finished').map((run) => parseTimestamp(run.metadata.creationTimestamp) + limitMs)
      for (const dueMs of active) if (nowMs <= dueMs) wait(dueMs + 1)
      if (active.some((dueMs) => nowMs > dueMs) || (lastDurationMs(own) ?? 0) > limitMs) judgement.slow.push(name)
    }
  }
  return judgement
}

function lastDurationMs(runs: readonly StoredRun[]): number | null {
  const finished = runs.flatMap(({ metadata, status }) =>
    status?.finishedAt === undefined || status.result === 'Skipped'
      ? []
      : [{ endMs: parseTimestamp(status.finishedAt), startMs: parseTimestamp(metadata.creationTimestamp) }],
  )
  const last = finished.sort((one, other) => other.endMs - one.endMs)[0]
  return last === undefined ? null : last.endMs - last.startMs
}

import type { Timestamp } from '../clock.ts'
import type { RunResult } from '../runs/run.ts'

/** What numbers need of a run. */
export interface CountedRun {
  result: RunResult
  startedAt: Timestamp | null
  finishedAt: Timestamp
}

/** How runs went. Skipped and cancelled ones say nothing about that: they are not counted. */
export interface RunStats {
  /** Runs that came to an end of their own. */
  counted: number
  succeeded: number
  /** Of those counted, to three digits; null when there is none. */
  successRate: number | null
  /** Nearest rank, in milliseconds; null when no run was counted. */
  p50Ms: number | null
  p95Ms: number | null
  /** End of the latest success. */
  lastSuccessAt: Timestamp | null
}

/** The numbers of some runs, in any order. */
export function statsOf(runs: readonly CountedRun[]): RunStats {
  const counted = runs.filter(({ result }) => result === 'Succeeded' || result === 'Failed' || result === 'TimedOut')
  const succeeded = counted.filter(({ result }) => result === 'Succeeded')
  const durationsMs = counted.flatMap((run) => durationMs(run) ?? []).sort((left, right) => left - right)
  return {
    counted: counted.length,
    succeeded: succeeded.length,
    successRate: counted.length === 0 ? null : Math.round((succeeded.length / counted.length) * 1000) / 1000,
    p50Ms: percentile(durationsMs, 0.5),
    p95Ms: percentile(durationsMs, 0.95),
    lastSuccessAt: succeeded.map(({ finishedAt }) => finishedAt).reduce<string | null>(later, null),
  }
}

/** From the first step's start to the end; null for a run that never started. */
export function durationMs(run: CountedRun): number | null {
  return run.startedAt === null ? null : Date.parse(run.finishedAt) - Date.parse(run.startedAt)
}

function percentile(ascending: readonly number[], part: number): number | null {
  return ascending[Math.max(0, Math.ceil(ascending.length * part) - 1)] ?? null
}

function later(one: string | null, other: string): string {
  return one === null || Date.parse(other) > Date.parse(one) ? other : one
}

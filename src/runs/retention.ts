import { parseTimestamp } from '../clock.ts'
import type { Retention } from '../definitions/workflow.ts'
import type { StoredRun } from './run.ts'

/** Which Runs may go: recorded ones beyond their workflow's counts (newest are kept, succeeded and others apart) or too old. Others are never named. */
export function planRetention(runs: readonly StoredRun[], retentionOf: (run: StoredRun) => Retention, nowMs: number): StoredRun[] {
  const recorded = runs.filter((run) => run.status?.recorded !== undefined && run.metadata.deletionTimestamp === undefined)
  const newestFirst = [...recorded].sort((one, other) => endOf(other) - endOf(one))
  const seen = new Map<string, number>()
  return newestFirst.filter((run) => {
    const succeeded = run.status?.result === 'Succeeded'
    const retention = retentionOf(run)
    const key = `${run.spec.workflow}/${String(succeeded)}`
    const rank = (seen.get(key) ?? 0) + 1
    seen.set(key, rank)
    return rank > (succeeded ? retention.succeeded : retention.failed) || nowMs - endOf(run) > retention.maxAgeSeconds * 1000
  })
}

function endOf(run: StoredRun): number {
  return parseTimestamp(run.status?.finishedAt ?? run.metadata.creationTimestamp)
}

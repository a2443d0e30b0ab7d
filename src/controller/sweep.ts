import type { Context } from '../context.ts'
import { GitError } from '../git/ports.ts'
import { planRetention } from '../runs/retention.ts'
import type { RepositoryState, Wake } from './repository.ts'
import { deleteJobs } from './records.ts'

/** Ages are looked at this often. */
const SWEEP_INTERVAL_MS = 3_600_000

/** Kept when neither the workflow nor the Run says otherwise. */
const DEFAULT_RETENTION = { succeeded: 10, failed: 30, maxAgeSeconds: 90 * 86_400 }

/** Of a workflow that is gone little needs to be at hand, since its records stay on the status branch: its runs go when they are so old. */
const DELETED_MAX_AGE_SECONDS = 3600

/** While the status branch cannot be read. */
const AWAY_MS = 60_000

/**
 * Deletes recorded Runs that retention does not keep, Jobs and logs first, while the status branch is where all of them have their record: one that
 * was reset is refilled first. Returns when to look again.
 */
export async function sweep(context: Context, state: RepositoryState, wake: Wake): Promise<number> {
  const { settings } = state.followed
  const nowMs = context.clock.now()
  const runs = await context.runs.listRuns({ namespace: settings.ref.namespace, repository: settings.ref.name })
  const isDeleted = (workflow: string): boolean => state.look === 'Ended' && state.versions?.workflows.has(workflow) === false
  const retentionOf = (run: (typeof runs)[number]) => {
    const { workflow } = run.spec
    const retention = state.versions?.workflows.get(workflow)?.definition.retention ?? run.status?.definition?.retention ?? DEFAULT_RETENTION
    return isDeleted(workflow) ? { ...retention, maxAgeSeconds: Math.min(retention.maxAgeSeconds, DELETED_MAX_AGE_SECONDS) } : retention
  }
  const swept = planRetention(runs, retentionOf, nowMs)
  if (swept.length > 0 && !(await areRecordsThere(state))) {
    // Once they are known to be, sweeping is asked for again.
    state.history.checkAtMs = 0
    wake(`records ${state.key}`)
    return nowMs + AWAY_MS
  }
  for (const run of swept) {
    await deleteJobs(context, run)
    await context.writeSite('run-swept', () => context.runs.deleteRun(run))
    context.report({ kind: 'RunSwept', repository: state.key, run: run.metadata.name })
  }
  return nowMs + SWEEP_INTERVAL_MS
}

/** Whether the branch is as it was when all recorded Runs were known to have their record. */
async function areRecordsThere({ followed: { status }, history, signal }: RepositoryState): Promise<boolean> {
  if (history.knownTip === null) return false
  try {
    return (await status.fetchTip(signal)) === history.knownTip
  } catch (error) {
    if (!(error instanceof GitError)) throw error
    return false
  }
}

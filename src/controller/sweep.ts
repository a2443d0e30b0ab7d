import type { Context } from '../context.ts'
import { planRetention } from '../runs/retention.ts'
import type { RepositoryState } from './repository.ts'
import { deleteJobs } from './records.ts'

/** Ages are looked at this often. */
const SWEEP_INTERVAL_MS = 3_600_000

/** Kept when neither the workflow nor the Run says otherwise. */
const DEFAULT_RETENTION = { succeeded: 10, failed: 30, maxAgeSeconds: 90 * 86_400 }

/** Of a workflow that is gone little needs to be at hand, since its records stay on the status branch: its runs go when they are so old. */
const DELETED_MAX_AGE_SECONDS = 3600

/** Deletes recorded Runs that retention does not keep, Jobs and logs first. Returns when to look again. */
export async function sweep(context: Context, state: RepositoryState): Promise<number> {
  const { settings } = state.followed
  const nowMs = context.clock.now()
  const runs = await context.runs.listRuns({ namespace: settings.ref.namespace, repository: settings.ref.name })
  const isDeleted = (workflow: string): boolean => state.look === 'Ended' && state.versions?.workflows.has(workflow) === false
  const retentionOf = (run: (typeof runs)[number]) => {
    const { workflow } = run.spec
    const retention = state.versions?.workflows.get(workflow)?.definition.retention ?? run.status?.definition?.retention ?? DEFAULT_RETENTION
    return isDeleted(workflow) ? { ...retention, maxAgeSeconds: Math.min(retention.maxAgeSeconds, DELETED_MAX_AGE_SECONDS) } : retention
  }
  for (const run of planRetention(runs, retentionOf, nowMs)) {
    await deleteJobs(context, run)
    await context.writeSite('run-swept', () => context.runs.deleteRun(run))
    context.report({ kind: 'RunSwept', repository: state.key, run: run.metadata.name })
  }
  return nowMs + SWEEP_INTERVAL_MS
}

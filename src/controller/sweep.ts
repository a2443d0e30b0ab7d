import type { Context } from '../context.ts'
import { planRetention } from '../runs/retention.ts'
import type { StoredRun } from '../runs/run.ts'
import type { RepositoryState } from './repository.ts'
import { deleteJobs } from './records.ts'

/** Ages are looked at this often. */
const SWEEP_INTERVAL_MS = 3_600_000

/** Kept when neither the workflow nor the Run says otherwise. */
const DEFAULT_RETENTION = { succeeded: 10, failed: 30, maxAgeSeconds: 90 * 86_400 }

const NOTHING_KEPT = { succeeded: 0, failed: 0, maxAgeSeconds: 0 }

/** Deletes recorded Runs that retention does not keep, Jobs and logs first. Returns when to look again. */
export async function sweep(context: Context, state: RepositoryState): Promise<number> {
  const { settings } = state.followed
  const nowMs = context.clock.now()
  const runs = await context.runs.listRuns({ namespace: settings.ref.namespace, repository: settings.ref.name })
  const isDeleted = (workflow: string): boolean => state.look === 'Ended' && state.versions?.workflows.has(workflow) === false
  const retentionOf = (run: (typeof runs)[number]) =>
    // Of a workflow that is gone nothing needs to be at hand: its records stay on the status branch.
    isDeleted(run.spec.workflow)
      ? NOTHING_KEPT
      : (state.versions?.workflows.get(run.spec.workflow)?.definition.retention ?? run.status?.definition?.retention ?? DEFAULT_RETENTION)
  for (const run of planRetention(runs, retentionOf, nowMs)) {
    await deleteJobs(context, run)
    await context.writeSite('run-swept', () => context.runs.deleteRun(run))
    context.report({ kind: 'RunSwept', repository: state.key, run: run.metadata.name })
  }
  return nowMs + SWEEP_INTERVAL_MS
}

/**
 * Runs of Repositories that nobody follows here any more: those that are recorded go, Jobs and logs first; the others are what is left
 * of them anywhere, so they are named and kept.
 */
export async function sweepOrphans(
  context: Context,
  runs: readonly StoredRun[],
  isFollowed: (key: string) => boolean,
  named: Set<string>,
): Promise<void> {
  for (const run of runs) {
    const key = `${run.metadata.namespace}/${run.spec.repository}`
    if (isFollowed(key)) continue
    if (run.status?.recorded !== undefined) {
      await deleteJobs(context, run)
      await context.writeSite('run-swept', () => context.runs.deleteRun(run))
      context.report({ kind: 'RunSwept', repository: key, run: run.metadata.name })
    } else if (!named.has(run.metadata.uid)) {
      named.add(run.metadata.uid)
      context.report({ kind: 'OrphanFound', repository: key, run: run.metadata.name })
    }
  }
}

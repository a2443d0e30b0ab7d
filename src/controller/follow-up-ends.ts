import { parseTimestamp } from '../clock.ts'
import type { Context } from '../context.ts'
import { hasRecord } from '../history/read.ts'
import { runName } from '../runs/names.ts'
import type { Cursors, StoredRun } from '../runs/run.ts'
import { planDownstream } from '../triggers/upstream.ts'
import { initialCursors } from './cursors.ts'
import { FULL_RETRY_MS, isHistoryFull, isWaiting } from './history-full.ts'
import { LARGEST_BATCH } from './records.ts'
import type { RepositoryState, Wake } from './repository.ts'
import { startRun } from './repository.ts'
import type { Versions } from './versions.ts'

/**
 * Starts what the ends of runs start. Until that is done a run is not recorded, so that it is still there after a crash in between;
 * derived names keep the next try from starting anything twice. It does not wait for the status branch, which may be away for days, until too many
 * records wait for it. Returns when to look again.
 */
export async function followUpEnds(context: Context, state: RepositoryState, wake: Wake): Promise<number | null> {
  const { followed, followedUp, versions } = state
  if (!state.claimed || versions === null) return null
  const { ref } = followed.settings
  const runs = await context.runs.listRuns({ namespace: ref.namespace, repository: ref.name })
  const ended = runs.filter(isWaiting)
  const cursors = (await context.runs.readCursors(ref)) ?? initialCursors
  const isFull = await isHistoryFull(context, state, runs)
  const names = new Set(ended.map((run) => run.metadata.name))
  for (const name of followedUp) if (!names.has(name)) followedUp.delete(name)
  const followUp = async (some: readonly StoredRun[], mayStart: boolean): Promise<void> => {
    for (const run of some) {
      if (followedUp.has(run.metadata.name)) continue
      if (await startDownstream(context, state, versions, run, { cursors, mayStart, wake })) followedUp.add(run.metadata.name)
    }
  }
  await followUp(ended, !isFull)
  // Each of them waits for the others to be recorded: so many go on as one commit records.
  if (isFull && state.ownerRead && followedUp.size === 0) await followUp(ended.slice(0, LARGEST_BATCH), true)
  wake(`records ${state.key}`)
  wake(`expect ${state.key}`)
  if ((cursors.backfills ?? []).length > 0) wake(`backfill ${state.key}`)
  return isFull && followedUp.size < ended.length ? context.clock.now() + FULL_RETRY_MS : null
}

/**
 * Of runs that ended before this process, what they started may have come and gone already: then its record is there. False as long as
 * nobody can say, which is until the status branch has been read once, and as long as something that it starts may not start.
 */
async function startDownstream(
  context: Context,
  state: RepositoryState,
  versions: Versions,
  run: StoredRun,
  { cursors: { paused }, mayStart, wake }: { cursors: Cursors; mayStart: boolean; wake: Wake },
): Promise<boolean> {
  const { settings, status } = state.followed
  const { result, finishedAt } = run.status ?? {}
  if (result === undefined) return true
  const plan = planDownstream({
    ended: { workflow: run.spec.workflow, run: run.metadata.name, result },
    workflows: versions.workflows,
    suspend: settings.suspend,
    paused,
    nowMs: context.clock.now(),
  })
  const isOld = parseTimestamp(finishedAt ?? '') < state.sinceMs
  if (isOld && !state.ownerRead && plan.requests.length > 0) return false
  for (const request of plan.requests) {
    const downstream = runName(settings.ref, request.workflow, request.trigger, request.commit)
    if (isOld && (await hasRecord(status, request.workflow, downstream))) continue
    if (!mayStart && (await context.runs.getRun({ namespace: settings.ref.namespace, name: downstream })) === null) return false
    await startRun(context, state, request, wake)
  }
  for (const held of plan.held) context.report({ kind: 'RunHeld', repository: state.key, ...held })
  return true
}

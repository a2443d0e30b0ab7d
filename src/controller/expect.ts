import { parseTimestamp } from '../clock.ts'
import type { Context } from '../context.ts'
import type { Workflow } from '../definitions/workflow.ts'
import { readFreshSince } from '../history/fresh-since.ts'
import { judgeExpectations } from '../runs/expectations.ts'
import type { StoredRun } from '../runs/run.ts'
import { updateCursors, withCondition } from './cursors.ts'
import type { RepositoryState } from './repository.ts'
import { noteProblem } from './repository.ts'

/**
 * Whether workflows are as they say is usual: conditions Stale and Slow of the Repository, and an event that metrics hear. The newest
 * success may lie in the history alone; a workflow that nobody has seen run is given its time from when it was first seen. Returns when
 * that may change by itself.
 */
export async function checkExpectations(context: Context, state: RepositoryState): Promise<number | null> {
  const { followed, versions } = state
  if (!state.claimed || versions === null) return null
  const { ref } = followed.settings
  const expecting: Workflow[] = []
  for (const { definition } of versions.workflows.values()) {
    const { successWithinSeconds, durationSeconds } = definition.expect
    if (successWithinSeconds !== null || durationSeconds !== null) expecting.push(definition)
  }
  if (expecting.length === 0 && !state.expects) return null
  state.expects = expecting.length > 0
  const runs = await context.runs.listRuns({ namespace: ref.namespace, repository: ref.name })
  for (const { name } of expecting) {
    if (!state.freshSince.has(name)) state.freshSince.set(name, firstSeen(runs, name) ?? context.clock.now())
    // Until the branch can be read nobody knows what it holds.
    if (!state.ownerRead || state.freshRead.has(name)) continue
    const at = await readFreshSince(followed.status, name)
    if (at !== null) state.freshSince.set(name, parseTimestamp(at))
    state.freshRead.add(name)
  }
  for (const run of runs) noteSuccess(state, run)
  const { stale, slow, nextAtMs } = judgeExpectations({ workflows: expecting, runs, freshSinceMs: state.freshSince, nowMs: context.clock.now() })
  await updateCursors(context, ref, (current) => ({
    ...current,
    conditions: withCondition(
      withCondition(current.conditions, conditionOf('Stale', stale), context.clock.now()),
      conditionOf('Slow', slow),
      context.clock.now(),
    ),
  }))
  const names = expecting.map(({ name }) => name)
  noteProblem(state, 'expect', JSON.stringify([names, stale, slow]), () => {
    context.report({ kind: 'ExpectationsChecked', repository: state.key, expecting: names, stale, slow })
  })
  return nextAtMs
}

/** Since when a workflow is known to run, by its Runs; null when it has none. */
function firstSeen(runs: readonly StoredRun[], workflow: string): number | null {
  const madeMs = runs.flatMap(({ metadata, spec }) => (spec.workflow === workflow ? parseTimestamp(metadata.creationTimestamp) : []))
  return madeMs.length === 0 ? null : Math.min(...madeMs)
}

/** Swept runs are remembered as long as this process lives; later the history tells. */
function noteSuccess({ freshSince }: RepositoryState, { spec, status }: StoredRun): void {
  const knownMs = freshSince.get(spec.workflow)
  if (status?.result !== 'Succeeded' || status.finishedAt === undefined || knownMs === undefined) return
  freshSince.set(spec.workflow, Math.max(knownMs, parseTimestamp(status.finishedAt)))
}

const MOST_NAMED = 10

function conditionOf(type: 'Stale' | 'Slow', workflows: readonly string[]) {
  const others = workflows.length > MOST_NAMED ? ` and ${workflows.length - MOST_NAMED} more` : ''
  const what = type === 'Stale' ? 'no success within the time expected' : 'longer than expected'
  const message = workflows.length === 0 ? '' : `${workflows.slice(0, MOST_NAMED).join(', ')}${others}: ${what}`
  return { type, status: workflows.length > 0 ? 'True' : 'False', reason: workflows.length > 0 ? 'Unexpected' : 'AsExpected', message } as const
}

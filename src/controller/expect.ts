import { parseTimestamp } from '../clock.ts'
import type { Context } from '../context.ts'
import type { Workflow } from '../definitions/workflow.ts'
import { readLastSuccess } from '../history/last-success.ts'
import { judgeExpectations } from '../runs/expectations.ts'
import { updateCursors, withCondition } from './cursors.ts'
import type { RepositoryState } from './repository.ts'

/**
 * Whether workflows are as they say is usual: conditions Stale and Slow of the Repository, and an event that metrics hear. The newest
 * success may lie in the history alone. Returns when that may change by itself.
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
    if (state.lastSuccess.has(name)) continue
    const at = await readLastSuccess(followed.status, name)
    state.lastSuccess.set(name, at === null ? state.sinceMs : parseTimestamp(at))
  }
  const { stale, slow, nextAtMs } = judgeExpectations({
    workflows: expecting,
    runs,
    lastSuccessMs: state.lastSuccess,
    sinceMs: state.sinceMs,
    nowMs: context.clock.now(),
  })
  for (const run of runs) noteSuccess(state, run)
  await updateCursors(context, ref, (current) => ({
    ...current,
    conditions: withCondition(
      withCondition(current.conditions, conditionOf('Stale', stale), context.clock.now()),
      conditionOf('Slow', slow),
      context.clock.now(),
    ),
  }))
  context.report({ kind: 'ExpectationsChecked', repository: state.key, expecting: expecting.map(({ name }) => name), stale, slow })
  return nextAtMs
}

/** Swept runs are remembered as long as this process lives; later the history tells. */
function noteSuccess(state: RepositoryState, { spec, status }: Awaited<ReturnType<Context['runs']['listRuns']>>[number]): void {
  if (status?.result !== 'Succeeded' || status.finishedAt === undefined || !state.lastSuccess.has(spec.workflow)) return
  state.lastSuccess.set(spec.workflow, Math.max(state.lastSuccess.get(spec.workflow) ?? 0, parseTimestamp(status.finishedAt)))
}

const MOST_NAMED = 10

function conditionOf(type: 'Stale' | 'Slow', workflows: readonly string[]) {
  const others = workflows.length > MOST_NAMED ? ` and ${workflows.length - MOST_NAMED} more` : ''
  const what = type === 'Stale' ? 'no success within the time expected' : 'longer than expected'
  const message = workflows.length === 0 ? '' : `${workflows.slice(0, MOST_NAMED).join(', ')}${others}: ${what}`
  return { type, status: workflows.length > 0 ? 'True' : 'False', reason: workflows.length > 0 ? 'Unexpected' : 'AsExpected', message } as const
}

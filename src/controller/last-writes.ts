import type { Context } from '../context.ts'
import { initialCursors } from './cursors.ts'
import { followUpEnds } from './follow-up-ends.ts'
import { isWaiting } from './history-full.ts'
import { writeRecords } from './records.ts'
import type { RepositoryState, Wake } from './repository.ts'

/**
 * Before a stop: writes what has finished without waiting for the interval of the history, once what is being done has ended, until nothing is
 * left, git fails, or the Repository's signal aborts. Where nothing is to be written, nothing is waited for.
 */
export async function writeLast(context: Context, states: readonly RepositoryState[], underWay: Promise<void>): Promise<void> {
  await Promise.all(
    states.map(async (state) => {
      try {
        if (!(await hasLastWrites(context, state))) return
        await underWay
        await write(context, state)
      } catch (error) {
        if (!state.signal.aborted) context.report({ kind: 'ReconcileFailed', key: `records ${state.key}`, error })
      }
    }),
  )
}

/** A Repository whose git is known to be away is left to the next start. */
async function hasLastWrites(context: Context, state: RepositoryState): Promise<boolean> {
  if (!state.claimed || !state.ownerRead || context.clock.now() < state.recordsNotBeforeMs) return false
  const { ref } = state.followed.settings
  const runs = await context.runs.listRuns({ namespace: ref.namespace, repository: ref.name })
  return runs.some(isWaiting) || ((await context.runs.readCursors(ref)) ?? initialCursors).fates.length > 0
}

async function write(context: Context, state: RepositoryState): Promise<void> {
  if (state.signal.aborted) return
  await followUpEnds(context, state, wakeNobody)
  for (;;) {
    const nextAtMs = await writeRecords(context, state, wakeNobody, state.signal, { isLast: true })
    if (nextAtMs === null || nextAtMs > context.clock.now() || state.signal.aborted) return
  }
}

/** The next start looks at everything. */
const wakeNobody: Wake = () => undefined

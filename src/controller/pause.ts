import { formatTimestamp } from '../clock.ts'
import type { Context } from '../context.ts'
import type { Cursors, Pause } from '../runs/run.ts'
import { updateCursors } from './cursors.ts'
import type { RepositoryState, Wake } from './repository.ts'

/** Turns the operator's switch: nothing new starts until `resume`; runs under way go on. One that is paused stays as it is. */
export async function pause(context: Context, state: RepositoryState, { by, reason }: Omit<Pause, 'at'>): Promise<Cursors> {
  const at = formatTimestamp(context.clock.now())
  return updateCursors(context, state.followed.settings.ref, (current) =>
    current.paused === undefined ? { ...current, paused: { by, at, reason } } : current,
  )
}

/** Turns it back. What was skipped meanwhile stays skipped. */
export async function resume(context: Context, state: RepositoryState, wake: Wake): Promise<Cursors> {
  const cursors = await updateCursors(context, state.followed.settings.ref, ({ paused: _, ...others }) => others)
  wake(`look ${state.key}`)
  wake(`backfill ${state.key}`)
  return cursors
}

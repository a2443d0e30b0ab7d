import type { Context } from '../context.ts'
import type { WriteResult } from '../history/write.ts'
import { parseTimestamp } from '../clock.ts'
import { updateCursors, withCondition } from './cursors.ts'
import type { MendReason } from './events.ts'
import type { RepositoryState } from './repository.ts'

/** For so long the condition says that the status branch was mended. */
const SHOWN_MS = 86_400_000
/** Most files named in a message. */
const MOST_NAMED = 3

/** Tells people that somebody had deleted, reset or spoilt the status branch, and what became of it: an event, and a condition for a day. */
export async function noteMended(context: Context, state: RepositoryState, written: WriteResult): Promise<void> {
  if (written.kind !== 'Written') return forgetMended(context, state)
  const reason: MendReason | null = written.lost ?? (written.spoilt.length > 0 ? 'FilesSpoilt' : null)
  if (reason === null) return forgetMended(context, state)
  const message = describe(state, reason, written)
  context.report({
    kind: 'HistoryMended',
    repository: state.key,
    reason,
    commit: written.commit,
    runs: written.refilled.map((run) => run.metadata.name),
    files: written.spoilt,
    message,
  })
  await updateCursors(context, state.followed.settings.ref, (current) => {
    const others = current.conditions.filter(({ type }) => type !== 'HistoryMended')
    return { ...current, conditions: withCondition(others, { type: 'HistoryMended', status: 'True', reason, message }, context.clock.now()) }
  })
}

async function forgetMended(context: Context, state: RepositoryState): Promise<void> {
  await updateCursors(context, state.followed.settings.ref, (current) => {
    const old = current.conditions.find(({ type, status }) => type === 'HistoryMended' && status === 'True')
    if (old === undefined || context.clock.now() - parseTimestamp(old.lastTransitionTime) < SHOWN_MS) return current
    const message = `mended last at ${old.lastTransitionTime}`
    return {
      ...current,
      conditions: withCondition(current.conditions, { type: 'HistoryMended', status: 'False', reason: 'Whole', message }, context.clock.now()),
    }
  })
}

function describe({ history }: RepositoryState, reason: MendReason, { commit, refilled, spoilt }: Extract<WriteResult, { kind: 'Written' }>): string {
  const count = refilled.length === 1 ? '1 record is' : `${refilled.length} records are`
  const restore = history.knownTip === null ? '' : `; the branch was last seen at ${history.knownTip}, from which git can bring back the older ones`
  switch (reason) {
    case 'BranchDeleted':
      return `the status branch had been deleted: ${count} written again from what the cluster holds, in ${commit}${restore}`
    case 'RecordsMissing':
      return `the status branch had been reset, or records removed: ${count} written again from what the cluster holds, in ${commit}${restore}`
    case 'FilesSpoilt': {
      const named = spoilt.slice(0, MOST_NAMED).join(', ')
      const more = spoilt.length > MOST_NAMED ? ` and ${spoilt.length - MOST_NAMED} more` : ''
      return `somebody had made files of the status branch unreadable, which are made anew without what they held before: ${named}${more}, in ${commit}`
    }
  }
}

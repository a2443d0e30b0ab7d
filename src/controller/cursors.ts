import { formatTimestamp } from '../clock.ts'
import type { Context } from '../context.ts'
import { ConflictError } from '../cluster/ports.ts'
import type { ObjectRef } from '../runs/objects.ts'
import { isSameJson } from '../same-json.ts'
import type { Cursors } from '../runs/run.ts'

/** Cursors of a Repository that was never looked at. */
export const initialCursors: Cursors = {
  resourceVersion: '',
  lastCommit: null,
  rewound: false,
  validCommits: {},
  validScheduleCommits: {},
  schedules: {},
  fates: [],
  conditions: [],
}

const TRIES = 5

/**
 * Changes the cursors on top of whatever others have written meanwhile. `change` throws ConflictError when what it decided on
 * is no longer so: a leader that was paused and wakes up must not move a cursor back.
 */
export async function updateCursors(
  context: Pick<Context, 'runs' | 'writeSite'>,
  repository: ObjectRef,
  change: (cursors: Cursors) => Cursors,
): Promise<Cursors> {
  for (let attempt = 1; ; attempt++) {
    const current = (await context.runs.readCursors(repository)) ?? initialCursors
    const wanted = change(current)
    if (isSameJson(current, wanted)) return current
    try {
      return await context.writeSite('cursors-written', () => context.runs.writeCursors(repository, wanted))
    } catch (error) {
      if (!(error instanceof ConflictError) || attempt === TRIES) throw error
    }
  }
}

/** The condition Ready of a Repository that cannot be opened as it is, for this reason. */
export function cannotBeOpened(message: string): Omit<Cursors['conditions'][number], 'lastTransitionTime' | 'type'> {
  return { status: 'False', reason: 'CannotBeOpened', message }
}

/** The cursors with the condition Ready set, and the generation of the Repository of which it speaks. */
export function withReady(
  cursors: Cursors,
  generation: number | undefined,
  condition: Omit<Cursors['conditions'][number], 'lastTransitionTime' | 'type'>,
  nowMs: number,
): Cursors {
  return {
    ...cursors,
    conditions: withCondition(cursors.conditions, { type: 'Ready', ...condition }, nowMs),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  }
}

/** The conditions with one of them set; its time changes only when its status does. */
export function withCondition(
  conditions: Cursors['conditions'],
  condition: Omit<Cursors['conditions'][number], 'lastTransitionTime'>,
  nowMs: number,
): Cursors['conditions'] {
  const old = conditions.find((one) => one.type === condition.type)
  const lastTransitionTime = old?.status === condition.status ? old.lastTransitionTime : formatTimestamp(nowMs)
  const others = conditions.filter((one) => one.type !== condition.type)
  return [...others, { ...condition, lastTransitionTime }].sort((one, other) => (one.type < other.type ? -1 : 1))
}

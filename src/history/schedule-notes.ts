import { formatTick, parseTimestamp } from '../clock.ts'
import type { Schedule, Suspension } from '../definitions/workflow.ts'
import type { ObjectRef } from '../runs/objects.ts'
import type { Cursors } from '../runs/run.ts'
import type { CronCache } from '../triggers/cron.ts'
import type { ScheduleNote } from './overview.ts'

/** What is in force, as far as the pages tell of it. */
export interface InForce {
  schedules: ReadonlyMap<string, { definition: Schedule }>
  workflows: ReadonlyMap<string, { definition: { suspend: Suspension | null } }>
}

/**
 * The next tick of every schedule: the first that has not been judged and is not suspended. Counted from the cursor and not
 * from now, so that the pages tell the same however often they are made.
 */
export function scheduleNotes(repository: ObjectRef, inForce: InForce, cron: CronCache, cursors: Cursors, nowMs: number): ScheduleNote[] {
  return [...inForce.schedules.values()].map(({ definition: schedule }) => {
    const judgedUpTo = cursors.schedules[schedule.name]?.judgedUpTo
    const judgedMs = judgedUpTo === undefined ? nowMs : parseTimestamp(judgedUpTo)
    const suspensions = [schedule.suspend, inForce.workflows.get(schedule.workflow)?.definition.suspend ?? null].filter((one) => one !== null)
    const untilMs = Math.max(judgedMs, ...suspensions.map((one) => (one.untilMs === null ? Number.POSITIVE_INFINITY : one.untilMs - 1)))
    const { name, workflow } = schedule
    if (untilMs === Number.POSITIVE_INFINITY) return { name, workflow, nextTickAt: null }
    const tickMs = cron
      .ticks({ cron: schedule.cron, timeZone: schedule.timeZone, seed: `${repository.namespace}/${repository.name} ${name}` })
      .next(untilMs)
    return { name, workflow, nextTickAt: tickMs === null ? null : formatTick(tickMs) }
  })
}

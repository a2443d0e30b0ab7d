import { limitSeconds } from '../duration.ts'
import type { Schedule, Suspension } from '../workflow.ts'
import type { WrittenScheduleSpec, WrittenScheduleTrigger, WrittenSuspension } from '../written.ts'

/** A schedule as meant, be it of a document or of a trigger. */
export function normaliseSchedule(name: string, workflow: string, written: WrittenScheduleSpec | WrittenScheduleTrigger): Omit<Schedule, 'file'> {
  return {
    name,
    workflow,
    cron: written.cron,
    timeZone: written.timeZone ?? 'Etc/UTC',
    params: written.params ?? {},
    startingDeadlineSeconds: limitSeconds(written.startingDeadline, null),
    catchUp: written.catchUp ?? 'Latest',
    afterLoss: written.afterLoss ?? 'Report',
    suspend: normaliseSuspension(written.suspend),
  }
}

/** Name of a schedule that is a trigger inside a workflow. */
export function triggerScheduleName(workflow: string, name: string | null): string {
  return name === null ? workflow : `${workflow}-${name}`
}

/** A suspension as meant; null when there is none. A date alone is its midnight in UTC. */
export function normaliseSuspension(written: WrittenSuspension | undefined): Suspension | null {
  if (written === undefined || written === false) return null
  if (written === true) return { untilMs: null, reason: null }
  return { untilMs: written.until === undefined ? null : Date.parse(written.until), reason: written.reason ?? null }
}

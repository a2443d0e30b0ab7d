import cron from 'node-cron'
import type { Controller } from './controller/controller.ts'

/**
 * The controller's own heartbeat: each minute by the wall clock everything that depends on the time is looked at, so that a clock that
 * was set, or a machine that slept, is noticed within a minute though timers count on. Returns the end of it.
 *
 * Ticks of schedules do not come from here: a library that fires callbacks neither tells which ticks passed while nothing ran, nor
 * does it know our rules for changes of the clock.
 */
export function startHeartbeat(controller: Pick<Controller, 'heartbeat'>): () => Promise<void> {
  const beat = (): void => {
    controller.heartbeat()
  }
  const task = cron.schedule('0 * * * * *', beat, { timezone: 'Etc/UTC', noOverlap: true, name: 'heartbeat' })
  // Of minutes that were slept through or stepped over the library tells afterwards; unless somebody listens it prints a warning for each.
  task.on('execution:missed', beat)
  let ended: Promise<void> | undefined
  return () => (ended ??= Promise.resolve(task.destroy()))
}

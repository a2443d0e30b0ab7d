import { checkCron } from '../cron-syntax.ts'
import { childOf, textOf } from '../source/source-node.ts'
import type { ScheduleRule } from './rule.ts'

/** A cron expression that nothing can read would never tick. */
export const invalidCron: ScheduleRule = {
  id: 'invalid-cron',
  severity: 'error',
  check({ spec }) {
    const cron = childOf(spec, 'cron')
    const text = textOf(cron)
    if (!cron || !text) return []
    const message = checkCron(text)
    return message === null ? [] : [{ at: cron.start, message }]
  },
}

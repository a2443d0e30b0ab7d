import { CronSyntaxError, parseCron, type CronFields } from '../parse-cron.ts'
import { childOf, textOf } from '../source/source-node.ts'
import type { ScheduleRule } from './rule.ts'

const DAYS_OF_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** Days that no year has, such as the 30th of February. */
export const cronNeverFires: ScheduleRule = {
  id: 'cron-never-fires',
  severity: 'error',
  check({ spec }) {
    const cron = childOf(spec, 'cron')
    const text = textOf(cron)
    const fields = text === null ? null : read(text)
    if (!cron || !fields || hasDay(fields)) return []
    return [{ at: cron.start, message: `no year has such a day: ${text ?? ''} would never tick; check day of month and month` }]
  },
}

function hasDay({ dayRule, daysOfMonth, months }: CronFields): boolean {
  return dayRule === 'Either' || months.some((month) => daysOfMonth.some((day) => day <= (DAYS_OF_MONTH[month - 1] ?? 31)))
}

/** Null for what cannot be read, which is reported as such. */
function read(cron: string): CronFields | null {
  try {
    return parseCron(cron, '')
  } catch (error) {
    if (error instanceof CronSyntaxError) return null
    throw error
  }
}

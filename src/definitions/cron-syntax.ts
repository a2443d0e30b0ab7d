import { CronSyntaxError, parseCron } from './parse-cron.ts'

/** The usual names of the zones, since asking for a formatter takes most of a millisecond. */
const USUAL_ZONES: ReadonlySet<string> = new Set([...Intl.supportedValuesOf('timeZone'), 'Etc/UTC', 'UTC'])

/** Longer ones are not looked at. */
const LONGEST = 200

/** What is wrong with a cron expression, and what to write; null when nothing is. The same reader makes the ticks, so what passes here ticks. */
export function checkCron(cron: string): string | null {
  if (cron.length > LONGEST) return 'the cron expression is too long; split the schedule'
  try {
    parseCron(cron, '')
    return null
  } catch (error) {
    if (error instanceof CronSyntaxError) return error.message
    throw error
  }
}

/** Whether Node knows the time zone by this name. */
export function isTimeZone(name: string): boolean {
  if (USUAL_ZONES.has(name)) return true
  if (!/^[A-Za-z]/.test(name)) return false
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

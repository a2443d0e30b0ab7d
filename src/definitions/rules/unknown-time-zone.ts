import { isTimeZone } from '../cron-syntax.ts'
import { excerpt } from '../excerpt.ts'
import { didYouMean } from '../near-names.ts'
import { childOf, textOf } from '../source/source-node.ts'
import type { ScheduleRule } from './rule.ts'

/** Times of day mean nothing without a known time zone. */
export const unknownTimeZone: ScheduleRule = {
  id: 'unknown-time-zone',
  severity: 'error',
  check({ spec }) {
    const timeZone = childOf(spec, 'timeZone')
    const text = textOf(timeZone)
    if (!timeZone || !text || isTimeZone(text)) return []
    const near = didYouMean(text, Intl.supportedValuesOf('timeZone'))
    return [{ at: timeZone.start, message: `there is no time zone ${excerpt(text)}${near || '; write an IANA name, such as Europe/Helsinki'}` }]
  },
}

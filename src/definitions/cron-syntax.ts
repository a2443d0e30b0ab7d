import { Cron } from 'croner'
import { excerpt } from './excerpt.ts'

const FIELDS = [
  { name: 'minute', lowest: 0, highest: 59 },
  { name: 'hour', lowest: 0, highest: 23 },
  { name: 'day of month', lowest: 1, highest: 31 },
  { name: 'month', lowest: 1, highest: 12 },
  { name: 'day of week', lowest: 0, highest: 7 },
] as const

const MACROS = ['@hourly', '@daily', '@midnight', '@weekly', '@monthly', '@yearly', '@annually']

/** Longer ones are not looked at. */
const LONGEST = 200

/** What is wrong with a cron expression, and what to write; null when nothing is. `timeZone` must be known. */
export function checkCron(cron: string, timeZone: string): string | null {
  const text = cron.trim()
  if (text.length > LONGEST) return 'the cron expression is too long; split the schedule'
  if (text.startsWith('@'))
    return MACROS.includes(text.toLowerCase()) ? null : `${excerpt(text)} is not known; write one of ${MACROS.join(', ')}, or five fields`
  if (/^(CRON_)?TZ=/.test(text)) return 'a time zone belongs into the field timeZone'
  const fields = text === '' ? [] : text.split(/\s+/)
  if (fields.length !== FIELDS.length) {
    return `a cron expression has five fields (minute, hour, day of month, month, day of week), not ${fields.length}; seconds are not among them`
  }
  return checkFields(fields) ?? parse(fields.map(plainField).join(' '), timeZone)
}

/** Whether Node knows the time zone by this name. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

/** What the library would take, but Kubernetes and the ticks do not. */
function checkFields(fields: readonly string[]): string | null {
  for (const [index, field] of fields.entries()) {
    const rule = FIELDS[index]
    if (!rule) continue
    const wrong = field.split(',').find((item) => !isItem(item, rule.name.startsWith('day of')))
    if (wrong !== undefined)
      return `${excerpt(wrong)} is no ${rule.name}: write a number from ${rule.lowest} to ${rule.highest}, *, a range a-b, any of these with /step, or H`
    const range = /^H\((\d+)-(\d+)\)/.exec(field)
    if (range && !(Number(range[1]) >= rule.lowest && Number(range[2]) <= rule.highest && Number(range[1]) <= Number(range[2]))) {
      return `${excerpt(field)} is no ${rule.name}: the range of H lies within ${rule.lowest} and ${rule.highest}`
    }
  }
  return null
}

function isItem(item: string, isDay: boolean): boolean {
  return /^(\*|H|H\(\d+-\d+\)|(\d+|[A-Za-z]{3})(-(\d+|[A-Za-z]{3}))?)(\/\d+)?$/.test(item) || (isDay && item === '?')
}

/** `H` as a value that it may stand for, and `a/step`, which the library does not take, as a range. */
function plainField(field: string, index: number): string {
  const rule = FIELDS[index]
  if (!rule) return field
  return field
    .replaceAll(/H\((\d+)-(\d+)\)(?=\/)/g, '$1-$2')
    .replaceAll(/H\((\d+)-\d+\)/g, '$1')
    .replaceAll(/(^|,)H\//g, '$1*/')
    .replaceAll(/(^|,)H(?=,|$)/g, `$1${rule.lowest}`)
    .replaceAll(/(^|,)(\d+)\//g, `$1$2-${rule.highest}/`)
}

function parse(cron: string, timeZone: string): string | null {
  try {
    new Cron(cron, { mode: '5-part', paused: true, timezone: timeZone })
    return null
  } catch (error) {
    const message = error instanceof Error ? error.message.replace(/^CronPattern: /, '') : 'not valid'
    return `the cron expression cannot be read: ${message}`
  }
}

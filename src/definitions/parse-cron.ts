import { hash } from 'node:crypto'

/**
 * A cron expression as meant: which minutes of which days. Lists are ascending and without duplicates; Sunday is 0.
 * `dayRule` says whether a day must be in `daysOfMonth` and in `daysOfWeek`, or in either.
 */
export interface CronFields {
  minutes: readonly number[]
  hours: readonly number[]
  daysOfMonth: readonly number[]
  months: readonly number[]
  daysOfWeek: readonly number[]
  dayRule: 'Both' | 'Either'
  /** The hour field starts with `*`: an hour that the clock shows twice counts twice, one that it leaves out does not count. */
  everyHour: boolean
}

/** The text is no cron expression; the message says which part, why, and what to write instead. */
export class CronSyntaxError extends Error {
  override name = 'CronSyntaxError'
}

interface FieldRule {
  name: string
  lowest: number
  highest: number
  /** Upper end for a bare `H`: days that every month has, and Sunday only once. */
  highestHashed: number
  /** Names of the values from `firstNamed` on. */
  names: readonly string[]
  firstNamed: number
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']
const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT']

const MINUTE: FieldRule = { name: 'minute', lowest: 0, highest: 59, highestHashed: 59, names: [], firstNamed: 0 }
const HOUR: FieldRule = { name: 'hour', lowest: 0, highest: 23, highestHashed: 23, names: [], firstNamed: 0 }
const DAY_OF_MONTH: FieldRule = { name: 'day of month', lowest: 1, highest: 31, highestHashed: 28, names: [], firstNamed: 0 }
const MONTH: FieldRule = { name: 'month', lowest: 1, highest: 12, highestHashed: 12, names: MONTHS, firstNamed: 1 }
const DAY_OF_WEEK: FieldRule = { name: 'day of week', lowest: 0, highest: 7, highestHashed: 6, names: WEEKDAYS, firstNamed: 0 }

/** As in Kubernetes' CronJob. */
const NICKNAMES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    '@yearly': '0 0 1 1 *',
    '@annually': '0 0 1 1 *',
    '@monthly': '0 0 1 * *',
    '@weekly': '0 0 * * 0',
    '@daily': '0 0 * * *',
    '@midnight': '0 0 * * *',
    '@hourly': '0 * * * *',
  }),
)

/**
 * Reads five fields (minute, hour, day of month, month, day of week) or `@hourly`, `@daily`, `@midnight`, `@weekly`, `@monthly`,
 * `@yearly`, `@annually`. A field is a list, split by commas, of
 * - `*` (in the day fields also `?`), a value, or a range `a-b`; months and days of the week also by three letters of their English
 *   name; Sunday is 0 and 7;
 * - any of these with `/step`; `a/step` runs from `a` to the end;
 * - `H`: one value of the field, or of `H(a-b)`, that is always the same for the same seed and spread evenly over seeds; a bare `H` of
 *   the day of month stays within 1 to 28. `H/step` and `H(a-b)/step` start at such a value below `step` and go on in steps. As in Jenkins.
 *
 * @param seed names the schedule in its repository; only `H` depends on it
 * @throws CronSyntaxError
 */
export function parseCron(cron: string, seed: string): CronFields {
  const text = cron.trim()
  const [minute, hour, dayOfMonth, month, dayOfWeek] = splitFields(text)
  const read = (field: string, rule: FieldRule): readonly number[] => readField(field, rule, seed, text)
  return {
    minutes: read(minute, MINUTE),
    hours: read(hour, HOUR),
    daysOfMonth: read(dayOfMonth, DAY_OF_MONTH),
    months: read(month, MONTH),
    daysOfWeek: read(dayOfWeek, DAY_OF_WEEK),
    dayRule: isStarred(dayOfMonth) || isStarred(dayOfWeek) ? 'Both' : 'Either',
    everyHour: isStarred(hour),
  }
}

/** Whether the expression depends on the seed. */
export function isHashed(cron: string): boolean {
  return /(^|[\s,])H/.test(cron)
}

function splitFields(text: string): [string, string, string, string, string] {
  const fields = (NICKNAMES.get(text.toLowerCase()) ?? text).split(/\s+/)
  const [minute, hour, dayOfMonth, month, dayOfWeek] = fields
  if (text.startsWith('@') && fields.length < 5)
    throw new CronSyntaxError(`cron "${text}": write one of ${[...NICKNAMES.keys()].join(', ')}, or five fields`)
  if (/^(CRON_)?TZ=/.test(text)) throw new CronSyntaxError(`cron "${text}": a time zone belongs into the field timeZone`)
  if (
    minute === undefined ||
    hour === undefined ||
    dayOfMonth === undefined ||
    month === undefined ||
    dayOfWeek === undefined ||
    fields.length !== 5
  ) {
    const count = text === '' ? 0 : fields.length
    throw new CronSyntaxError(
      `cron "${text}" has ${count} fields: write five, minute, hour, day of month, month and day of week (there are no seconds)`,
    )
  }
  return [minute, hour, dayOfMonth, month, dayOfWeek]
}

function isStarred(field: string): boolean {
  return field.startsWith('*') || field.startsWith('?')
}

/** Thousands of schedules are made of the same few fields: their values are shared. Fields with `H` are not among them. */
const knownFields = new Map<string, readonly number[]>()
const MOST_KNOWN_FIELDS = 1000

function readField(field: string, rule: FieldRule, seed: string, cron: string): readonly number[] {
  const key = `${rule.name} ${field}`
  const known = knownFields.get(key)
  if (known !== undefined) return known
  try {
    const values = ascending(field.split(',').flatMap((item) => readItem(item, rule, seed)))
    const found = rule === DAY_OF_WEEK && values.at(-1) === 7 ? ascending(values.map((day) => day % 7)) : values
    if (!field.includes('H') && knownFields.size < MOST_KNOWN_FIELDS) knownFields.set(key, found)
    return found
  } catch (error) {
    if (!(error instanceof CronSyntaxError)) throw error
    throw new CronSyntaxError(`cron "${cron}", ${rule.name} "${field}": ${error.message}`)
  }
}

function readItem(item: string, rule: FieldRule, seed: string): number[] {
  const [range = '', stepText, ...rest] = item.split('/')
  if (rest.length > 0) throw new CronSyntaxError('only one step is allowed')
  const step = stepText === undefined ? null : readStep(stepText)
  const isHash = range.startsWith('H')
  const [first, last] = isHash ? readHashRange(range, rule) : readRange(range, rule, step !== null)
  const size = last - first + 1
  const whole = lastOf(rule) - rule.lowest + 1
  if (step !== null && step > whole) throw new CronSyntaxError(`a step of ${step} is more than the ${whole} values of the field`)
  if (!isHash) return stepped(first, last, step ?? 1)
  const chosen = hashBelow(Math.min(step ?? size, size), seed, rule.name)
  return step === null ? [first + chosen] : stepped(first + chosen, last, step)
}

/** The last value of a field; of the day of week Saturday, since 7 is Sunday once more. */
function lastOf(rule: FieldRule): number {
  return rule === DAY_OF_WEEK ? 6 : rule.highest
}

function readStep(text: string): number {
  const step = /^\d{1,4}$/.test(text) ? Number(text) : 0
  if (step < 1) throw new CronSyntaxError(`the step "${text}" must be a number from 1`)
  return step
}

function readHashRange(range: string, rule: FieldRule): [number, number] {
  if (range === 'H') return [rule.lowest, rule.highestHashed]
  const inner = /^H\(([^()]*-[^()]*)\)$/.exec(range)?.[1]
  if (inner === undefined) throw new CronSyntaxError(`"${range}" must be H or H(from-to)`)
  return readRange(inner, rule, false)
}

/** First and last value; those of a single value with a step reach to the field's end. */
function readRange(range: string, rule: FieldRule, hasStep: boolean): [number, number] {
  const isDay = rule === DAY_OF_MONTH || rule === DAY_OF_WEEK
  if (range === '*' || (range === '?' && isDay)) return [rule.lowest, lastOf(rule)]
  const [fromText = '', toText, ...rest] = range.split('-')
  if (rest.length > 0) throw new CronSyntaxError(`"${range}" must be a range of two values`)
  const from = readValue(fromText, rule)
  if (toText === undefined) return [from, hasStep ? Math.max(from, lastOf(rule)) : from]
  const to = readValue(toText, rule)
  const last = rule === DAY_OF_WEEK && to === 0 && from > 0 ? 7 : to
  if (from > last) throw new CronSyntaxError(`the range "${range}" ends before it starts`)
  return [from, last]
}

function readValue(text: string, rule: FieldRule): number {
  const named = rule.names.indexOf(text.toUpperCase())
  if (named >= 0) return named + rule.firstNamed
  const value = /^\d{1,4}$/.test(text) ? Number(text) : NaN
  if (value >= rule.lowest && value <= rule.highest) return value
  const names = rule.names.length === 0 ? '' : `, or ${rule.names[0] ?? ''} to ${rule.names.at(-1) ?? ''}`
  throw new CronSyntaxError(`"${text}" must be a number from ${rule.lowest} to ${rule.highest}${names}, *, a range, or H`)
}

function stepped(first: number, last: number, step: number): number[] {
  return Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, index) => first + index * step)
}

function hashBelow(limit: number, seed: string, field: string): number {
  const digest = hash('sha256', JSON.stringify([seed, field]), 'hex')
  return Number.parseInt(digest.slice(0, 12), 16) % limit
}

function ascending(values: readonly number[]): number[] {
  return [...new Set(values)].sort((one, other) => one - other)
}

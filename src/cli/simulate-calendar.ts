import type { SimulatedRun, Simulation } from '../simulation/outcome.ts'
import type { Paint } from './paint.ts'
import { isWell } from './simulate-table.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** Up to so many days are drawn hour by hour. */
const MOST_DAYS_BY_HOUR = 7
const MONTHS_A_ROW = 3
const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December']
const WEEK = 'Mo Tu We Th Fr Sa Su'
const MONTH_WIDTH = WEEK.length

/** What a piece of time was like: the worst of its ticks. */
type Mark = 'None' | 'Well' | 'Late' | 'Skipped' | 'Missed' | 'Failed'

const ORDER: readonly Mark[] = ['None', 'Well', 'Late', 'Skipped', 'Missed', 'Failed']
const SIGNS: Readonly<Record<Mark, string>> = { None: '·', Well: '■', Late: '◷', Skipped: '○', Missed: '!', Failed: '✗' }

/** The range as a picture: hours of few days, else days of months; each shows the worst that became of its ticks. UTC. */
export function calendarOf(simulation: Simulation, range: { fromMs: number; toMs: number }, paint: Paint): string {
  const byHour = range.toMs - range.fromMs <= MOST_DAYS_BY_HOUR * DAY_MS
  const marks = marksOf(simulation, byHour ? HOUR_MS : DAY_MS)
  const signOf = (atMs: number): string =>
    atMs < floor(range.fromMs, DAY_MS) || atMs >= range.toMs ? ' ' : paintSign(marks.get(atMs) ?? 'None', paint)
  const legend = ORDER.map((mark) => `${paintSign(mark, paint)} ${LEGEND[mark]}`).join('   ')
  return `${[...(byHour ? hourRows(range, signOf) : monthRows(range, signOf)), '', legend].join('\n')}\n`
}

const LEGEND: Readonly<Record<Mark, string>> = {
  None: 'no tick',
  Well: 'all well',
  Late: 'late',
  Skipped: 'skipped',
  Missed: 'missed',
  Failed: 'failed',
}

function marksOf({ ticks, runs }: Simulation, sizeMs: number): Map<number, Mark> {
  const runByName = new Map(runs.map((run) => [run.run, run]))
  const marks = new Map<number, Mark>()
  const note = (atMs: number, mark: Mark): void => {
    const cell = floor(atMs, sizeMs)
    if (ORDER.indexOf(mark) > ORDER.indexOf(marks.get(cell) ?? 'None')) marks.set(cell, mark)
  }
  for (const tick of ticks)
    note(Date.parse(tick.at), isWell(tick, runByName) ? 'Well' : markOf(tick, tick.run === null ? undefined : runByName.get(tick.run)))
  for (const run of runs) if (run.trigger.kind !== 'Schedule') note(Date.parse(run.createdAt), run.result === 'Succeeded' ? 'Well' : 'Failed')
  return marks
}

function markOf({ fate }: { fate: string }, run: SimulatedRun | undefined): Mark {
  if (fate === 'Missed' || fate === 'Lost') return 'Missed'
  if (fate === 'Skipped') return 'Skipped'
  if (run?.result !== 'Succeeded') return 'Failed'
  return fate === 'Late' ? 'Late' : 'Well'
}

function paintSign(mark: Mark, paint: Paint): string {
  const sign = SIGNS[mark]
  if (mark === 'Well') return paint.good(sign)
  return mark === 'Missed' || mark === 'Failed' ? paint.bad(sign) : mark === 'None' ? paint.dim(sign) : sign
}

function hourRows({ fromMs, toMs }: { fromMs: number; toMs: number }, signOf: (atMs: number) => string): string[] {
  const hours = Array.from({ length: 24 }, (_, hour) => hour)
  const rows = [`${' '.repeat(11)}${hours.map((hour) => (hour % 3 === 0 ? String(hour).padStart(2, '0') : '  ')).join('')}`.trimEnd()]
  for (let dayMs = floor(fromMs, DAY_MS); dayMs < toMs; dayMs += DAY_MS) {
    rows.push(`${new Date(dayMs).toISOString().slice(0, 10)} ${hours.map((hour) => `${signOf(dayMs + hour * HOUR_MS)} `).join('')}`.trimEnd())
  }
  return rows
}

function monthRows({ fromMs, toMs }: { fromMs: number; toMs: number }, signOf: (atMs: number) => string): string[] {
  const months: string[][] = []
  for (let date = monthOf(fromMs); date.getTime() < toMs; date = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1))) {
    months.push(monthLines(date, signOf))
  }
  const rows: string[] = []
  for (let first = 0; first < months.length; first += MONTHS_A_ROW) {
    const side = months.slice(first, first + MONTHS_A_ROW)
    const height = Math.max(...side.map((lines) => lines.length))
    if (first > 0) rows.push('')
    for (let line = 0; line < height; line++)
      rows.push(
        side
          .map((lines) => lines[line] ?? ' '.repeat(MONTH_WIDTH))
          .join('   ')
          .trimEnd(),
      )
  }
  return rows
}

function monthLines(first: Date, signOf: (atMs: number) => string): string[] {
  const title = `${MONTHS[first.getUTCMonth()] ?? ''} ${first.getUTCFullYear()}`
  const days = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).getUTCDate()
  const cells = [
    ...Array.from({ length: (first.getUTCDay() + 6) % 7 }, () => '  '),
    ...Array.from({ length: days }, (_, day) => ` ${signOf(first.getTime() + day * DAY_MS)}`),
  ]
  while (cells.length % 7 !== 0) cells.push('  ')
  const weeks = Array.from({ length: cells.length / 7 }, (_, week) => cells.slice(week * 7, week * 7 + 7).join(' '))
  return [title.padStart(Math.ceil((MONTH_WIDTH + title.length) / 2)).padEnd(MONTH_WIDTH), WEEK, ...weeks]
}

function monthOf(ms: number): Date {
  const date = new Date(ms)
  return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth()))
}

function floor(ms: number, sizeMs: number): number {
  return Math.floor(ms / sizeMs) * sizeMs
}

import Table from 'cli-table3'
import { formatDuration } from '../history/duration.ts'
import { plainText } from '../runs/plain-text.ts'
import type { WorkflowTicks } from '../history/read.ts'
import type { RunRecord } from '../history/record.ts'
import { type CountedRun, statsOf } from '../history/stats.ts'
import type { OddFate } from '../history/ticks.ts'
import { triggerText } from '../history/trigger-text.ts'
import type { RunResult, StepResult } from '../runs/run.ts'
import { NO_LINES } from './no-lines.ts'
import type { Paint } from './paint.ts'

/** Records as a table for people, one line each; times are UTC. */
export function historyTable(records: readonly RunRecord[], paint: Paint): string {
  if (records.length === 0) return 'No run is recorded yet.\n'
  const rows = records.map((record) => [
    oneLine(record.run),
    resultText(record.result, paint),
    triggerText(record.trigger, oneLine),
    (record.startedAt ?? record.createdAt).slice(0, 19).replace('T', ' '),
    record.startedAt === null ? '' : formatDuration(Date.parse(record.finishedAt) - Date.parse(record.startedAt)),
    record.commit.slice(0, 10),
  ])
  return `${plainTable(['RUN', 'RESULT', 'STARTED BY', 'STARTED (UTC)', 'DURATION', 'COMMIT'], rows)}\n`
}

/** Ticks that did not simply fire as a table for people, a row for each range; times are UTC. */
export function ticksTable(ticks: readonly WorkflowTicks[], paint: Paint): string {
  const rows = ticks.map(({ schedule, fate, from, to, count, run, reason }) => [
    count === 1 ? minute(from) : `${minute(from)} to ${minute(to)}, ${count} ticks`,
    oneLine(schedule),
    fateText(fate, paint),
    oneLine(run ?? ''),
    oneLine(reason ?? ''),
  ])
  return `${plainTable(['TICKS (UTC)', 'SCHEDULE', 'FATE', 'RUN', 'REASON'], rows)}\n`
}

/** Ticks lie on whole minutes. */
function minute(at: string): string {
  return at.slice(0, 16).replace('T', ' ')
}

function fateText(fate: OddFate, paint: Paint): string {
  return fate === 'Missed' || fate === 'Lost' ? paint.bad(fate) : paint.dim(fate)
}

/** A table without lines, for people; nothing trails behind a row. */
export function plainTable(head: string[], rows: string[][]): string {
  const table = new Table({ head, chars: NO_LINES, style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] } })
  table.push(...rows)
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}

/** A result with its mark, as a terminal shows it. */
export function resultText(result: RunResult | StepResult, paint: Paint): string {
  switch (result) {
    case 'Succeeded':
    case 'Cached':
      return paint.good(`✓ ${result}`)
    case 'Failed':
    case 'TimedOut':
      return paint.bad(`✗ ${result}`)
    case 'Cancelled':
      return `■ ${result}`
    case 'Skipped':
      return paint.dim(`- ${result}`)
  }
}

/** What others wrote must not steer the terminal or break the line. */
export function oneLine(text: string): string {
  return plainText(text).replaceAll(/\s+/g, ' ').trim()
}

/**
 * How often runs succeeded, how long they took, and the last success; empty when none came to an end of its own. `shown` of them are in the table. They
 * are those that match among the newest `read` records; null where that is all there is.
 */
export function historySummary(shown: number, runs: readonly CountedRun[], read: number | null): string {
  const { counted, succeeded, successRate, p50Ms, p95Ms, lastSuccessAt } = statsOf(runs)
  const rest = read !== null ? [`${shown} shown`] : runs.length > shown ? [`${shown} of ${runs.length} shown`] : []
  if (successRate === null) return rest.length === 0 ? '' : `\n${rest.join('')}\n`
  const parts = [
    ...rest,
    `${read === null ? '' : `of the newest ${read} records `}${succeeded} of ${counted} succeeded (${Math.round(successRate * 1000) / 10} %)`,
    ...(p50Ms === null || p95Ms === null ? [] : [`duration p50 ${formatDuration(p50Ms)}, p95 ${formatDuration(p95Ms)}`]),
    lastSuccessAt === null
      ? read === null
        ? 'no success'
        : 'no success among them'
      : `last success ${lastSuccessAt.slice(0, 19).replace('T', ' ')}`,
  ]
  return `\n${parts.join(' · ')}\n`
}

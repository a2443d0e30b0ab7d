import Table from 'cli-table3'
import { formatDuration } from '../history/duration.ts'
import { plainText } from '../history/markdown.ts'
import type { RunRecord } from '../history/record.ts'
import { triggerText } from '../history/trigger-text.ts'
import type { RunResult } from '../runs/run.ts'
import { NO_LINES } from './no-lines.ts'
import type { Paint } from './paint.ts'

/** Records as a table for people, one line each; times are UTC. */
export function historyTable(records: readonly RunRecord[], paint: Paint): string {
  if (records.length === 0) return 'No run is recorded yet.\n'
  const table = new Table({
    head: ['RUN', 'RESULT', 'STARTED BY', 'STARTED (UTC)', 'DURATION', 'COMMIT'],
    chars: NO_LINES,
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
  })
  for (const record of records) {
    const startedAt = record.startedAt ?? record.createdAt
    table.push([
      oneLine(record.run),
      mark(record.result, paint),
      triggerText(record.trigger, oneLine),
      startedAt.slice(0, 19).replace('T', ' '),
      record.startedAt === null ? '' : formatDuration(Date.parse(record.finishedAt) - Date.parse(record.startedAt)),
      record.commit.slice(0, 10),
    ])
  }
  return `${table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')}\n`
}

function mark(result: RunResult, paint: Paint): string {
  switch (result) {
    case 'Succeeded':
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
function oneLine(text: string): string {
  return plainText(text).replaceAll(/\s+/g, ' ').trim()
}

import { formatDuration } from '../history/duration.ts'
import type { RunRecord, StepRecord } from '../history/record.ts'
import { triggerText } from '../history/trigger-text.ts'
import { oneLine, plainTable, resultText } from './history-table.ts'
import type { Paint } from './paint.ts'

/** A record as a page for a terminal: what ran, why and how it ended, its steps, and the last lines of what failed. */
export function recordText(record: RunRecord, paint: Paint): string {
  const params = Object.entries(record.params).map(([name, value]) => `${name}=${oneLine(typeof value === 'string' ? value : JSON.stringify(value))}`)
  const message = record.message === null || record.message === '' ? '' : `: ${oneLine(record.message)}`
  return [
    `${paint.bold(record.run)}  ${resultText(record.result, paint)}${message} after ${between(record.startedAt, record.finishedAt)}`,
    `  ${record.workflow} of ${record.repository} at ${record.commit.slice(0, 10)}, trigger: ${triggerText(record.trigger, oneLine)}`,
    ...(params.length === 0 ? [] : [`  with ${params.join(', ')}`]),
    '',
    ...(record.steps.length === 0 ? ['No step was started.'] : [stepsTable(record.steps, paint)]),
    ...record.steps.filter((step) => step.log !== undefined).flatMap((step) => lastLines(step, paint)),
    '',
  ].join('\n')
}

function stepsTable(steps: readonly StepRecord[], paint: Paint): string {
  const rows = steps.map((step) => [
    `${oneLine(step.name)}${step.kind === 'Step' ? '' : ` (${step.kind.toLowerCase()})`}`,
    resultText(step.result, paint),
    between(step.startedAt, step.finishedAt),
    step.attempts.map((attempt) => attempt.exitCode ?? '-').join(', '),
    oneLine(step.reason ?? ''),
  ])
  return plainTable(['STEP', 'RESULT', 'DURATION', 'EXIT CODES', 'REASON'], rows)
}

function lastLines(step: StepRecord, paint: Paint): string[] {
  const lines = (step.log ?? '')
    .trimEnd()
    .split('\n')
    .map((line) => `  ${oneLine(line)}`)
  return ['', paint.bold(`Last lines of ${oneLine(step.name)}:`), ...lines]
}

function between(from: string | null, to: string | null): string {
  return from === null || to === null ? '' : formatDuration(Date.parse(to) - Date.parse(from))
}

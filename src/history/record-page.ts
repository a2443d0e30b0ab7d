import type { RunDefinition } from '../definitions/workflow.ts'
import { formatDuration } from './duration.ts'
import { fencedLog, inlineText, pageTime, resultMark, table } from './markdown.ts'
import { stepGraph } from './mermaid.ts'
import { pathSegment } from './paths.ts'
import type { RunRecord, StepRecord } from './record.ts'
import { triggerText } from './trigger-text.ts'

/** A tick that started its run later than this says by how much. */
const LATE_MS = 60_000

/** The page of a record for people. The definition, where it is known, adds the picture of the steps; `file` is its name without `.md`. */
export function recordPage(record: RunRecord, definition: RunDefinition | undefined, file = pathSegment(record.run)): string {
  const graph = definition === undefined ? null : stepGraph(definition, new Map(record.steps.map((step) => [step.name, step.result])))
  const failed = record.steps.filter((step) => step.log !== undefined)
  const sections = [
    `# ${resultMark(record.result)} ${inlineText(record.run)}`,
    summary(record),
    facts(record),
    record.steps.length === 0 ? 'No step was started.' : `## Steps\n\n${stepsTable(record.steps)}`,
    ...(graph === null ? [] : [graph]),
    ...failed.map((step) => `## Last lines of ${inlineText(step.name)}\n\n${fencedLog(step.log ?? '')}`),
    `All times are UTC. [This record as JSON](${file}.json) · [All runs of this workflow](../../../README.md)`,
  ]
  return `${sections.join('\n\n')}\n`
}

function summary(record: RunRecord): string {
  const duration = record.startedAt === null ? '' : ` after ${between(record.startedAt, record.finishedAt)}`
  if (record.result === 'Succeeded') return `**Succeeded**${duration}`
  const reason = record.reason === null ? '' : ` (${inlineText(record.reason)})`
  const message = record.message === null || record.message === '' ? '' : `: ${inlineText(record.message)}`
  return `**${record.result}**${duration}${reason}${message}`
}

function facts(record: RunRecord): string {
  const rows = [
    ['Workflow', inlineText(record.workflow)],
    ['Repository', inlineText(record.repository)],
    ['Started by', `${triggerText(record.trigger, inlineText)}${lateness(record)}`],
    ['Commit', `\`${record.commit}\``],
    ...Object.entries(record.params).map(([name, value]) => [`Parameter ${inlineText(name)}`, inlineText(valueText(value))]),
    ...(record.rerunOf === null ? [] : [['Rerun of', inlineText(record.rerunOf)]]),
    ['Created', pageTime(record.createdAt)],
    ['Started', record.startedAt === null ? 'never' : pageTime(record.startedAt)],
    ['Finished', pageTime(record.finishedAt)],
  ]
  return table(['', ''], rows)
}

function lateness(record: RunRecord): string {
  if (record.trigger.kind !== 'Schedule') return ''
  const lateMs = Date.parse(record.createdAt) - Date.parse(record.trigger.tick)
  return lateMs > LATE_MS ? `, ${formatDuration(lateMs)} late` : ''
}

function stepsTable(steps: readonly StepRecord[]): string {
  const rows = steps.map((step) => [
    `${inlineText(step.name)}${step.kind === 'Step' ? '' : ` (${step.kind.toLowerCase()})`}`,
    `${resultMark(step.result)} ${step.result}`,
    inlineText(step.reason ?? ''),
    step.startedAt === null ? '' : pageTime(step.startedAt),
    step.startedAt === null || step.finishedAt === null ? '' : between(step.startedAt, step.finishedAt),
    exitCodes(step),
  ])
  return table(['Step', 'Result', 'Reason', 'Started', 'Duration', 'Exit codes'], rows)
}

function exitCodes(step: StepRecord): string {
  return step.attempts.map((attempt) => attempt.exitCode ?? '–').join(', ')
}

function between(from: string, to: string): string {
  return formatDuration(Date.parse(to) - Date.parse(from))
}

function valueText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

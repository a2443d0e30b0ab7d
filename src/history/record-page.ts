import type { RunDefinition } from '../definitions/workflow.ts'
import { formatDuration } from './duration.ts'
import { fencedLog, PAGE_END, inlineText, pageTime, resultMark, table } from './markdown.ts'
import { stepGraph } from './mermaid.ts'
import { pathSegment } from './paths.ts'
import type { RunRecord, StepRecord } from './record.ts'
import type { StepResult } from '../runs/run.ts'
import { triggerText } from './trigger-text.ts'

/** A tick that started its run later than this says by how much. */
const LATE_MS = 60_000

/** The picture of the steps, as far as they are known: a record does not tell what waited for what. */
export function recordGraph(record: RunRecord, definition: RunDefinition | undefined): string | null {
  return definition === undefined ? null : stepGraph(definition, resultsOf(record.steps))
}

/** The page of a record for people. `file` is its name without `.md`. */
export function recordPage(record: RunRecord, graph: string | null, file = pathSegment(record.run)): string {
  const failed = record.steps.filter((step) => step.log !== undefined)
  const sections = [
    `[All workflows](../../../../README.md) / [${inlineText(record.workflow)}](../../../README.md)`,
    `# ${resultMark(record.result)} ${inlineText(record.run)}`,
    summary(record),
    facts(record),
    ...(record.steps.length === 0 ? ['No step was started.'] : ['## Steps', ...(graph === null ? [] : [graph]), stepsTable(record.steps)]),
    ...failed.map((step) => `## Last lines of ${inlineText(step.name)}\n\n${fencedLog(step.log ?? '')}`),
    `All times are UTC. [This record as JSON](${file}.json)`,
    PAGE_END,
  ]
  return `${sections.join('\n\n')}\n`
}

/** By step; of one that was expanded, the worst. Undos are drawn nowhere: their step is. */
export function resultsOf(steps: readonly StepRecord[]): ReadonlyMap<string, StepResult> {
  const results = new Map<string, StepResult>()
  for (const { name, kind, result } of steps) {
    if ((kind as string) === 'Undo') continue
    const step = name.replace(/\/\d+$/, '')
    for (const key of new Set([name, step])) {
      const before = results.get(key)
      results.set(key, before === undefined || WORST_FIRST.indexOf(result) < WORST_FIRST.indexOf(before) ? result : before)
    }
  }
  return results
}

const WORST_FIRST: readonly StepResult[] = ['Failed', 'Cancelled', 'Succeeded', 'Cached', 'Skipped']

function summary(record: RunRecord): string {
  const duration = record.startedAt === null ? '' : ` after ${between(record.startedAt, record.finishedAt)}`
  if (record.result === 'Succeeded') return `**Succeeded**${duration}`
  const reason = record.reason === null ? '' : ` (${inlineText(record.reason)})`
  const message = record.message === null || record.message === '' ? '' : `: ${inlineText(record.message)}`
  return `**${record.result}**${duration}${reason}${message}`
}

function facts(record: RunRecord): string {
  const rows = [
    ['Repository', inlineText(record.repository)],
    ['Started by', `${triggerText(record.trigger, inlineText)}${lateness(record)}`],
    ['Commit', `\`${record.commit}\``],
    ...Object.entries(record.params).map(([name, value]) => [`Parameter ${inlineText(name)}`, inlineText(valueText(value))]),
    ...(record.rerunOf === null ? [] : [['Rerun of', inlineText(record.rerunOf)]]),
    ['Created', pageTime(record.createdAt)],
    ['Started', record.startedAt === null ? 'never' : pageTime(record.startedAt)],
    ['Finished', pageTime(record.finishedAt)],
  ]
  return table(['Workflow', inlineText(record.workflow)], rows)
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

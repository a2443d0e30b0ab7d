import type { RunResult, StoredRun, TickFate } from '../runs/run.ts'
import { formatDuration } from './duration.ts'
import { plainText } from '../runs/plain-text.ts'
import type { RunRecord } from './record.ts'
import { failedStep } from './state.ts'

/** Tells forges' pipelines that there is nothing to build. */
export const SKIP_CI = '[skip ci]'

const RESULTS: readonly RunResult[] = ['Succeeded', 'Failed', 'TimedOut', 'Cancelled', 'Skipped']
const FATES: readonly TickFate['fate'][] = ['Late', 'Skipped', 'Missed', 'Backfilled', 'Lost']

/** The message of a commit that records these runs and fates of ticks: what happened, a note if there is one, and five trailers per run. */
export function commitMessage(runs: readonly StoredRun[], fates: readonly TickFate[], note: string | null = null): string {
  const trailers = runs.map(trailersOf)
  const paragraphs = [`${subject(runs, fates)} ${SKIP_CI}`, ...(note === null ? [] : [note]), ...(trailers.length === 0 ? [] : [trailers.join('\n')])]
  return `${paragraphs.join('\n\n')}\n`
}

/** The message of a commit that only says who writes here. */
export function ownerMessage(text: string): string {
  return `${oneLine(text)} ${SKIP_CI}\n`
}

function subject(runs: readonly StoredRun[], fates: readonly TickFate[]): string {
  const [run, tick] = [runs[0], fates[0]]
  if (run !== undefined)
    return runs.length === 1
      ? `${oneLine(run.spec.workflow)}: ${outcome(run)}`
      : `${runs.length} runs: ${tally(
          runs.map((one) => [resultOf(one), 1]),
          RESULTS,
        )}`
  if (tick === undefined) return 'Begin anew'
  const ticks = fates.reduce((sum, fate) => sum + (fate.count ?? 1), 0)
  if (ticks === 1) return `${oneLine(tick.workflow)}: tick ${oneLine(tick.at)} ${tick.fate}`
  const of = fates.every((fate) => fate.workflow === tick.workflow) ? `${oneLine(tick.workflow)}: ` : ''
  return `${of}${ticks} ticks: ${tally(
    fates.map((fate): [string, number] => [fate.fate, fate.count ?? 1]),
    FATES,
  )}`
}

function outcome(run: StoredRun): string {
  const step = failedStep(run)
  const { startedAt, finishedAt } = run.status ?? {}
  const duration =
    startedAt === undefined || finishedAt === undefined ? '' : ` after ${formatDuration(Date.parse(finishedAt) - Date.parse(startedAt))}`
  return `${resultOf(run)}${step === null ? '' : ` at ${oneLine(step)}`}${duration}`
}

function tally(times: readonly (readonly [word: string, times: number])[], order: readonly string[]): string {
  const totals = order.map((word): [string, number] => [word, times.reduce((sum, [other, count]) => (other === word ? sum + count : sum), 0)])
  return totals
    .filter(([, total]) => total > 0)
    .map(([word, total]) => `${total} ${word}`)
    .join(', ')
}

function trailersOf(run: StoredRun): string {
  const { metadata, spec } = run
  return recordTrailers({ run: metadata.name, workflow: spec.workflow, commit: spec.commit, trigger: spec.trigger, result: resultOf(run) })
}

/** The five trailers of a record. */
export function recordTrailers(record: Pick<RunRecord, 'run' | 'workflow' | 'commit' | 'trigger' | 'result'>): string {
  return [
    `Fusee-Run: ${oneLine(record.run)}`,
    `Fusee-Workflow: ${oneLine(record.workflow)}`,
    `Fusee-Commit: ${oneLine(record.commit)}`,
    `Fusee-Trigger: ${record.trigger.kind}`,
    `Fusee-Result: ${record.result}`,
  ].join('\n')
}

/** Those of a message, one text for each record, in the order of the message. */
export function trailersIn(message: string): string[] {
  const lines = message.split('\n').filter((line) => /^Fusee-[A-Z][a-z]+: /.test(line))
  return lines
    .join('\n')
    .split(/\n(?=Fusee-Run: )/)
    .filter((text) => text !== '')
}

/** What the first line of a message has to begin with when these records are in its commit. */
export function subjectOf(records: readonly Pick<RunRecord, 'workflow' | 'result'>[]): string {
  const [first] = records
  if (first !== undefined && records.length === 1) return `${oneLine(first.workflow)}: ${first.result}`
  return `${records.length} runs: ${tally(
    records.map(({ result }) => [result, 1]),
    RESULTS,
  )} ${SKIP_CI}`
}

function resultOf(run: StoredRun): RunResult {
  return run.status?.result ?? 'Skipped'
}

/** Names of objects that somebody made by hand must not add lines to a message, or people to notify. */
function oneLine(text: string): string {
  return plainText(text).replaceAll(/\s+/g, ' ').replaceAll('@', '(at)').trim()
}

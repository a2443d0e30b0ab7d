import type { RunResult, StoredRun, TickFate } from '../runs/run.ts'
import { formatDuration } from './duration.ts'
import { plainText } from './markdown.ts'
import { failedStep } from './state.ts'

/** Tells forges' pipelines that there is nothing to build. */
const SKIP_CI = '[skip ci]'

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
  const { spec } = run
  return [
    `Fusee-Run: ${oneLine(run.metadata.name)}`,
    `Fusee-Workflow: ${oneLine(spec.workflow)}`,
    `Fusee-Commit: ${oneLine(spec.commit)}`,
    `Fusee-Trigger: ${spec.trigger.kind}`,
    `Fusee-Result: ${resultOf(run)}`,
  ].join('\n')
}

function resultOf(run: StoredRun): RunResult {
  return run.status?.result ?? 'Skipped'
}

/** Names of objects that somebody made by hand must not add lines to a message, or people to notify. */
function oneLine(text: string): string {
  return plainText(text).replaceAll(/\s+/g, ' ').replaceAll('@', '(at)').trim()
}

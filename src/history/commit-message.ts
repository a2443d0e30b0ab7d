import type { RunResult, StoredRun, TickFate } from '../runs/run.ts'
import { formatDuration } from './duration.ts'
import { plainText } from '../runs/plain-text.ts'
import type { RunRecord } from './record.ts'
import { failedStep, failedStepsOf, type RunDigest } from './state.ts'

/** Tells forges' pipelines that there is nothing to build. */
export const SKIP_CI = '[skip ci]'

/** What somebody did to the branch: it was gone as a whole, or records were. */
export type LostHistory = 'BranchDeleted' | 'RecordsMissing'

/** Why records are written again, as the message of such a commit says it. */
export const REFILL_NOTES: Readonly<Record<LostHistory, string>> = {
  BranchDeleted: 'The branch had been deleted: what is left of its records is written again.',
  RecordsMissing: 'The branch had been reset, or records removed: what is left of them is written again.',
}

const RESULTS: readonly RunResult[] = ['Succeeded', 'Failed', 'TimedOut', 'Cancelled', 'Skipped']
const FATES: readonly TickFate['fate'][] = ['Late', 'Skipped', 'Missed', 'Backfilled', 'Lost']

/** The message of a commit that records these runs and fates of ticks: what happened, a note if there is one, and five trailers per run. */
export function commitMessage(runs: readonly StoredRun[], fates: readonly TickFate[], note: string | null = null): string {
  const trailers = runs.map(trailersOf)
  const paragraphs = [`${subject(runs, fates)} ${SKIP_CI}`, ...(note === null ? [] : [note]), ...(trailers.length === 0 ? [] : [trailers.join('\n')])]
  return `${paragraphs.join('\n\n')}\n`
}

/** The message of the commit by which a controller claims the branch. */
export function claimMessage(owner: string): string {
  return `${oneLine(`${owner} claims this branch`)} ${SKIP_CI}\n`
}

/** The message of the commit by which a person takes the branch from its owner. */
export function releaseMessage(formerOwner: string, releasedBy: string): string {
  return `${oneLine(`${formerOwner} no longer owns this branch: taken over by ${releasedBy}`)} ${SKIP_CI}\n`
}

function subject(runs: readonly StoredRun[], fates: readonly TickFate[]): string {
  const [run, tick] = [runs[0], fates[0]]
  if (run !== undefined)
    return runs.length === 1
      ? `${oneLine(run.spec.workflow)}: ${outcome(outcomeOf(run))}`
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

type Outcome = Pick<RunDigest, 'result' | 'failedStep' | 'startedAt' | 'finishedAt'>

function outcomeOf(run: StoredRun): Outcome {
  return { result: resultOf(run), failedStep: failedStep(run), startedAt: run.status?.startedAt ?? null, finishedAt: run.status?.finishedAt ?? '' }
}

function outcome({ result, failedStep, startedAt, finishedAt }: Outcome): string {
  const duration = startedAt === null || finishedAt === '' ? '' : ` after ${formatDuration(Date.parse(finishedAt) - Date.parse(startedAt))}`
  return `${result}${failedStep === null ? '' : ` at ${oneLine(failedStep)}`}${duration}`
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

/** First lines that a message can have when these records are in its commit: a record does not say which of its failed steps decided. */
export function subjectsOf(records: readonly RunRecord[]): string[] {
  const [first] = records
  if (first === undefined) return []
  if (records.length > 1)
    return [
      `${records.length} runs: ${tally(
        records.map(({ result }) => [result, 1]),
        RESULTS,
      )} ${SKIP_CI}`,
    ]
  return failedStepsOf(first).map((step) => `${oneLine(first.workflow)}: ${outcome({ ...first, failedStep: step })} ${SKIP_CI}`)
}

/** Whether the first line of a message is that of a commit that tells fates of ticks alone. */
export function isTicksSubject(subject: string): boolean {
  const { groups } = /^(?:\S+: )?(?:tick \S+ (?<fate>\w+)|\d+ ticks: (?<fates>(?:\d+ \w+(?:, )?)+)) \[skip ci\]$/.exec(subject) ?? {}
  const told = groups?.['fate'] ?? groups?.['fates']
  return told !== undefined && told.split(', ').every((part) => FATES.some((fate) => part.replace(/^\d+ /, '') === fate))
}

function resultOf(run: StoredRun): RunResult {
  return run.status?.result ?? 'Skipped'
}

/** Names of objects that somebody made by hand must not add lines to a message, or people to notify. */
function oneLine(text: string): string {
  return plainText(text).replaceAll(/\s+/g, ' ').replaceAll('@', '(at)').trim()
}

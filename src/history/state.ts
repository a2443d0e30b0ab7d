import type { Timestamp } from '../clock.ts'
import { API_VERSION } from '../runs/objects.ts'
import type { RunResult, ScheduleCursor, StoredRun, Trigger } from '../runs/run.ts'
import { readRunResult, readTrigger, recordOf, type RunRecord, triggeredAtMs } from './record.ts'
import * as shape from './shape.ts'
import { type OddFate, readOddFate, type TickRange } from './ticks.ts'

/** What the pages show of one run. */
export interface RunDigest {
  run: string
  result: RunResult
  /** The step that decided a failure. */
  failedStep: string | null
  trigger: Trigger
  commit: string
  createdAt: Timestamp
  startedAt: Timestamp | null
  finishedAt: Timestamp
  /** Its record lies beside that of another run of the same name. */
  beside?: true
}

/** What the workflow's page shows of the ticks of one UTC day (`2026/11/20`) that did not simply fire: those alike in one row. */
export interface TickDay {
  day: string
  rows: TickRow[]
}

/** `count` ticks alike, the first at `from` and the last at `to`. */
export interface TickRow {
  schedule: string
  fate: OddFate
  reason: string | null
  from: Timestamp
  to: Timestamp
  count: number
}

/**
 * The file `state/<workflow>.json`: the copy of the workflow's cursors as of its newest record, and what its page is made
 * of. Bounded, so that a commit costs the same however long the history is.
 */
export interface WorkflowState {
  apiVersion: typeof API_VERSION
  kind: 'WorkflowState'
  workflow: string
  lastCommit: string | null
  validCommit: string | null
  schedules: Record<string, ScheduleCursor>
  /** Creation of the first run of all. Absent while none is recorded. */
  firstRunAt?: Timestamp
  /** End of the newest success of all. Absent while there was none. */
  lastSuccessAt?: Timestamp
  /** Newest first. */
  runs: RunDigest[]
  /** Newest first. */
  tickDays: TickDay[]
}

const MOST_RUNS = 50
const MOST_TICK_DAYS = 10
const MOST_TICK_ROWS = 20

/** The state of a workflow of which nothing is recorded. */
export function emptyState(workflow: string): WorkflowState {
  return { apiVersion: API_VERSION, kind: 'WorkflowState', workflow, lastCommit: null, validCommit: null, schedules: {}, runs: [], tickDays: [] }
}

/** The state with these runs among the recent ones. */
export function withRuns(state: WorkflowState, runs: readonly StoredRun[]): WorkflowState {
  return withDigests(
    state,
    runs.map((run) => digestOf(recordOf(run), failedStep(run))),
  )
}

/** The same by their digests; a run that is there already is replaced. */
export function withDigests(state: WorkflowState, added: readonly RunDigest[]): WorkflowState {
  const digests = new Map([...state.runs, ...added].map((digest) => [`${digest.run} ${digest.createdAt}`, digest]))
  const all = [...digests.values()].sort(newestFirst)
  const { firstRunAt, lastSuccessAt, runs: _, tickDays, ...cursors } = state
  const created = [firstRunAt, ...all.map(({ createdAt }) => createdAt)].filter((at) => at !== undefined).toSorted()
  const succeeded = [lastSuccessAt, ...all.map(({ result, finishedAt }) => (result === 'Succeeded' ? finishedAt : undefined))]
  const times = {
    firstRunAt: created[0],
    lastSuccessAt: succeeded
      .filter((at) => at !== undefined)
      .toSorted()
      .at(-1),
  }
  return { ...cursors, ...definedOf(times), runs: all.slice(0, MOST_RUNS), tickDays }
}

function definedOf<T extends object>(fields: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: NonNullable<T[K]> }
}

/** The state with one day's ticks as they now are. */
export function withTickDay(state: WorkflowState, day: string, ranges: readonly TickRange[]): WorkflowState {
  const others = state.tickDays.filter((other) => other.day !== day)
  const rows = tickRows(ranges)
  const days = rows.length === 0 ? others : [...others, { day, rows }]
  return { ...state, tickDays: days.toSorted((left, right) => (left.day < right.day ? 1 : -1)).slice(0, MOST_TICK_DAYS) }
}

/** Newest first, by what triggered the runs; the same order whichever came first. */
export function newestFirst(left: Pick<RunDigest, 'run' | 'trigger' | 'createdAt'>, right: Pick<RunDigest, 'run' | 'trigger' | 'createdAt'>): number {
  const triggeredMs = triggeredAtMs(right.trigger, right.createdAt) - triggeredAtMs(left.trigger, left.createdAt)
  return triggeredMs || Date.parse(right.createdAt) - Date.parse(left.createdAt) || (left.run < right.run ? -1 : left.run > right.run ? 1 : 0)
}

/** The step at which a run failed: the first that failed and was not allowed to; null when it did not fail by a step. */
export function failedStep(run: StoredRun): string | null {
  if (run.status?.result !== 'Failed') return null
  const definition = run.status.definition
  const allowed = new Set([...(definition?.steps ?? []), ...(definition?.finally ?? [])].filter((step) => step.allowFailure).map((step) => step.name))
  return run.status.steps.find((step) => step.result === 'Failed' && !allowed.has(step.name))?.name ?? null
}

/** What `failedStep` can be of a run with this record: it names the steps that failed, not those that were allowed to. */
export function failedStepsOf({ result, steps }: Pick<RunRecord, 'result' | 'steps'>): (string | null)[] {
  return result === 'Failed' ? [null, ...steps.filter((step) => step.result === 'Failed').map(({ name }) => name)] : [null]
}

/** The bytes of a state file. */
export function encodeState(state: WorkflowState): string {
  return `${JSON.stringify(state, null, 2)}\n`
}

/** Reads a state file. Throws ShapeError. */
export function parseState(text: string): WorkflowState {
  return shape.parseJson(text, readState)
}

/** The digest of a record; `failedStep` is the step that decided its failure, `isBeside` whether another run of its name has its own. */
export function digestOf(record: RunRecord, failedStep: string | null, isBeside = false): RunDigest {
  const { run, result, trigger, commit, createdAt, startedAt, finishedAt } = record
  return { run, result, failedStep, trigger, commit, createdAt, startedAt, finishedAt, ...(isBeside ? { beside: true } : {}) }
}

/** Those alike of a day in one row, though others lie between them. */
function tickRows(ranges: readonly TickRange[]): TickRow[] {
  const rows = new Map<string, TickRow>()
  for (const { schedule, fate, reason, from, to, count } of ranges) {
    const key = JSON.stringify([schedule, fate, reason])
    const row = rows.get(key)
    rows.set(
      key,
      row === undefined ? { schedule, fate, reason, from, to, count } : { ...row, to: to > row.to ? to : row.to, count: row.count + count },
    )
  }
  return [...rows.values()].toSorted((left, right) => (left.from < right.from ? 1 : left.from > right.from ? -1 : 0)).slice(0, MOST_TICK_ROWS)
}

/** Reads the cursor of a schedule. */
export const readScheduleCursor: shape.Reader<ScheduleCursor> = shape.object<ScheduleCursor>({ judgedUpTo: shape.timestamp, form: shape.text })

/** Reads the digest of a run. */
export const readRunDigest: shape.Reader<RunDigest> = shape.object<RunDigest>({
  run: shape.text,
  result: readRunResult,
  failedStep: shape.nullable(shape.text),
  trigger: readTrigger,
  commit: shape.commitId,
  createdAt: shape.timestamp,
  startedAt: shape.nullable(shape.timestamp),
  finishedAt: shape.timestamp,
  beside: shape.optional(shape.justTrue),
})

const readTickRow = shape.object<TickRow>({
  schedule: shape.text,
  fate: readOddFate,
  reason: shape.nullable(shape.text),
  from: shape.timestamp,
  to: shape.timestamp,
  count: shape.count,
})

const readState = shape.object<WorkflowState>({
  apiVersion: shape.oneOf(API_VERSION),
  kind: shape.oneOf('WorkflowState'),
  workflow: shape.text,
  lastCommit: shape.nullable(shape.commitId),
  validCommit: shape.nullable(shape.commitId),
  schedules: shape.dictionary(readScheduleCursor),
  firstRunAt: shape.optional(shape.timestamp),
  lastSuccessAt: shape.optional(shape.timestamp),
  runs: shape.list(readRunDigest, MOST_RUNS),
  tickDays: shape.list(shape.object<TickDay>({ day: shape.text, rows: shape.list(readTickRow, MOST_TICK_ROWS) }), MOST_TICK_DAYS),
})

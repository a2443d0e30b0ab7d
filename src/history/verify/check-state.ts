import { isSameJson } from '../../same-json.ts'
import { copySchedules, emptyOverview, encodeOverview, type Overview, parseOverview } from '../overview.ts'
import { statePath } from '../paths.ts'
import type { RunRecord } from '../record.ts'
import { ShapeError } from '../shape.ts'
import {
  digestOf,
  emptyState,
  encodeState,
  failedStepsOf,
  parseState,
  type RunDigest,
  withDigests,
  withTickDay,
  type WorkflowState,
} from '../state.ts'
import type { TickRange } from '../ticks.ts'
import { checkOverview } from './check-overview.ts'
import type { AddedRecord } from './check-records.ts'
import { type Complain, type KnownChange, type Ledger, readText } from './ledger.ts'

/** What a commit records: all of its state follows from that and from the state before, but for the cursors. */
export interface Recorded {
  records: readonly AddedRecord[]
  days: readonly TickedDay[]
}

/** Fates of ticks of a workflow on one UTC day (`2026/11/20`), as they are told from this commit on. */
export interface TickedDay {
  workflow: string
  day: string
  ranges: readonly TickRange[]
}

/** Checks the state that a commit leaves, and takes it over into the ledger. */
export async function checkState(ledger: Ledger, changes: readonly KnownChange[], recorded: Recorded, complain: Complain): Promise<void> {
  const workflows = [...new Set([...recorded.records, ...recorded.days].map(({ workflow }) => workflow))]
  const before = new Map(workflows.map((workflow) => [workflow, ledger.states.get(statePath(workflow)) ?? emptyState(workflow)]))
  const overviewBefore = ledger.overview ?? emptyOverview()
  await readChanged(ledger, changes, complain)
  const { overview } = ledger
  for (const [workflow, old] of before) {
    const state = ledger.states.get(statePath(workflow))
    // What cannot be read was told.
    if (state === null) continue
    const wrong =
      state === undefined ? ['it is not there'] : [...differences(old, state, recorded), ...cursorDifferences(old, state, overviewBefore, overview)]
    for (const message of wrong) complain('state-differs', statePath(workflow), message)
  }
  const touched = workflows.flatMap((workflow) => ledger.states.get(statePath(workflow)) ?? [])
  if (overview !== null) checkOverview(overviewBefore, overview, touched, recorded, complain)
}

async function readChanged(ledger: Ledger, changes: readonly KnownChange[], complain: Complain): Promise<void> {
  for (const { path, to, kind } of changes) {
    if (kind === 'state') {
      if (to === null) ledger.states.delete(path)
      else ledger.states.set(path, await readParsed(ledger, path, to, { parse: parseState, encode: encodeState }, complain))
      const name = ledger.states.get(path)?.workflow
      if (name !== undefined && statePath(name) !== path) complain('state-differs', path, `it is the state of ${name}`)
    }
    if (kind === 'overview')
      ledger.overview = to === null ? null : await readParsed(ledger, path, to, { parse: parseOverview, encode: encodeOverview }, complain)
  }
}

async function readParsed<T>(
  ledger: Ledger,
  path: string,
  id: string,
  { parse, encode }: { parse: (text: string) => T; encode: (value: T) => string },
  complain: Complain,
): Promise<T | null> {
  const text = await readText(ledger.log, id)
  try {
    const value = parse(text)
    if (encode(value) !== text) complain('state-differs', path, 'it is not laid out as Fusee does it: a field may stand there twice')
    return value
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error
    complain('state-differs', path, `it cannot be read: ${error.message}`)
    return null
  }
}

function differences(old: WorkflowState, state: WorkflowState, { records, days }: Recorded): string[] {
  const added = records
    .filter(({ workflow }) => workflow === old.workflow)
    .map((record) => digestOf(record, toldStep(record, state), record.isBeside))
  const withDays = days
    .filter(({ workflow }) => workflow === old.workflow)
    .reduce((before, { day, ranges }) => withTickDay(before, day, ranges), withDigests(old, added))
  return [runDifference(withDays.runs, state.runs), dayDifference(withDays, state), timeDifference(withDays, state)].filter(
    (message) => message !== null,
  )
}

/** Older versions wrote neither. */
function timeDifference(wanted: WorkflowState, found: WorkflowState): string | null {
  const fields = ['firstRunAt', 'lastSuccessAt'] as const
  const wrong = fields.filter((field) => found.firstRunAt !== undefined && found[field] !== wanted[field])
  return wrong.length === 0 ? null : `its ${wrong.join(', ')} is not what its records say`
}

/** The step that the state gives for the failure, if it can be that one. */
function toldStep(record: RunRecord, { runs }: WorkflowState): string | null {
  const told = runs.find(({ run, createdAt }) => run === record.run && createdAt === record.createdAt)?.failedStep ?? null
  return failedStepsOf(record).includes(told) ? told : null
}

function runDifference(wanted: readonly RunDigest[], found: readonly RunDigest[]): string | null {
  for (let index = 0; index < Math.max(wanted.length, found.length); index++) {
    const [want, have] = [wanted[index], found[index]]
    if (want === undefined) return `it tells of ${have?.run}, which is none of its newest runs`
    if (have === undefined) return `it does not tell of ${want.run}`
    if (want.run !== have.run) return `it tells of ${have.run} where ${want.run} belongs`
    const fields = Object.keys({ ...want, ...have }).filter((key) => !isSameJson(want[key as keyof RunDigest], have[key as keyof RunDigest]))
    if (fields.length > 0) return `it tells of ${want.run} another ${fields.join(', ')} than was recorded`
  }
  return null
}

function dayDifference(wanted: WorkflowState, { tickDays }: WorkflowState): string | null {
  const days = new Set([...wanted.tickDays, ...tickDays].map(({ day }) => day))
  const wrong = [...days].find((day) => !isSameJson(dayOf(wanted.tickDays, day), dayOf(tickDays, day)))
  if (wrong !== undefined) return `its ticks of ${wrong} are not those of the ticks.json of that day`
  return isSameJson(wanted.tickDays, tickDays) ? null : 'its days with ticks are in another order'
}

function dayOf(days: WorkflowState['tickDays'], wanted: string): WorkflowState['tickDays'][number] | undefined {
  return days.find(({ day }) => day === wanted)
}

/** The cursors are those of the overview in the same commit; a run of which no controller knew leaves both as they were. */
function cursorDifferences(old: WorkflowState, state: WorkflowState, overviewBefore: Overview, overview: Overview | null): string[] {
  if (overview === null) return []
  const { lastCommit, validCommits, schedules } = overview.cursors
  const names = new Set([...Object.keys(old.schedules), ...Object.keys(state.schedules)])
  const wanted = {
    lastCommit,
    validCommit: Object.hasOwn(validCommits, state.workflow) ? (validCommits[state.workflow] ?? null) : null,
    schedules: copySchedules(Object.fromEntries(Object.entries(schedules).filter(([name]) => names.has(name)))),
  }
  const fields = ['lastCommit', 'validCommit', 'schedules'] as const
  const wrong = fields.filter((field) => !isSameJson(state[field], wanted[field]))
  const isKept = isSameJson(overview.cursors, overviewBefore.cursors) && fields.every((field) => isSameJson(state[field], old[field]))
  return wrong.length === 0 || isKept ? [] : [`its ${wrong.join(', ')} is not what the overview says`]
}

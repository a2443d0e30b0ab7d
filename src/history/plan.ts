import { formatTimestamp } from '../clock.ts'
import type { FileChanges } from '../git/ports.ts'
import type { ObjectRef } from '../runs/objects.ts'
import type { Cursors, StoredRun, TickFate } from '../runs/run.ts'
import { commitMessage } from './commit-message.ts'
import { copySchedules, emptyOverview, encodeOverview, parseOverview, type ScheduleNote, updateOverview } from './overview.ts'
import { overviewPageCount, overviewPages } from './overview-page.ts'
import { claimOf, encodeOwner, judgeOwner } from './owner-file.ts'
import {
  besideRecordPath,
  dayOfTimestamp,
  OVERVIEW_PATH,
  overviewPagePath,
  OWNER_PATH,
  recordPath,
  statePath,
  ticksPath,
  workflowPagePath,
} from './paths.ts'
import { encodeRecord, parseRecord, RecordError, recordOf } from './record.ts'
import { recordGraph, recordPage } from './record-page.ts'
import { ShapeError } from './shape.ts'
import { digestOf, emptyState, encodeState, failedStep, newestFirst, parseState, withDigests, withTickDay, type WorkflowState } from './state.ts'
import { encodeTicks, isOdd, mergeTicks, parseTicks, type TickRange } from './ticks.ts'
import { workflowPage } from './workflow-page.ts'

/** What goes into one commit. */
export interface HistoryBatch {
  repository: ObjectRef
  /** Finished runs. Those that are recorded already do no harm. */
  runs: readonly StoredRun[]
  /** Cursors as they are now, with the fates of ticks that are to be written. The cursors alone are no reason for a commit. */
  cursors: Cursors
  /** Runs that the cursors have passed and that are neither recorded nor part of the batch. */
  started: readonly StoredRun[]
  /** All schedules in force. */
  schedules: readonly ScheduleNote[]
  /** Why records are written again, for the message of the commit; null when none are. A branch that is gone is then begun anew even without runs. */
  refill: string | null
}

/** Files of the status branch, as text; null for one that is not there. */
export type OldFiles = ReadonlyMap<string, string | null>

/** One commit. */
export interface HistoryPlan {
  changes: FileChanges
  message: string
  /** Files that somebody else has spoilt: what they held is made anew from this batch. */
  spoilt: string[]
}

/** A file read, and whether it had to be given up. */
interface Reading {
  old: OldFiles
  spoilt: string[]
}

/** The files that `planHistory` wants to see: as many as the batch has runs, days with odd ticks and workflows. */
export function filesToRead(batch: HistoryBatch): string[] {
  const odd = batch.cursors.fates.filter(isOdd)
  const workflows = new Set([...batch.runs.map((run) => run.spec.workflow), ...odd.map((fate) => fate.workflow)])
  const paths = [
    OWNER_PATH,
    OVERVIEW_PATH,
    ...[...workflows].map(statePath),
    ...batch.runs.flatMap((run) => [`${recordPath(run)}.json`, `${besideRecordPath(run)}.json`]),
    ...odd.map((fate) => ticksPath(fate.workflow, dayOfTimestamp(fate.at))),
  ]
  return [...new Set(paths)]
}

/**
 * The commit that a batch needs on top of the files that are there; null when all of it is recorded. Planning again after
 * the commit has arrived gives null, so a crash at any moment leaves nothing out and writes nothing twice.
 */
export function planHistory(batch: HistoryBatch, owner: { name: string; nowMs: number }, old: OldFiles): HistoryPlan | null {
  const reading: Reading = { old, spoilt: [] }
  const runs = unrecordedRuns(batch.runs, reading)
  const days = changedDays(batch.cursors.fates, reading)
  const isBegun = (old.get(OVERVIEW_PATH) ?? null) !== null
  if (runs.length === 0 && days.length === 0 && (isBegun || batch.refill === null)) return null

  const workflows = [...new Set([...runs.map(({ run }) => run.spec.workflow), ...days.map((day) => day.workflow)])].toSorted()
  const recorded = runs.map(({ run }) => run)
  const states = workflows.map((workflow) => nextState(workflow, batch, runs, days, reading))
  const files = new Map<string, string | null>([
    ...runs.flatMap(recordFiles),
    ...days.map((day): [string, string] => [ticksPath(day.workflow, day.day), encodeTicks(day.workflow, day.ranges)]),
    ...states.flatMap((state): [string, string][] => [
      [statePath(state.workflow), encodeState(state)],
      [workflowPagePath(state.workflow), workflowPage(state)],
    ]),
    ...overviewFiles(batch, states, reading),
    ...ownerFile(batch, owner, old),
  ])
  const encoder = new TextEncoder()
  const changes = new Map([...files].map(([path, text]) => [path, text === null ? null : encoder.encode(text)]))
  return {
    changes,
    message: commitMessage(recorded, recorded.length > 0 ? [] : days.flatMap((day) => day.fates), batch.refill),
    spoilt: reading.spoilt,
  }
}

/** Names of those runs of a batch whose records lie, once it is written, beside those of other runs of the same name. */
export function runsBeside(runs: readonly StoredRun[], old: OldFiles): Set<string> {
  const placed = runs.map((run) => placeOf(run, { old, spoilt: [] }))
  return new Set(placed.filter(({ isBeside }) => isBeside).map(({ run }) => run.metadata.name))
}

/** A run, and where its record lies, or is to lie: without `.json` or `.md`. */
interface PlacedRun {
  run: StoredRun
  path: string
  /** Another run of its name has its own record. */
  isBeside: boolean
  isThere: boolean
}

/** Each run once, oldest first, without those whose record is there. */
function unrecordedRuns(runs: readonly StoredRun[], reading: Reading): PlacedRun[] {
  const byPath = new Map(runs.map((run) => [recordPath(run), run]))
  return [...byPath.values()]
    .map((run) => placeOf(run, reading))
    .filter(({ isThere }) => !isThere)
    .toSorted((left, right) => -newestFirst(sortable(left.run), sortable(right.run)))
}

/**
 * Where the record of a run belongs. A record stays as it was written first, even where this version would write other bytes: a record that
 * changes after its commit is what tampering looks like. Only what is no record is written anew.
 */
function placeOf(run: StoredRun, reading: Reading): PlacedRun {
  const places = [
    { run, path: recordPath(run), isBeside: false },
    { run, path: besideRecordPath(run), isBeside: true },
  ]
  for (const place of places) {
    const record = read(`${place.path}.json`, parseRecord, reading)
    const isThere = record?.run === run.metadata.name && record.createdAt === run.metadata.creationTimestamp
    if (record === null || isThere) return { ...place, isThere }
  }
  const beside = besideRecordPath(run)
  reading.spoilt.push(`${beside}.json`)
  return { run, path: beside, isBeside: true, isThere: false }
}

interface ChangedDay {
  workflow: string
  day: string
  ranges: TickRange[]
  fates: TickFate[]
}

function changedDays(fates: readonly TickFate[], reading: Reading): ChangedDay[] {
  const groups = new Map<string, TickFate[]>()
  for (const fate of fates.filter(isOdd)) {
    const path = ticksPath(fate.workflow, dayOfTimestamp(fate.at))
    groups.set(path, [...(groups.get(path) ?? []), fate])
  }
  return [...groups].flatMap(([path, group]) => {
    const first = group[0]
    if (first === undefined) return []
    const ranges = mergeTicks(read(path, parseTicks, reading) ?? [], group)
    if (encodeTicks(first.workflow, ranges) === reading.old.get(path)) return []
    return [{ workflow: first.workflow, day: dayOfTimestamp(first.at), ranges, fates: group }]
  })
}

function nextState(workflow: string, batch: HistoryBatch, runs: readonly PlacedRun[], days: readonly ChangedDay[], reading: Reading): WorkflowState {
  const old = read(statePath(workflow), parseState, reading) ?? emptyState(workflow)
  const { lastCommit, validCommits, schedules } = batch.cursors
  const names = new Set([
    ...Object.keys(old.schedules),
    ...batch.schedules.filter((schedule) => schedule.workflow === workflow).map(({ name }) => name),
  ])
  const withCursors: WorkflowState = {
    ...old,
    lastCommit,
    validCommit: validCommits[workflow] ?? null,
    schedules: copySchedules(Object.fromEntries(Object.entries(schedules).filter(([name]) => names.has(name)))),
  }
  const own = withDigests(
    withCursors,
    runs.filter(({ run }) => run.spec.workflow === workflow).map(({ run, isBeside }) => digestOf(recordOf(run), failedStep(run), isBeside)),
  )
  return days.filter((day) => day.workflow === workflow).reduce((state, day) => withTickDay(state, day.day, day.ranges), own)
}

function recordFiles({ run, path }: PlacedRun): [string, string][] {
  const record = recordOf(run)
  return [
    [`${path}.json`, encodeRecord(record)],
    [`${path}.md`, recordPage(record, recordGraph(record, run.status?.definition), path.slice(path.lastIndexOf('/') + 1))],
  ]
}

function overviewFiles(batch: HistoryBatch, states: readonly WorkflowState[], reading: Reading): [string, string | null][] {
  const old = read(OVERVIEW_PATH, parseOverview, reading) ?? emptyOverview()
  const overview = updateOverview(old, states, batch.cursors, batch.schedules, batch.started)
  const pages = overviewPages(fullName(batch.repository), overview.workflows)
  const surplus = Array.from({ length: Math.max(0, overviewPageCount(old.workflows.length) - pages.length) }, (_, index) => pages.length + index + 1)
  return [
    [OVERVIEW_PATH, encodeOverview(overview)],
    ...pages.map((page, index): [string, string] => [overviewPagePath(index + 1), page]),
    ...surplus.map((page): [string, null] => [overviewPagePath(page), null]),
  ]
}

/** A branch that was deleted or reset has lost its owner too; whether it is ours to claim has been judged before. */
function ownerFile(batch: HistoryBatch, owner: { name: string; nowMs: number }, old: OldFiles): [string, string][] {
  const text = old.get(OWNER_PATH) ?? null
  if (judgeOwner(text, owner.name).kind === 'Ours') return []
  return [[OWNER_PATH, encodeOwner(claimOf(owner.name, fullName(batch.repository), formatTimestamp(owner.nowMs)))]]
}

function read<T>(path: string, parse: (text: string) => T, reading: Reading): T | null {
  const text = reading.old.get(path) ?? null
  if (text === null) return null
  try {
    return parse(text)
  } catch (error) {
    if (!(error instanceof ShapeError || error instanceof RecordError)) throw error
    reading.spoilt.push(path)
    return null
  }
}

/** `<namespace>/<name>`. */
function fullName(repository: ObjectRef): string {
  return `${repository.namespace}/${repository.name}`
}

function sortable(run: StoredRun): { run: string; trigger: StoredRun['spec']['trigger']; createdAt: string } {
  return { run: run.metadata.name, trigger: run.spec.trigger, createdAt: run.metadata.creationTimestamp }
}

import { parseTimestamp, type Timestamp } from '../clock.ts'
import { API_VERSION } from '../runs/objects.ts'
import type { Cursors, RunResult, StoredRun, Trigger } from '../runs/run.ts'
import { readRunResult, readTrigger, triggerOf } from './record.ts'
import * as shape from './shape.ts'
import { readRunDigest, readScheduleCursor, type RunDigest, type WorkflowState } from './state.ts'

/** One row of the overview. */
export interface OverviewRow {
  workflow: string
  /** Whether it has a page: something is recorded. */
  hasPage: boolean
  last: RunDigest | null
  /** Results of the last runs, newest first. */
  trend: RunResult[]
  nextTickAt: Timestamp | null
}

/** Cursors as the branch keeps them. */
export type CursorCopies = Pick<Cursors, 'lastCommit' | 'rewound' | 'validCommits' | 'validScheduleCommits' | 'schedules'>

/**
 * The file `state/overview.json`: one row per workflow, so that a commit need not read the state of workflows that it does
 * not touch, and all cursors as of this commit, while a workflow's own state has them as of its newest record.
 */
export interface Overview {
  apiVersion: typeof API_VERSION
  kind: 'Overview'
  cursors: CursorCopies
  /** What the cursors have passed and what has no record yet, by name: whoever carries on after a loss knows what was lost. */
  started: StartedRun[]
  /** By name. */
  workflows: OverviewRow[]
}

/** A run that exists and is not recorded. */
export interface StartedRun {
  run: string
  workflow: string
  trigger: Trigger
}

/** A schedule as it is in force, and its next tick; null when it has none. */
export interface ScheduleNote {
  name: string
  workflow: string
  nextTickAt: Timestamp | null
}

const LONGEST_TREND = 10

/** The copies that a branch without any holds. */
export const emptyCopies: CursorCopies = { lastCommit: null, rewound: false, validCommits: {}, validScheduleCommits: {}, schedules: {} }

/** The overview of a branch on which nothing is recorded. */
export function emptyOverview(): Overview {
  return { apiVersion: API_VERSION, kind: 'Overview', cursors: emptyCopies, started: [], workflows: [] }
}

/**
 * The overview after a commit: `touched` are the states that it wrote. Rows of other workflows stay, with their next tick
 * as it now is; a workflow that is gone keeps its row when it has a page.
 */
export function updateOverview(
  old: Overview,
  touched: readonly WorkflowState[],
  cursors: CursorCopies,
  schedules: readonly ScheduleNote[],
  started: readonly StoredRun[] = [],
): Overview {
  const known = old.workflows.filter((row) => row.hasPage || Object.hasOwn(cursors.validCommits, row.workflow))
  const rows = new Map(known.map((row) => [row.workflow, row]))
  for (const workflow of Object.keys(cursors.validCommits)) {
    if (!rows.has(workflow)) rows.set(workflow, { workflow, hasPage: false, last: null, trend: [], nextTickAt: null })
  }
  for (const state of touched) rows.set(state.workflow, rowOf(state))
  const sorted = [...rows.values()].toSorted((left, right) => (left.workflow < right.workflow ? -1 : 1))
  return {
    ...old,
    cursors: copyCursors(cursors),
    started: started.map(startedRun).toSorted((left, right) => (left.run < right.run ? -1 : 1)),
    workflows: sorted.map((row) => ({ ...row, nextTickAt: keptTick(row, schedules, cursors) ?? nextTickAt(row.workflow, schedules) })),
  }
}

/** The overview with the row of one workflow made anew from its state, and nothing else changed. */
export function withRow(overview: Overview, state: WorkflowState): Overview {
  const before = overview.workflows.find((row) => row.workflow === state.workflow)
  const others = overview.workflows.filter((row) => row !== before)
  const rows = [...others, { ...rowOf(state), nextTickAt: before?.nextTickAt ?? null }]
  return { ...overview, workflows: rows.toSorted((left, right) => (left.workflow < right.workflow ? -1 : 1)) }
}

/** The bytes of `state/overview.json`. */
export function encodeOverview(overview: Overview): string {
  return `${JSON.stringify(overview, null, 2)}\n`
}

/** Reads `state/overview.json`. Throws ShapeError. */
export function parseOverview(text: string): Overview {
  return shape.parseJson(text, readOverview)
}

/** A copy of schedules' cursors, with all keys in order: they come back from different clusters in different orders. */
export function copySchedules(schedules: Cursors['schedules']): Cursors['schedules'] {
  return Object.fromEntries(Object.entries(byKey(schedules)).map(([name, { judgedUpTo, form }]) => [name, { judgedUpTo, form }]))
}

function byKey<T>(entries: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(entries).toSorted(([left], [right]) => (left < right ? -1 : 1)))
}

function startedRun({ metadata, spec }: StoredRun): StartedRun {
  return { run: metadata.name, workflow: spec.workflow, trigger: triggerOf(spec.trigger) }
}

function copyCursors({ lastCommit, rewound, validCommits, validScheduleCommits, schedules }: CursorCopies): CursorCopies {
  return {
    lastCommit,
    rewound,
    validCommits: byKey(validCommits),
    validScheduleCommits: byKey(validScheduleCommits),
    schedules: copySchedules(schedules),
  }
}

function rowOf(state: WorkflowState): OverviewRow {
  const trend = state.runs.slice(0, LONGEST_TREND).map((run) => run.result)
  return { workflow: state.workflow, hasPage: true, last: state.runs[0] ?? null, trend, nextTickAt: null }
}

function nextTickAt(workflow: string, schedules: readonly ScheduleNote[]): Timestamp | null {
  const ticks = schedules.filter((schedule) => schedule.workflow === workflow).flatMap((schedule) => schedule.nextTickAt ?? [])
  return ticks.toSorted()[0] ?? null
}

/**
 * The next tick that a row told and that has come meanwhile: what came of it is under way, and will change the row when it is recorded.
 * Until then it stays, so that a commit changes no rows but its own.
 */
function keptTick(row: OverviewRow, schedules: readonly ScheduleNote[], cursors: CursorCopies): Timestamp | null {
  if (row.nextTickAt === null) return null
  const toldMs = parseTimestamp(row.nextTickAt)
  const isPassed = schedules.some(
    ({ name, workflow, nextTickAt }) =>
      workflow === row.workflow && nextTickAt !== null && parseTimestamp(cursors.schedules[name]?.judgedUpTo ?? nextTickAt) === toldMs,
  )
  return isPassed ? row.nextTickAt : null
}

const readOverview = shape.object<Overview>({
  apiVersion: shape.oneOf(API_VERSION),
  kind: shape.oneOf('Overview'),
  cursors: shape.object<CursorCopies>({
    lastCommit: shape.nullable(shape.commitId),
    rewound: shape.truth,
    validCommits: shape.dictionary(shape.commitId),
    validScheduleCommits: shape.dictionary(shape.commitId),
    schedules: shape.dictionary(readScheduleCursor),
  }),
  started: shape.orElse<StartedRun[]>([], shape.list(shape.object<StartedRun>({ run: shape.text, workflow: shape.text, trigger: readTrigger }))),
  workflows: shape.list(
    shape.object<OverviewRow>({
      workflow: shape.text,
      hasPage: shape.truth,
      last: shape.nullable(readRunDigest),
      trend: shape.list(readRunResult, LONGEST_TREND),
      nextTickAt: shape.nullable(shape.timestamp),
    }),
  ),
})

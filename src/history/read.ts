import type { StatusBranch } from '../git/ports.ts'
import { emptyCopies, parseOverview, type CursorCopies, type StartedRun } from './overview.ts'
import { HISTORY_FOLDER, OVERVIEW_PATH, OWNER_PATH, pathSegment, STATE_FOLDER, workflowFolder } from './paths.ts'
import { parseRecord, RecordError, type RunRecord } from './record.ts'
import { ShapeError } from './shape.ts'
import { newestFirst, parseState } from './state.ts'

/** What a reader finds; a broken file hides no good one. */
export interface ReadHistory {
  /** Newest first, by what triggered them. */
  records: RunRecord[]
  /** Files that are no records, in the days that were looked at. */
  unreadable: { path: string; message: string }[]
}

/**
 * The copies of cursors, for a controller whose own are lost; null when the branch has none. At the tip last fetched or
 * written. A copy that somebody has spoilt counts as absent: the controller then begins like a new one there.
 */
export async function readCursorCopies(status: StatusBranch): Promise<CursorCopies | null> {
  const overview = await readParsed(status, OVERVIEW_PATH, parseOverview)
  if (overview !== null) return overview.cursors
  const copies = structuredClone(emptyCopies)
  let found = false
  for (const name of await status.list(STATE_FOLDER)) {
    const path = `${STATE_FOLDER}/${name}`
    const state = path === OWNER_PATH || path === OVERVIEW_PATH || !name.endsWith('.json') ? null : await readParsed(status, path, parseState)
    if (state === null) continue
    found = true
    // Which of several is the newest cannot be told without the overview, so the look begins anew; a commit may then come back that has run.
    copies.rewound = true
    if (state.validCommit !== null) copies.validCommits[state.workflow] = state.validCommit
    Object.assign(copies.schedules, state.schedules)
  }
  return found ? copies : null
}

/** The runs that had started and were not recorded when the branch was written last. At the tip last fetched or written. */
export async function readStarted(status: StatusBranch): Promise<StartedRun[]> {
  return (await readParsed(status, OVERVIEW_PATH, parseOverview))?.started ?? []
}

/** Whether a run has a record, wherever its day is: walks all days of its workflow, newest first. At the tip last fetched or written. */
export async function hasRecord(status: StatusBranch, workflow: string, run: string): Promise<boolean> {
  const file = `${pathSegment(run)}.json`
  for await (const day of daysOf(status, workflowFolder(workflow))) {
    if ((await status.list(day)).includes(file)) return true
  }
  return false
}

/** The record of a run whose workflow nobody names; null when there is none. At the tip last fetched or written. Throws RecordError for a spoilt one. */
export async function findRecord(status: StatusBranch, run: string): Promise<RunRecord | null> {
  const isLikely = (workflow: string): boolean => run.startsWith(workflow.slice(0, 20))
  const workflows = await listWorkflows(status)
  for (const workflow of [...workflows.filter(isLikely), ...workflows.filter((one) => !isLikely(one))]) {
    const folder = `${HISTORY_FOLDER}/${workflow}`
    for await (const day of daysOf(status, folder)) {
      const bytes = await status.read(`${day}/${pathSegment(run)}.json`)
      if (bytes !== null) return parseRecord(new TextDecoder().decode(bytes))
    }
  }
  return null
}

/** The workflows that have records or pages, by name as their folders are called. At the tip last fetched or written. */
export async function listWorkflows(status: StatusBranch): Promise<string[]> {
  const folders = (await status.list(HISTORY_FOLDER)).filter((name) => name.endsWith('/')).map((name) => name.slice(0, -1))
  return folders.filter((name) => `${HISTORY_FOLDER}/${name}` !== STATE_FOLDER).toSorted()
}

/** Which records are read. */
export interface HistoryQuery {
  /** Absent: of all. */
  workflow?: string
  /** Most records that are given back. */
  limit: number
  matches?: (record: RunRecord) => boolean
  /** The run, where only one is wanted: no file of another is read. */
  run?: string
  /** Hears of every record that matches, beyond the limit too; without it, nothing beyond the limit is read. */
  hear?: (record: RunRecord) => void
}

/** Days that are read at once where all are wanted: a remote sends in one answer what is asked for together. */
const DAYS_AT_ONCE = 64

/** The newest `limit` records that match. Reads the days that it needs and no others. At the tip last fetched or written. */
export async function readHistory(status: StatusBranch, query: HistoryQuery): Promise<ReadHistory> {
  const { workflow, limit, matches = () => true, hear } = query
  const folders = workflow === undefined ? (await listWorkflows(status)).map((name) => `${HISTORY_FOLDER}/${name}`) : [workflowFolder(workflow)]
  const walks = await Promise.all(folders.map(async (folder) => startWalk(folder, daysOf(status, folder))))
  const found: ReadHistory = { records: [], unreadable: [] }
  for (let isEnough = false; !isEnough || hear !== undefined; isEnough = found.records.length >= limit) {
    const days = await nextDays(walks, isEnough ? DAYS_AT_ONCE : 1)
    if (days.length === 0) break
    for (const day of await Promise.all(days.map((day) => readDays(status, day, query.run)))) {
      found.unreadable.push(...day.unreadable)
      const matching = day.records.filter(matches).toSorted(newestFirst)
      for (const record of matching) hear?.(record)
      found.records.push(...matching.slice(0, Math.max(0, limit - found.records.length)))
    }
  }
  return found
}

/** The folders of the newest days that were not read yet, by day; of one day, those of all workflows that have it. */
async function nextDays(walks: readonly Walk[], most: number): Promise<string[][]> {
  const days: string[][] = []
  while (days.length < most) {
    const newest = walks.reduce<string | null>((day, walk) => (walk.day !== null && (day === null || walk.day > day) ? walk.day : day), null)
    if (newest === null) break
    const having = walks.filter(({ day }) => day === newest)
    days.push(having.map(({ folder }) => `${folder}/${newest}`))
    await Promise.all(having.map((walk) => walk.advance()))
  }
  return days
}

interface Walk {
  folder: string
  /** `2026/11/20`; null at the end. */
  day: string | null
  advance(): Promise<void>
}

async function startWalk(folder: string, days: AsyncGenerator<string>): Promise<Walk> {
  const walk: Walk = {
    folder,
    day: null,
    async advance() {
      const next = await days.next()
      walk.day = next.done === true ? null : next.value.slice(folder.length + 1)
    },
  }
  await walk.advance()
  return walk
}

/** The paths of a workflow's days, newest first. */
async function* daysOf(status: StatusBranch, folder: string): AsyncGenerator<string> {
  for (const year of await numbered(status, folder, /^\d{4}$/)) {
    for (const month of await numbered(status, year, /^\d\d$/)) {
      yield* await numbered(status, month, /^\d\d$/)
    }
  }
}

async function numbered(status: StatusBranch, folder: string, pattern: RegExp): Promise<string[]> {
  const names = (await status.list(folder)).filter((name) => name.endsWith('/')).map((name) => name.slice(0, -1))
  return names
    .filter((name) => pattern.test(name))
    .toSorted()
    .reverse()
    .map((name) => `${folder}/${name}`)
}

async function readDays(status: StatusBranch, folders: readonly string[], run: string | undefined): Promise<ReadHistory> {
  const found: ReadHistory = { records: [], unreadable: [] }
  const isWanted = (name: string): boolean => run === undefined || name.startsWith(`${pathSegment(run)}.`) || name.startsWith(`${pathSegment(run)}_`)
  const names = await Promise.all(folders.map(async (folder) => (await status.list(folder)).map((name) => `${folder}/${name}`)))
  const paths = names.flat().filter((path) => {
    const name = path.slice(path.lastIndexOf('/') + 1)
    return name.endsWith('.json') && name !== 'ticks.json' && isWanted(name)
  })
  const read = await Promise.all(paths.map(async (path) => readRecord(status, path)))
  for (const [index, record] of read.entries()) {
    if (record instanceof RecordError) found.unreadable.push({ path: paths[index] ?? '', message: record.message })
    else found.records.push(record)
  }
  return found
}

async function readRecord(status: StatusBranch, path: string): Promise<RunRecord | RecordError> {
  try {
    return parseRecord(new TextDecoder().decode((await status.read(path)) ?? new Uint8Array()))
  } catch (error) {
    if (error instanceof RecordError) return error
    throw error
  }
}

async function readParsed<T>(status: StatusBranch, path: string, parse: (text: string) => T): Promise<T | null> {
  const bytes = await status.read(path)
  if (bytes === null) return null
  try {
    return parse(new TextDecoder().decode(bytes))
  } catch (error) {
    if (error instanceof ShapeError) return null
    throw error
  }
}

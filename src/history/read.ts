import type { StatusBranch } from '../git/ports.ts'
import { emptyCopies, parseOverview, type CursorCopies, type StartedRun } from './overview.ts'
import { HISTORY_FOLDER, OVERVIEW_PATH, OWNER_PATH, pathSegment, STATE_FOLDER, workflowFolder } from './paths.ts'
import { parseRecord, RecordError, type RunRecord } from './record.ts'
import { ShapeError } from './shape.ts'
import { namesOfMonth } from './recorded-names.ts'
import { newestFirst, parseState } from './state.ts'
import { parseTicksFile, type TickRange } from './ticks.ts'

/** What a reader finds; a broken file hides no good one. */
export interface ReadHistory {
  /** Newest first, by what triggered them. */
  records: RunRecord[]
  /** Ticks that did not simply fire, newest first, of the days that were looked at. */
  ticks: WorkflowTicks[]
  /** Files that are no records, in the days that were looked at. */
  unreadable: { path: string; message: string }[]
  /** How many records were read, whether they match or not; `isWhole`: there are no others. */
  read: number
  isWhole: boolean
}

/** Ticks of a schedule with the same fate, and the workflow that it starts. */
export interface WorkflowTicks extends TickRange {
  workflow: string
}

/** What is looked for. */
export interface HistoryQuery {
  /** Of all workflows without it. */
  workflow?: string
  /** Most records, and most ranges of ticks. */
  limit: number
  /** Which records; all without it. Null for none: days are then looked at until there are enough ticks. */
  matches?: ((record: RunRecord) => boolean) | null
  /** Which ticks; all without it. Null for none. */
  matchesTicks?: ((ticks: TickRange) => boolean) | null
  /** The run, where only one is wanted: no record of another is read. */
  run?: string
  /** Hears of every record that is read and matches. Reading goes on beyond the limit until `least` have been read; without it, it ends there. */
  beyond?: { least: number; hear: (record: RunRecord) => void }
  signal?: AbortSignal
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

/** Whether a run has a record, wherever its day is: walks all days of its workflow, the newest month first. At the tip last fetched or written. */
export async function hasRecord(status: StatusBranch, workflow: string, run: string): Promise<boolean> {
  const file = `${pathSegment(run)}.json`
  for await (const names of monthsOf(status, workflow)) if (names.has(file)) return true
  return false
}

/** Reads what `hasRecord` needs to know of a workflow: the first answer would otherwise take as long as that takes. At the tip last fetched or written. */
export async function readRecordNames(status: StatusBranch, workflow: string): Promise<void> {
  for await (const _names of monthsOf(status, workflow));
}

/** The names of all files of each month of a workflow, the newest first. */
async function* monthsOf(status: StatusBranch, workflow: string): AsyncGenerator<ReadonlySet<string>> {
  for (const year of await numbered(status, workflowFolder(workflow), /^\d{4}$/)) {
    for (const month of await numbered(status, year, /^\d\d$/)) yield namesOfMonth(status, month, () => numbered(status, month, /^\d\d$/))
  }
}

/**
 * The record of a run whose workflow nobody names, the newest where several runs have had that name; null when there is none. At the tip last fetched or
 * written. Throws RecordError for a spoilt one.
 */
export async function findRecord(status: StatusBranch, run: string): Promise<RunRecord | null> {
  const isLikely = (workflow: string): boolean => run.startsWith(workflow.slice(0, 20))
  const workflows = await listWorkflows(status)
  for (const workflow of [...workflows.filter(isLikely), ...workflows.filter((one) => !isLikely(one))]) {
    const { records, unreadable } = await readHistory(status, {
      workflow,
      run,
      limit: 1,
      matches: (record) => record.run === run,
      matchesTicks: null,
    })
    const [record, spoilt] = [records[0], unreadable[0]]
    if (record !== undefined) return record
    if (spoilt !== undefined) throw new RecordError(spoilt.message)
  }
  return null
}

/** The workflows that have records or pages, by name as their folders are called. At the tip last fetched or written. */
export async function listWorkflows(status: StatusBranch): Promise<string[]> {
  const folders = (await status.list(HISTORY_FOLDER)).filter((name) => name.endsWith('/')).map((name) => name.slice(0, -1))
  return folders.filter((name) => `${HISTORY_FOLDER}/${name}` !== STATE_FOLDER).toSorted()
}

/** Days that are read at once, when many are: a remote sends in one answer what is asked for together. */
const MOST_DAYS = 64

/**
 * The newest records that match, of one workflow or of all, and the ticks of their days that do. Reads the days that it needs, and hardly others. At the
 * tip last fetched or written. When aborted, throws the signal's reason.
 */
export async function readHistory(status: StatusBranch, query: HistoryQuery): Promise<ReadHistory> {
  const { workflow, limit, matches = () => true, matchesTicks = () => true, beyond, signal } = query
  const folders = workflow === undefined ? (await listWorkflows(status)).map((name) => `${HISTORY_FOLDER}/${name}`) : [workflowFolder(workflow)]
  const walks = await Promise.all(folders.map(async (folder) => startWalk(folder, daysOf(status, folder))))
  const found: ReadHistory = { records: [], ticks: [], unreadable: [], read: 0, isWhole: false }
  const isEnough = (): boolean => (matches === null ? found.ticks : found.records).length >= limit
  const wanted = { hasRecords: matches !== null, hasTicks: matchesTicks !== null, run: query.run }
  for (let daysRead = 0, atOnce = 1; !isEnough() || found.read < (beyond?.least ?? 0); daysRead += atOnce) {
    signal?.throwIfAborted()
    // More and more as long as nothing tells how far it is; then about as many as are missing.
    const missing = Math.ceil((daysRead * ((beyond?.least ?? 0) - found.read)) / Math.max(1, found.read))
    atOnce = Math.max(1, Math.min(MOST_DAYS, isEnough() ? missing : daysRead))
    const days = await nextDays(walks, atOnce)
    if (days.length === 0) return { ...found, ticks: found.ticks.slice(0, limit), isWhole: true }
    for (const day of await Promise.all(days.map((folders) => readDay(status, folders, wanted)))) {
      const records = day.records.filter(matches ?? (() => false)).toSorted(newestFirst)
      for (const record of records) beyond?.hear(record)
      const ticks = isEnough() ? [] : day.ticks.filter(matchesTicks ?? (() => false))
      found.ticks.push(...ticks.toSorted((left, right) => (left.to < right.to ? 1 : left.to > right.to ? -1 : 0)))
      found.records.push(...records.slice(0, Math.max(0, limit - found.records.length)))
      found.unreadable.push(...day.unreadable)
      found.read += day.records.length
    }
  }
  return { ...found, ticks: found.ticks.slice(0, limit), isWhole: walks.every(({ day }) => day === null) }
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

async function readDay(
  status: StatusBranch,
  folders: readonly string[],
  wanted: { hasRecords: boolean; hasTicks: boolean; run: string | undefined },
): Promise<Pick<ReadHistory, 'records' | 'ticks' | 'unreadable'>> {
  const found: Pick<ReadHistory, 'records' | 'ticks' | 'unreadable'> = { records: [], ticks: [], unreadable: [] }
  const names = await Promise.all(folders.map(async (folder) => (await status.list(folder)).map((name) => ({ folder, name }))))
  const records = names.flat().filter(({ name }) => wanted.hasRecords && isRecordOf(name, wanted.run))
  const read = await Promise.all(records.map(async ({ folder, name }) => readRecord(status, `${folder}/${name}`)))
  for (const [index, record] of read.entries()) {
    if (record instanceof RecordError) found.unreadable.push({ path: `${records[index]?.folder}/${records[index]?.name}`, message: record.message })
    else found.records.push(record)
  }
  for (const folder of wanted.hasTicks ? folders : []) found.ticks.push(...(await readTicks(status, `${folder}/ticks.json`, found.unreadable)))
  return found
}

function isRecordOf(name: string, run: string | undefined): boolean {
  if (!name.endsWith('.json') || name === 'ticks.json') return false
  return run === undefined || name === `${pathSegment(run)}.json` || name.startsWith(`${pathSegment(run)}_`)
}

async function readRecord(status: StatusBranch, path: string): Promise<RunRecord | RecordError> {
  try {
    return parseRecord(new TextDecoder().decode((await status.read(path)) ?? new Uint8Array()))
  } catch (error) {
    if (error instanceof RecordError) return error
    throw error
  }
}

async function readTicks(status: StatusBranch, path: string, unreadable: ReadHistory['unreadable']): Promise<WorkflowTicks[]> {
  const bytes = await status.read(path)
  if (bytes === null) return []
  try {
    const { workflow, ranges } = parseTicksFile(new TextDecoder().decode(bytes))
    return ranges.map((range) => ({ workflow, ...range }))
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error
    unreadable.push({ path, message: error.message })
    return []
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

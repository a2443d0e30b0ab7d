import { formatTimestamp, parseTimestamp, type Timestamp } from '../clock.ts'
import type { StoredRun, Trigger } from '../runs/run.ts'
import { type RunRecord, triggeredAtMs } from './record.ts'

/** The folder that the status branch consists of. */
export const HISTORY_FOLDER = 'history'

/** Copies of cursors, and who writes here. */
export const STATE_FOLDER = `${HISTORY_FOLDER}/state`

/** Names the controller that writes to the branch. */
export const OWNER_PATH = `${STATE_FOLDER}/owner.json`

/** All cursors, and what the overview's rows are made of. */
export const OVERVIEW_PATH = `${STATE_FOLDER}/overview.json`

/** Names that mean something else at their place; no DNS label begins with `_`, so `_<name>` is free. */
const RESERVED = new Set(['state', 'owner', 'overview', 'ticks', 'README.md'])

/** What decides where the record of a run lies. */
export type PlacedRecord = Pick<RunRecord, 'run' | 'workflow' | 'trigger' | 'createdAt'>

/** The record of a run, without `.json` or `.md`: below its workflow and the UTC day of what triggered it. */
export function recordPath(run: Pick<StoredRun, 'metadata' | 'spec'>): string {
  return pathOfRecord(placed(run))
}

/** The same of a record. */
export function pathOfRecord({ run, workflow, trigger, createdAt }: PlacedRecord): string {
  return `${dayFolder(workflow, dayOf(trigger, createdAt))}/${pathSegment(run)}`
}

/**
 * Where the record of a run goes when another run of the same name has its own already (its object was removed by force and made
 * again): records never take each other's place. No name of a run holds `_`.
 */
export function besideRecordPath(run: Pick<StoredRun, 'metadata' | 'spec'>): string {
  return pathBeside(placed(run))
}

/** The same of a record. */
export function pathBeside(record: PlacedRecord): string {
  return `${dayFolder(record.workflow, dayOf(record.trigger, record.createdAt))}/${recordName({ ...record, beside: true })}`
}

/** The last part of the path of a record, without `.json` or `.md`. */
export function recordName({ run, createdAt, beside }: Pick<PlacedRecord, 'run' | 'createdAt'> & { beside?: true }): string {
  return beside === true ? `${pathSegment(run)}_${pathSegment(createdAt.replaceAll(/[-:.]/g, ''))}` : pathSegment(run)
}

function placed({ metadata, spec }: Pick<StoredRun, 'metadata' | 'spec'>): PlacedRecord {
  return { run: metadata.name, workflow: spec.workflow, trigger: spec.trigger, createdAt: metadata.creationTimestamp }
}

/** The folder of one UTC day (`2026/11/20`) of a workflow. */
function dayFolder(workflow: string, day: string): string {
  return `${workflowFolder(workflow)}/${day}`
}

/** The folder of a workflow's records. */
export function workflowFolder(workflow: string): string {
  return `${HISTORY_FOLDER}/${pathSegment(workflow)}`
}

/** The workflow's page for people. */
export function workflowPagePath(workflow: string): string {
  return `${workflowFolder(workflow)}/README.md`
}

/** The workflow's cursors and recent runs. */
export function statePath(workflow: string): string {
  return `${STATE_FOLDER}/${pathSegment(workflow)}.json`
}

/** The ticks of one UTC day (`2026/11/20`) that did not simply fire. */
export function ticksPath(workflow: string, day: string): string {
  return `${dayFolder(workflow, day)}/ticks.json`
}

/** The pages of the overview: `README.md`, `README-2.md` and so on; `page` counts from 1. */
export function overviewPagePath(page: number): string {
  return `${HISTORY_FOLDER}/README${page === 1 ? '' : `-${page}`}.md`
}

/** UTC day of what triggered a run, as in `2026/11/20`. */
export function dayOf(trigger: Trigger, createdAt: Timestamp): string {
  return dayOfMs(triggeredAtMs(trigger, createdAt))
}

/** UTC day of a time, as in `2026/11/20`. */
export function dayOfTimestamp(at: Timestamp): string {
  return dayOfMs(parseTimestamp(at))
}

/**
 * A name as one segment of a path. Names that passed a check stay as they are; those of objects that somebody made by
 * hand may hold anything, and must neither leave their folder nor take another file's place.
 */
export function pathSegment(name: string): string {
  const safe = name.replaceAll(/[^A-Za-z0-9._-]/g, '_').replace(/^\./, '_')
  return safe === '' || RESERVED.has(safe) ? `_${safe}` : safe
}

function dayOfMs(ms: number): string {
  return formatTimestamp(ms).slice(0, 10).replaceAll('-', '/')
}

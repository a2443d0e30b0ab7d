import { parseTimestamp, type Timestamp } from '../clock.ts'
import { API_VERSION } from '../runs/objects.ts'
import type { Attempt, RunResult, StepResult, StepStatus, StoredRun, Trigger } from '../runs/run.ts'
import { attemptsOfStep } from '../runs/attempts.ts'
import { stepJob } from '../runs/step-key.ts'
import * as shape from './shape.ts'
import type { WrittenRecord } from './written-record.ts'

/** A finished run as the status branch keeps it. Field order is the order in the file. */
export interface RunRecord {
  apiVersion: typeof API_VERSION
  kind: 'Record'
  run: string
  workflow: string
  /** `<namespace>/<name>` of the Repository. */
  repository: string
  commit: string
  trigger: Trigger
  params: Record<string, unknown>
  result: RunResult
  reason: string | null
  message: string | null
  createdAt: Timestamp
  startedAt: Timestamp | null
  finishedAt: Timestamp
  rerunOf: string | null
  steps: StepRecord[]
}

/** One step of a record. */
export interface StepRecord {
  name: string
  kind: StepStatus['kind']
  result: StepResult
  reason: string | null
  startedAt: Timestamp | null
  finishedAt: Timestamp | null
  /** Null for what had no Job: joins, and steps that never started. */
  job: string | null
  attempts: Attempt[]
  results: Record<string, unknown>
  imageDigest?: string
  /** Last lines, only of what failed. */
  log?: string
}

/** A file on the status branch is no record; `message` says which field and why. */
export class RecordError extends Error {
  override name = 'RecordError'
}

/** The record of a finished run. Equal runs give equal records; throws TypeError when the run has not finished. */
export function recordOf(run: StoredRun): RunRecord {
  const { metadata, spec, status } = run
  if (status?.result === undefined || status.finishedAt === undefined) throw new TypeError(`run ${metadata.name} has not finished`)
  return {
    apiVersion: API_VERSION,
    kind: 'Record',
    run: metadata.name,
    workflow: spec.workflow,
    repository: `${metadata.namespace}/${spec.repository}`,
    commit: spec.commit,
    trigger: triggerOf(spec.trigger),
    params: sorted(status.params ?? spec.params) as Record<string, unknown>,
    result: status.result,
    reason: status.reason ?? null,
    message: status.message ?? null,
    createdAt: metadata.creationTimestamp,
    startedAt: status.startedAt ?? null,
    finishedAt: status.finishedAt,
    rerunOf: spec.rerunOf,
    steps: status.steps.map((step) => stepRecord(metadata.name, step, status.images ?? [])),
  }
}

/** The bytes of a record's file. */
export function encodeRecord(record: RunRecord): string {
  return encodeJson(record satisfies WrittenRecord)
}

/**
 * JSON with two spaces and a final newline. Characters that steer a terminal or turn the reading direction are written
 * as escapes, so that it can be looked at anywhere.
 */
export function encodeJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2).replaceAll(/[\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufeff]/g, escaped)}\n`
}

/** Reads a record's file. Throws RecordError for anything but a whole and well-formed record. */
export function parseRecord(text: string): RunRecord {
  try {
    return shape.parseJson(text, readRecord)
  } catch (error) {
    if (error instanceof shape.ShapeError) throw new RecordError(`not a well-formed record: ${error.message}`, { cause: error })
    throw error
  }
}

/** When what started the run took place, in milliseconds since the epoch: the tick of a schedule, also of a backfilled one, else the run's creation. */
export function triggeredAtMs(trigger: Trigger, createdAt: Timestamp): number {
  const tickMs = trigger.kind === 'Schedule' || trigger.kind === 'Backfill' ? parseTimestamp(trigger.tick) : Number.NaN
  return Number.isNaN(tickMs) ? parseTimestamp(createdAt) : tickMs
}

/** The trigger with its fields in the order of the file. */
export function triggerOf(trigger: Trigger): Trigger {
  switch (trigger.kind) {
    case 'Push':
      return { kind: 'Push', branch: trigger.branch }
    case 'Schedule':
      return { kind: 'Schedule', schedule: trigger.schedule, tick: trigger.tick }
    case 'Webhook':
      return { kind: 'Webhook', name: trigger.name, delivery: trigger.delivery }
    case 'Workflow':
      return { kind: 'Workflow', workflow: trigger.workflow, run: trigger.run }
    case 'Api':
    case 'Manual':
    case 'Rerun':
      return { kind: trigger.kind, key: trigger.key, by: trigger.by, ...reasonOf(trigger) }
    case 'Backfill':
      return { kind: 'Backfill', schedule: trigger.schedule, tick: trigger.tick, by: trigger.by, ...reasonOf(trigger) }
  }
}

function reasonOf({ reason }: { reason?: string }): { reason?: string } {
  return reason === undefined ? {} : { reason }
}

function stepRecord(run: string, step: StepStatus, images: readonly string[]): StepRecord {
  const imageDigest = step.image === undefined ? undefined : images[step.image]
  // A finished run has ended all its steps; one that somehow has none of the results is told by whether it began.
  const result = step.result ?? (step.startedAt === undefined ? 'Skipped' : 'Cancelled')
  return {
    name: step.name,
    kind: step.kind,
    result,
    reason: step.reason ?? null,
    startedAt: step.startedAt ?? null,
    finishedAt: step.finishedAt ?? null,
    job: stepJob(run, step),
    attempts: attemptsOfStep(run, step),
    results: sorted(step.results ?? {}) as Record<string, unknown>,
    ...(imageDigest === undefined ? {} : { imageDigest }),
    ...(result === 'Failed' && step.log !== undefined && step.log !== '' ? { log: step.log } : {}),
  }
}

/** Keys in one order at every depth: the same values come back from different clusters in different orders. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1))
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]))
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** Reads the trigger of a record. */
export const readTrigger: shape.Reader<Trigger> = shape.tagged<Trigger>({
  Push: shape.object({ kind: shape.oneOf('Push'), branch: shape.text }),
  Schedule: shape.object({ kind: shape.oneOf('Schedule'), schedule: shape.text, tick: shape.timestamp }),
  Webhook: shape.object({ kind: shape.oneOf('Webhook'), name: shape.text, delivery: shape.text }),
  Workflow: shape.object({ kind: shape.oneOf('Workflow'), workflow: shape.text, run: shape.text }),
  Api: shape.object({ kind: shape.oneOf('Api'), key: shape.text, by: shape.text, reason: shape.optional(shape.text) }),
  Manual: shape.object({ kind: shape.oneOf('Manual'), key: shape.text, by: shape.text, reason: shape.optional(shape.text) }),
  Rerun: shape.object({ kind: shape.oneOf('Rerun'), key: shape.text, by: shape.text, reason: shape.optional(shape.text) }),
  Backfill: shape.object({
    kind: shape.oneOf('Backfill'),
    schedule: shape.text,
    tick: shape.timestamp,
    by: shape.text,
    reason: shape.optional(shape.text),
  }),
})

/** Reads the result of a run. */
export const readRunResult: shape.Reader<RunResult> = shape.oneOf('Succeeded', 'Failed', 'Cancelled', 'TimedOut', 'Skipped')

const readStep = shape.object<StepRecord>({
  name: shape.text,
  kind: shape.oneOf('Step', 'Join', 'Approval', 'Undo', 'Finally'),
  result: shape.oneOf('Succeeded', 'Failed', 'Skipped', 'Cached', 'Cancelled'),
  reason: shape.nullable(shape.text),
  startedAt: shape.nullable(shape.timestamp),
  finishedAt: shape.nullable(shape.timestamp),
  job: shape.nullable(shape.text),
  attempts: shape.list(
    shape.object<Attempt>({
      pod: shape.text,
      exitCode: shape.nullable(shape.integer),
      startedAt: shape.nullable(shape.timestamp),
      finishedAt: shape.nullable(shape.timestamp),
    }),
  ),
  results: shape.dictionary(shape.anything),
  imageDigest: shape.optional(shape.text),
  log: shape.optional(shape.text),
})

const readRecord = shape.object<RunRecord>({
  apiVersion: shape.oneOf(API_VERSION),
  kind: shape.oneOf('Record'),
  run: shape.text,
  workflow: shape.text,
  repository: shape.text,
  commit: shape.commitId,
  trigger: readTrigger,
  params: shape.dictionary(shape.anything),
  result: readRunResult,
  reason: shape.nullable(shape.text),
  message: shape.nullable(shape.text),
  createdAt: shape.timestamp,
  startedAt: shape.nullable(shape.timestamp),
  finishedAt: shape.timestamp,
  rerunOf: shape.nullable(shape.text),
  steps: shape.list(readStep),
})

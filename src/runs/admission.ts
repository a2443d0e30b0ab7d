import { parseTimestamp } from '../clock.ts'
import { CREATED_ANNOTATION } from './objects.ts'
import type { StoredRun } from './run.ts'

/** Whether a run whose definition is pinned may begin, by its workflow's `concurrency`. */
export type Admission =
  | { kind: 'Begin' }
  /** Looked at again when a run of its group has ended. */
  | { kind: 'Wait' }
  /** Ends Skipped. */
  | { kind: 'Skip'; reason: 'Forbid' | 'QueueFull'; message: string }
  /** Those are to be told to end; then it waits, or begins when there is nobody to wait for. */
  | { kind: 'Replace'; replaced: StoredRun[]; superseded: StoredRun[] }

/** The runs that a run shares its place with: same workflow, same group, not at their end. */
export interface Group {
  /** Those that have begun. */
  active: StoredRun[]
  /** Those that wait and came before it. */
  before: StoredRun[]
}

/** Sorts out who is in the group of a run. `group` of a run without one is ''. */
export function groupOf(run: StoredRun, all: readonly StoredRun[]): Group {
  const others = all.filter((other) => isOfGroup(other, run.spec.workflow, run.status?.group ?? '') && other.metadata.uid !== run.metadata.uid)
  return {
    active: others.filter(({ status }) => status?.phase === 'Running'),
    before: others.filter((other) => other.status?.phase === 'Pending' && isBefore(other, run)),
  }
}

/** Whether a run of this workflow and group has not ended. One without a definition is in no group yet. */
export function isOfGroup({ spec, status }: StoredRun, workflow: string, group: string): boolean {
  return spec.workflow === workflow && status?.definition !== undefined && status.phase !== 'Finished' && (status.group ?? '') === group
}

/**
 * Judges a run that is pinned. To be asked and acted on for one run of a Repository at a time. A tick that was judged Fired or Late keeps
 * its run, and so does one that is made up for: where another run of the moment came first, it waits instead of being skipped. Who makes up
 * for the past replaces nobody.
 */
export function planAdmission(run: StoredRun, { active, before }: Group): Admission {
  const { policy, limit } = run.status?.definition?.concurrency ?? { policy: 'Allow', limit: 0 }
  const [first] = [...active, ...before]
  if (run.spec.fate === 'Skipped') return { kind: 'Skip', reason: policy === 'Queue' ? 'QueueFull' : 'Forbid', message: run.spec.fateReason ?? '' }
  if (policy === 'Allow' || first === undefined) return { kind: 'Begin' }
  if (run.spec.trigger.kind === 'Backfill') return { kind: 'Wait' }
  switch (policy) {
    case 'Forbid':
      return run.spec.fate === undefined ? { kind: 'Skip', reason: 'Forbid', message: forbidden(first.metadata.name) } : { kind: 'Wait' }
    case 'Queue':
      if (before.length < limit || run.spec.fate !== undefined) return { kind: 'Wait' }
      return { kind: 'Skip', reason: 'QueueFull', message: queueFull(before.length) }
    case 'Replace': {
      const isAsked = (one: StoredRun): boolean => one.spec.cancel !== undefined || one.metadata.deletionTimestamp !== undefined
      return { kind: 'Replace', replaced: active.filter((one) => !isAsked(one)), superseded: before.filter((one) => !isAsked(one)) }
    }
  }
}

/** Why a newcomer is skipped under Forbid. */
export function forbidden(active: string): string {
  return `run ${active} has not ended, and the workflow forbids another`
}

/** Why a newcomer is skipped under Queue. */
export function queueFull(waiting: number): string {
  return `${waiting} runs wait already`
}

/**
 * Who came first. The cluster's time is of one clock for all, but may be of whole seconds: within one, the annotation says. Those of the same
 * moment go by name.
 */
function isBefore(one: StoredRun, other: StoredRun): boolean {
  const difference = storedMs(one) - storedMs(other) || createdMs(one) - createdMs(other)
  return difference === 0 ? one.metadata.name < other.metadata.name : difference < 0
}

function storedMs({ metadata }: StoredRun): number {
  return parseTimestamp(metadata.creationTimestamp)
}

/** What Fusee noted when it made the Run; the cluster's time for one that somebody else made. */
function createdMs(run: StoredRun): number {
  const written = parseTimestamp(run.metadata.annotations?.[CREATED_ANNOTATION] ?? '')
  return Number.isNaN(written) ? storedMs(run) : written
}

import type { FileAnalysis } from '../analyse-file.ts'
import type { FileEntry } from '../files.ts'
import type { FoundManifest } from '../manifests/read-manifests.ts'
import type { Policy } from '../policy/policy.ts'
import type { Diagnostic, Param, Schedule, Workflow } from '../workflow.ts'
import type { Linked } from './link-definitions.ts'
import type { LinkedFile, LinkedSchedule, LinkedWorkflow } from './linker.ts'

/** What came of something, as long as what it depends on beside itself is the same. */
export interface Memory<Subject extends object, Basis, Result> {
  /** What is remembered, else what `make` makes now. */
  of(subject: Subject, basis: Basis, make: () => Result): Result
}

/**
 * What linking keeps from one time to the next, so that after a change of one file only that one, and whatever depends on it, is looked at again. Keyed by
 * objects that never change: equal content has the same analysis.
 */
export interface LinkMemory {
  /** By path. */
  readonly files: Memory<FileAnalysis, string, LinkedFile>
  /** What a policy says against a workflow that names no manifests. */
  readonly asks: Memory<LinkedWorkflow, Policy, readonly Diagnostic[]>
  /** What is wrong with the values that a schedule gives for a workflow's params. */
  readonly given: Memory<LinkedSchedule, Record<string, Param>, readonly Diagnostic[]>
  /** Workflows that stand for themselves, and schedules, by path; from their bodies. */
  readonly workflows: Memory<object, string, Workflow>
  readonly schedules: Memory<object, string, Schedule>
  /** The load before this one. */
  last: LastLoad | null
}

/** What was loaded, and what it was made of. */
export interface LastLoad {
  folder: string
  policy: Policy | null
  /** As they were listed. */
  entries: readonly FileEntry[]
  /** Where each file stands among those of `linked`. */
  indexes: ReadonlyMap<string, number>
  /** What its workflows name. */
  references: readonly string[]
  manifests: ReadonlyMap<string, FoundManifest>
  linked: Linked
}

/** Remembers nothing yet. */
export function createLinkMemory(): LinkMemory {
  return { files: createMemory(), asks: createMemory(), given: createMemory(), workflows: createMemory(), schedules: createMemory(), last: null }
}

function createMemory<Subject extends object, Basis, Result>(): Memory<Subject, Basis, Result> {
  const known = new WeakMap<Subject, { basis: Basis; result: Result }>()
  return {
    of(subject, basis, make) {
      const last = known.get(subject)
      if (last?.basis === basis) return last.result
      const result = make()
      known.set(subject, { basis, result })
      return result
    },
  }
}

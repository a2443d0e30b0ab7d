import type { ScheduleDraft, WorkflowDraft } from '../draft.ts'
import type { LinkedTemplate } from './templates.ts'
import type { ExpressionLanguage } from '../expressions/language.ts'
import type { LinkMemory } from './memory.ts'
import type { FoundManifest } from '../manifests/read-manifests.ts'
import type { Policy } from '../policy/policy.ts'
import type { Position } from '../problem.ts'
import type { Diagnostic } from '../workflow.ts'

/** A draft with the file in which it lies. */
export type Located<Draft> = Draft & { file: string }

/** A workflow as its own file has it. Never changed, so that what came of it can be kept. */
export type LinkedWorkflow = Located<WorkflowDraft>

/** A schedule likewise; `owner` is the workflow inside which it is a trigger. */
export interface LinkedSchedule extends Located<ScheduleDraft> {
  owner: LinkedWorkflow | null
}

/** What one file brings, in its path. */
export interface LinkedFile {
  path: string
  problems: readonly Diagnostic[]
  workflows: readonly LinkedWorkflow[]
  /** By place, those inside workflows included. */
  schedules: readonly LinkedSchedule[]
}

/** Everything that files need to know of each other. */
export interface Linkage {
  /** By file and place. */
  workflows: readonly LinkedWorkflow[]
  /** By file and place, those inside workflows included. */
  schedules: readonly LinkedSchedule[]
  /** The workflow that counts under each name, valid or not. */
  byName: ReadonlyMap<string, LinkedWorkflow>
  /** Names of workflows in what could not be read. */
  lostWorkflows: ReadonlySet<string>
  manifests: ReadonlyMap<string, FoundManifest>
  /** The template that counts under each name. */
  templates: ReadonlyMap<string, LinkedTemplate>
  /** What the Repository allows; null when nobody asks. */
  policy: Policy | null
  language: ExpressionLanguage
  memory: LinkMemory
  /** Workflows and schedules with an error, of their own file or of how files go together: whatever finds one adds to it. */
  invalid: Set<LinkedWorkflow | LinkedSchedule>
  /** Workflows of whose name an earlier file has one, which then is the one that counts. */
  duplicates: Set<LinkedWorkflow>
}

/** Makes an error diagnostic. */
export function errorAt(file: string, { line, column }: Position, rule: string, message: string): Diagnostic {
  return { file, line, column, severity: 'error', rule, message }
}

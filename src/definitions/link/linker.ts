import type { ScheduleDraft, WorkflowDraft } from '../draft.ts'
import type { LinkedTemplate } from './templates.ts'
import type { ExpressionLanguage } from '../expressions/language.ts'
import type { FoundManifest } from '../manifests/read-manifests.ts'
import type { Policy } from '../policy/policy.ts'
import type { Position } from '../problem.ts'
import type { Diagnostic } from '../workflow.ts'

/** A draft with the file in which it lies. */
export type Located<Draft> = Draft & { file: string }

/** A workflow on its way from a draft of one file to a part of the whole. */
export interface LinkedWorkflow extends Located<WorkflowDraft> {
  /** Set by whatever finds an error that its own file cannot show. */
  isInvalid: boolean
  /** Whether an earlier file has a workflow of this name, which then is the one that counts. */
  isDuplicate: boolean
}

/** A schedule likewise; `owner` is the workflow inside which it is a trigger. */
export interface LinkedSchedule extends Located<ScheduleDraft> {
  isInvalid: boolean
  owner: LinkedWorkflow | null
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
}

/** Makes an error diagnostic. */
export function errorAt(file: string, { line, column }: Position, rule: string, message: string): Diagnostic {
  return { file, line, column, severity: 'error', rule, message }
}

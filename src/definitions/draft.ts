import type { EnvVar, JsonObject } from './container.ts'
import type { ExpressionScope } from './expressions/expression-type.ts'
import type { PlacedAsk } from './policy/place-asks.ts'
import type { OtherFiles } from './expressions/scope.ts'
import type { Position, Problem } from './problem.ts'
import type { Param, Schedule, Step, StepWork, Workflow } from './workflow.ts'

/** What one file says before the others are known: manifests are names, and nothing says yet in which file it lies. */
export type DraftWork =
  | Exclude<StepWork, { kind: 'Manifest' }>
  | { kind: 'Reference'; path: string; env: EnvVar[] }
  | { kind: 'Use'; template: string; with: JsonObject; own: Partial<Pick<Step, 'timeoutSeconds' | 'retries' | 'startTimeoutSeconds'>> }

/** A step whose manifests are not read yet. */
export interface DraftStep extends Omit<Step, 'work'> {
  work: DraftWork
}

/** A workflow as meant, as far as its own document tells. */
export interface DraftWorkflow extends Omit<Workflow, 'file' | 'steps' | 'finally'> {
  steps: DraftStep[]
  finally: DraftStep[]
}

/** A manifest, or a folder of them, that a step names. */
export interface ManifestReference {
  /** Name of the step; null when it has none that can be read. */
  step: string | null
  path: string
  at: Position
}

/** A Workflow document: what is meant, and the places of whatever other files decide about. */
export interface WorkflowDraft {
  name: string
  nameAt: Position
  stepsAt: Position
  /** Null when the document is wrong. */
  body: DraftWorkflow | null
  /** Null when they cannot be read. */
  params: Record<string, Param> | null
  references: ManifestReference[]
  /** Dependencies on single files of a folder of manifests. */
  expandedDependencies: { step: string; at: Position }[]
  schedules: ScheduleDraft[]
  /** Templates that its steps use. */
  uses: TemplateUse[]
  /** Workflows whose ends start it. */
  upstream: { name: string; at: Position }[]
  /** What the document says once the other files are known; null when they change nothing. */
  withOthers: ((others: OtherFiles) => WithOthers) | null
  /** What the pods of its steps ask for, manifests left out. */
  asks: PlacedAsk[]
}

/** What a Workflow document says of expressions. */
export interface WithOthers {
  /** What is wrong with its own, those included that are wrong whatever the others are. */
  problems: Problem[]
  /** What those of a step's manifest may use; null when it cannot be told. */
  scopeOf: (step: string) => ExpressionScope | null
}

/** A step that is what a template says, and where it says so. */
export interface TemplateUse {
  template: string
  at: Position
  /** Null when they cannot be read. */
  given: GivenParam[] | null
  withAt: Position
}

/** A StepTemplate document. */
export interface TemplateDraft {
  name: string
  nameAt: Position
  /** Null when they cannot be read. */
  params: Record<string, Param> | null
  /** The step, without a name; null when the document is wrong. */
  body: DraftStep | null
  /** The template that it uses itself. */
  use: TemplateUse | null
  /** What the pod of its step asks for. */
  asks: PlacedAsk[]
}

/** A value that a schedule, or `with`, gives for a parameter. */
export interface GivenParam {
  name: string
  value: unknown
  nameAt: Position
  valueAt: Position
}

/** A schedule: what is meant, and the places of whatever other files decide about. */
export interface ScheduleDraft {
  name: string
  nameAt: Position
  workflow: string
  /** Null for a trigger inside the workflow itself. */
  workflowAt: Position | null
  /** Null when it is wrong. */
  body: Omit<Schedule, 'file'> | null
  /** Null when they cannot be read. */
  params: GivenParam[] | null
  paramsAt: Position
}

import type { Container, Json, JsonObject } from './container.ts'

/** What may have happened to a dependency for its dependent to start; product words of `dependsOn.when`. */
export type DependencyCondition = 'Succeeded' | 'Failed' | 'NotFailed' | 'Always'

/** One edge of the DAG. `step` names a step of the same list. */
export interface Dependency {
  step: string
  when: DependencyCondition
  /** Of several steps of one folder, whose name this is: one that has failed is enough. */
  anyOf?: string
}

/** One container of our making. `script` has become `command`; `pod` and `job` hold further PodSpec and JobSpec fields. */
export interface ContainerWork {
  kind: 'Container'
  container: Container
  pod: JsonObject
  job: JsonObject
}

/**
 * What a step does. Texts may hold expressions where 2.1 allows them; they are worked out when the Job is made.
 * - `Manifest`: an ordinary batch/v1 Job of the repository, as written at the run's commit; `path` says where it lies, `env` is added to its containers.
 * - `Join`: no Job; done when its dependencies are.
 * - `Approval`: no Job; waits until one of `by` (users or groups; empty means whoever may) approves, or fails after its time; null is no limit.
 */
export type StepWork =
  | ContainerWork
  | { kind: 'Manifest'; path: string; manifest: JsonObject; env: NonNullable<Container['env']> }
  | { kind: 'Join' }
  | { kind: 'Approval'; by: string[]; timeoutSeconds: number | null }

/** Type of a parameter or of a declared result. */
export type ValueType = 'string' | 'integer' | 'number' | 'boolean' | 'array' | 'object'

/**
 * How one step becomes several Jobs. A text is an expression, without `${{ }}`.
 * - `Matrix`: one for each combination of the values, in the order of keys and values; the whole may be an expression for a map of lists.
 * - `ForEach`: one for each item.
 */
export type Expansion = { kind: 'Matrix'; values: Record<string, Json[] | string> | string } | { kind: 'ForEach'; items: Json[] | string }

/** A StepTemplate that a step was made of: inside it `params` are these, with the values of `with`, which are worked out where it is used. */
export interface TemplateCall {
  name: string
  params: Record<string, Param>
  with: JsonObject
}

/** A step as meant: defaults filled in, manifest folders unfolded, durations in seconds. Plain JSON, so that it can be kept in a Run. */
export interface Step {
  /** Unique among `steps` and `finally`; `<step>/<file>` for a step from a folder of manifests. */
  name: string
  dependsOn: Dependency[]
  work: StepWork
  /** All attempts together; null is unlimited. */
  timeoutSeconds: number | null
  /** New pods within the same Job after a failure; null leaves a manifest's own `backoffLimit` as it is. */
  retries: number | null
  allowFailure: boolean
  /** The run's files in `$FUSEE_SOURCE`. */
  source: boolean
  /** Globs of the files that are wanted there; empty means all. */
  sourcePaths: string[]
  /** CEL without `${{ }}`, worked out once when the dependencies hold, before the step is expanded; false means Skipped. */
  if: string | null
  /** A pod that has not started by then fails with its reason; null is unlimited. */
  startTimeoutSeconds: number | null
  /** Declared results. */
  results: Record<string, ValueType>
  expansion: Expansion | null
  /** Most Jobs of its expansion that are active at once; null is unlimited. */
  maxParallel: number | null
  /** Undoes the step when the run fails after it has succeeded. */
  undo: ContainerWork | null
  /** Templates around the step, outermost first; empty for most. `if`, `expansion` and `with` of the outermost belong to the workflow. */
  templates: TemplateCall[]
}

/** A declared parameter. A run gets a value for each from its trigger, else `default`. */
export interface Param {
  type: ValueType
  required: boolean
  default?: unknown
  enum?: unknown[]
  pattern?: string
  description?: string
}

/** How many finished and recorded Runs are kept, and how long. A Run goes when it is beyond its count or older than `maxAgeSeconds`. */
export interface Retention {
  succeeded: number
  failed: number
  maxAgeSeconds: number
}

/** Starts a run for a push. `paths` are globs of the repository's paths, later ones win, `!` takes away; empty means every path. */
export interface PushTrigger {
  paths: string[]
  commits: 'Latest' | 'Each'
}

/** What may happen to a pull request. */
export type PullRequestEvent = 'Opened' | 'Updated' | 'Closed'

/** Starts a run for a pull request that touches `paths`, which are as with a push. */
export interface PullRequestTrigger {
  paths: string[]
  on: PullRequestEvent[]
}

/** Starts a run when a run of another workflow has ended; `result` null means with any. */
export interface WorkflowTrigger {
  workflow: string
  result: 'Succeeded' | 'Failed' | 'Cancelled' | 'TimedOut' | null
}

/** What happens when a run is due while another one of its group is active. */
export interface Concurrency {
  policy: 'Allow' | 'Forbid' | 'Replace' | 'Queue'
  /** Text that may hold expressions; null: all runs of the workflow are one group. */
  group: string | null
  /** Most runs that wait under Queue. */
  limit: number
}

/** What is usual, so that its absence is noticed; null: nothing is expected. */
export interface Expectation {
  successWithinSeconds: number | null
  durationSeconds: number | null
}

/** Suspension as written in Git: ticks before `until` (for ever without it) are Skipped with `reason`. `until` is in ms since the epoch. */
export interface Suspension {
  untilMs: number | null
  reason: string | null
}

/** A schedule, be it a document of its own or a trigger inside a workflow. */
export interface Schedule {
  /** Unique in the repository: the document's name, or `<workflow>` or `<workflow>-<name>` for a trigger inside a workflow. */
  name: string
  workflow: string
  /** As written: five fields or `@daily` and the like; `H` is resolved from `name` when ticks are computed. */
  cron: string
  /** IANA name. */
  timeZone: string
  params: Record<string, unknown>
  startingDeadlineSeconds: number | null
  catchUp: 'Latest' | 'All' | 'None'
  /** Whether a tick whose run was lost with the cluster is run again. */
  afterLoss: 'Report' | 'Rerun'
  suspend: Suspension | null
  /** File in which it is written, relative to the repository's root. */
  file: string
}

/** A checked workflow: what a run executes. Plain JSON. */
export interface Workflow {
  name: string
  labels: Record<string, string>
  description: string | null
  params: Record<string, Param>
  push: PushTrigger | null
  pullRequest: PullRequestTrigger | null
  /** Names of the webhooks that start a run. */
  webhooks: string[]
  /** Workflows whose runs start one of this when they end. */
  upstream: WorkflowTrigger[]
  concurrency: Concurrency
  expect: Expectation
  suspend: Suspension | null
  /** The whole run, from its creation; null is unlimited. */
  timeoutSeconds: number | null
  retention: Retention
  failFast: boolean
  /** Most steps of one run that are active at once; null is unlimited. */
  maxParallel: number | null
  steps: Step[]
  finally: Step[]
  /** File in which it is written, relative to the repository's root. */
  file: string
}

/** What of a workflow the run itself needs: the snapshot that a Run carries, so that nothing in Git changes it any more. */
export type RunDefinition = Pick<
  Workflow,
  'labels' | 'params' | 'timeoutSeconds' | 'retention' | 'failFast' | 'maxParallel' | 'concurrency' | 'steps' | 'finally'
>

/** A mistake in a definition file, in the shape that `validate --output json` prints. */
export interface Diagnostic {
  /** Relative to the repository's root. */
  file: string
  /** From 1. */
  line: number
  /** From 1, in UTF-16 code units. */
  column: number
  severity: 'error' | 'warning'
  /** Stable id, such as `step-cycle`. */
  rule: string
  /** What is wrong and what to do. */
  message: string
}

/** Everything that one commit defines. An invalid workflow is absent from `workflows` and has an error in `diagnostics`. */
export interface Definitions {
  workflows: Workflow[]
  schedules: Schedule[]
  diagnostics: Diagnostic[]
  /** Files below the definitions' folder without a document of ours, relative to the repository's root. */
  ignored: string[]
  /** Names of workflows that a file declares but that are invalid at this commit: they keep their last valid version. */
  invalidWorkflows: string[]
}

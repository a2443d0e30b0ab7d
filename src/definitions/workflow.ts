import type { Container, JsonObject } from './container.ts'

/** What may have happened to a dependency for its dependent to start; product words of `dependsOn.when`. */
export type DependencyCondition = 'Succeeded' | 'Failed' | 'NotFailed' | 'Always'

/** One edge of the DAG. `step` names a step of the same list. */
export interface Dependency {
  step: string
  when: DependencyCondition
}

/**
 * What a step does.
 * - `Container`: one container of our making. `script` has become `command`; `pod` and `job` hold further PodSpec and JobSpec fields.
 * - `Manifest`: an ordinary batch/v1 Job of the repository, as written at the run's commit; `path` says where it lies, `env` is added to its containers.
 * - `Join`: no Job; done when its dependencies are.
 */
export type StepWork =
  | { kind: 'Container'; container: Container; pod: JsonObject; job: JsonObject }
  | { kind: 'Manifest'; path: string; manifest: JsonObject; env: NonNullable<Container['env']> }
  | { kind: 'Join' }

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
}

/** A declared parameter. A run gets a value for each from its trigger, else `default`. */
export interface Param {
  type: 'string' | 'integer' | 'number' | 'boolean' | 'array' | 'object'
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
export type RunDefinition = Pick<Workflow, 'labels' | 'params' | 'timeoutSeconds' | 'retention' | 'failFast' | 'maxParallel' | 'steps' | 'finally'>

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

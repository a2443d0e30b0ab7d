// Generated from schemas/ by scripts/generate.ts: change the schemas instead.

/**
 * A document of ours as it is written in YAML.
 */
export type WrittenDefinition = WrittenWorkflow | WrittenSchedule | WrittenStepTemplate
/**
 * A push to the branch.
 */
export type WrittenPushTrigger = {
  /**
   * Globs of the repository's paths; later ones win, `!` takes away, at the beginning of the list from every path. Default: every path.
   */
  paths?: string[]
  /**
   * Only the newest commit of a push (default), or each (first parents, at most 50).
   */
  commits?: 'Latest' | 'Each'
} | null
/**
 * Starts nothing: `true` until it is taken out, or with an end and a reason. Ticks in between are Skipped, with the reason.
 */
export type WrittenSuspension =
  | boolean
  | {
      /**
       * End of the suspension; without it there is none.
       */
      until?: string
      /**
       * Shown wherever a tick was skipped for it.
       */
      reason?: string
    }
/**
 * A pull request.
 */
export type WrittenPullRequestTrigger = {
  /**
   * As with `push`.
   */
  paths?: string[]
  /**
   * What must happen to it. Default: Opened and Updated.
   */
  on?: ('Opened' | 'Updated' | 'Closed')[]
} | null
/**
 * Starts nothing: `true` until it is taken out, or with an end and a reason. Ticks in between are Skipped, with the reason.
 */
export type WrittenSuspension1 =
  | boolean
  | {
      /**
       * End of the suspension; without it there is none.
       */
      until?: string
      /**
       * Shown wherever a tick was skipped for it.
       */
      reason?: string
    }
/**
 * A step, or a step and what must have become of it.
 */
export type WrittenDependency =
  | string
  | {
      /**
       * Name of the step.
       */
      step: string
      /**
       * What must have become of it. Default: Succeeded.
       */
      when?: 'Succeeded' | 'Failed' | 'NotFailed' | 'Always'
    }
/**
 * The repository at the run's commit in `$FUSEE_SOURCE`, the working directory; or only some of its paths.
 */
export type WrittenSource =
  | boolean
  | {
      /**
       * Globs of the paths that are wanted.
       */
      paths?: string[]
    }
/**
 * Keeps what the step leaves in `$FUSEE_OUTPUT` when it succeeds.
 */
export type WrittenOutput =
  | boolean
  | {
      /**
       * Where that folder is mounted.
       */
      mountPath?: string
    }
/**
 * A step whose output is wanted, and where.
 */
export type WrittenInput =
  | string
  | {
      /**
       * Step whose output is wanted.
       */
      step: string
      /**
       * Where it is mounted.
       */
      mountPath?: string
    }
/**
 * Does not run the step when an equal one has succeeded before.
 */
export type WrittenStepCache =
  | boolean
  | {
      /**
       * Globs of files whose content counts.
       */
      paths?: string[]
      /**
       * Environment variables that count.
       */
      env?: string[]
      /**
       * Another salt, another cache.
       */
      salt?: string
      /**
       * Older successes do not count.
       */
      maxAge?: string
    }
/**
 * The repository at the run's commit in `$FUSEE_SOURCE`, the working directory; or only some of its paths.
 */
export type WrittenSource1 =
  | boolean
  | {
      /**
       * Globs of the paths that are wanted.
       */
      paths?: string[]
    }
/**
 * Keeps what the step leaves in `$FUSEE_OUTPUT` when it succeeds.
 */
export type WrittenOutput1 =
  | boolean
  | {
      /**
       * Where that folder is mounted.
       */
      mountPath?: string
    }
/**
 * Does not run the step when an equal one has succeeded before.
 */
export type WrittenStepCache1 =
  | boolean
  | {
      /**
       * Globs of files whose content counts.
       */
      paths?: string[]
      /**
       * Environment variables that count.
       */
      env?: string[]
      /**
       * Another salt, another cache.
       */
      salt?: string
      /**
       * Older successes do not count.
       */
      maxAge?: string
    }
/**
 * Starts nothing: `true` until it is taken out, or with an end and a reason. Ticks in between are Skipped, with the reason.
 */
export type WrittenSuspension2 =
  | boolean
  | {
      /**
       * End of the suspension; without it there is none.
       */
      until?: string
      /**
       * Shown wherever a tick was skipped for it.
       */
      reason?: string
    }
/**
 * The repository at the run's commit in `$FUSEE_SOURCE`, the working directory; or only some of its paths.
 */
export type WrittenSource2 =
  | boolean
  | {
      /**
       * Globs of the paths that are wanted.
       */
      paths?: string[]
    }
/**
 * Keeps what the step leaves in `$FUSEE_OUTPUT` when it succeeds.
 */
export type WrittenOutput2 =
  | boolean
  | {
      /**
       * Where that folder is mounted.
       */
      mountPath?: string
    }
/**
 * Does not run the step when an equal one has succeeded before.
 */
export type WrittenStepCache2 =
  | boolean
  | {
      /**
       * Globs of files whose content counts.
       */
      paths?: string[]
      /**
       * Environment variables that count.
       */
      env?: string[]
      /**
       * Another salt, another cache.
       */
      salt?: string
      /**
       * Older successes do not count.
       */
      maxAge?: string
    }

/**
 * A DAG of steps; each step is one Kubernetes Job.
 */
export interface WrittenWorkflow {
  /**
   * Group and version of all Fusee documents.
   */
  apiVersion: 'fusee.dev/v1alpha1'
  /**
   * What this document is.
   */
  kind: 'Workflow'
  metadata: WrittenMetadata
  spec: WrittenWorkflowSpec
}
/**
 * Name and labels.
 */
export interface WrittenMetadata {
  /**
   * A DNS label (lower-case letters, digits and `-`, at most 63), unique among the documents of this kind in the repository; not `state`.
   */
  name: string
  /**
   * Kubernetes labels; every Job and Pod of a workflow's runs inherits them.
   */
  labels?: {
    [k: string]: string
  }
  /**
   * Notes for other programs. Fusee does not read them.
   */
  annotations?: {
    [k: string]: string
  }
}
/**
 * What runs, and when.
 */
export interface WrittenWorkflowSpec {
  /**
   * What the workflow is for.
   */
  description?: string
  /**
   * Parameters by name.
   */
  params?: {
    [k: string]: WrittenParam
  }
  triggers?: WrittenTriggers
  concurrency?: WrittenConcurrency
  /**
   * The whole run, queueing included. Default: none.
   */
  timeout?: string
  expect?: WrittenExpectation
  retention?: WrittenRetention
  /**
   * Most steps of one run that are active at once. Default: no limit.
   */
  maxParallel?: number
  /**
   * Cancels running steps when one fails without `allowFailure`. Default: false.
   */
  failFast?: boolean
  /**
   * A step without `dependsOn` follows the one above it. Default: false.
   */
  chain?: boolean
  suspend?: WrittenSuspension1
  defaults?: WrittenStepDefaults
  /**
   * What runs.
   *
   * @minItems 1
   */
  steps: [WrittenStep, ...WrittenStep[]]
  /**
   * What runs after all steps, whatever became of them; ten minutes together.
   */
  finally?: WrittenStep[]
}
/**
 * A parameter of the workflow.
 */
export interface WrittenParam {
  /**
   * Default: string.
   */
  type?: 'string' | 'integer' | 'number' | 'boolean' | 'array' | 'object'
  /**
   * Whoever starts a run must give a value.
   */
  required?: boolean
  /**
   * Value for runs that are given none.
   */
  default?: unknown
  /**
   * The values that are allowed.
   *
   * @minItems 1
   */
  enum?: [unknown, ...unknown[]]
  /**
   * RE2 regular expression that a string must match, anywhere in it.
   */
  pattern?: string
  /**
   * What the parameter is for.
   */
  description?: string
}
/**
 * What starts runs, beside people.
 */
export interface WrittenTriggers {
  push?: WrittenPushTrigger
  /**
   * Cron ticks. Several need a `name` each.
   */
  schedule?: WrittenScheduleTrigger[]
  pullRequest?: WrittenPullRequestTrigger
  /**
   * Signed requests.
   */
  webhook?: WrittenWebhookTrigger[]
  /**
   * Ends of runs of other workflows.
   */
  workflow?: WrittenWorkflowTrigger[]
}
/**
 * A schedule of this workflow, called like it, or `<workflow>-<name>`.
 */
export interface WrittenScheduleTrigger {
  /**
   * A DNS label; needed when there are several.
   */
  name?: string
  /**
   * Five fields (minute, hour, day of month, month, day of week) with names, lists, ranges and steps; or @hourly, @daily, @weekly, @monthly, @yearly. `H` stands for a value that is stable for the schedule's name, so that many schedules spread.
   */
  cron: string
  /**
   * IANA name of the time zone in which `cron` is read. Default: Etc/UTC.
   */
  timeZone?: string
  params?: ParamValues
  /**
   * A tick that could not start within this time is Missed. Default: none.
   */
  startingDeadline?: string
  /**
   * Which of the ticks that passed while nothing ran are fired late: the newest one (Latest, the default), all of them (at most 100), or none.
   */
  catchUp?: 'Latest' | 'All' | 'None'
  /**
   * What becomes of a tick whose run had started when the cluster was lost, and has no record: it is told as Lost (Report, the default), or also run again (Rerun).
   */
  afterLoss?: 'Report' | 'Rerun'
  suspend?: WrittenSuspension
}
/**
 * Values of the workflow's parameters for runs that this starts.
 */
export interface ParamValues {
  [k: string]: unknown
}
/**
 * A signed request to `/hooks/<namespace>/<repository>/<name>`.
 */
export interface WrittenWebhookTrigger {
  /**
   * Last part of the URL.
   */
  name: string
}
/**
 * The end of a run of another workflow.
 */
export interface WrittenWorkflowTrigger {
  /**
   * Name of that workflow.
   */
  name: string
  /**
   * Result that it must have. Default: any.
   */
  result?: 'Succeeded' | 'Failed' | 'Cancelled' | 'TimedOut'
}
/**
 * What happens when a run is due while another is active.
 */
export interface WrittenConcurrency {
  /**
   * Default: Allow.
   */
  policy?: 'Allow' | 'Forbid' | 'Replace' | 'Queue'
  /**
   * Runs with the same group exclude each other; may hold an expression.
   */
  group?: string
  /**
   * Most runs that wait. Default: 100.
   */
  limit?: number
}
/**
 * What is usual, so that its absence can be reported.
 */
export interface WrittenExpectation {
  /**
   * A run succeeds at least once in this time.
   */
  successWithin?: string
  /**
   * A run takes no longer.
   */
  duration?: string
}
/**
 * How many finished and recorded Runs are kept.
 */
export interface WrittenRetention {
  /**
   * Default: 10.
   */
  succeeded?: number
  /**
   * Default: 30.
   */
  failed?: number
  /**
   * Default: 90d.
   */
  maxAge?: string
}
/**
 * Any field of a step, for all that do not have it. `pod` and `job` are merged field by field, `env` by name.
 */
export interface WrittenStepDefaults {
  /**
   * Shell text, run by `/bin/sh -eu`; instead of `command`. Values come in by `env`: expressions are refused here.
   */
  script?: string
  /**
   * A batch/v1 Job manifest, or a folder of them, relative to the repository's root, at the run's commit. `env`, `retries` and `timeout` of the step override.
   */
  manifest?: string
  /**
   * Further fields of the PodSpec.
   */
  pod?: {
    [k: string]: unknown
  }
  /**
   * Further fields of the JobSpec.
   */
  job?: {
    [k: string]: unknown
  }
  approval?: WrittenApproval
  /**
   * Name of a StepTemplate of the same repository.
   */
  use?: string
  /**
   * Values of the StepTemplate's parameters.
   */
  with?: {
    [k: string]: unknown
  }
  /**
   * Steps of the same list that come before this one.
   */
  dependsOn?: WrittenDependency[]
  /**
   * CEL expression, read once the dependencies hold; false means Skipped.
   */
  if?: string
  /**
   * All attempts together. Default: 6h.
   */
  timeout?: string
  /**
   * A pod that has not started by then fails with its reason. Default: 15m.
   */
  startTimeout?: string
  /**
   * New pods within the same Job after a failure. Default: 0.
   */
  retries?: number
  /**
   * A failure of this step does not fail the run.
   */
  allowFailure?: boolean
  /**
   * One Job for each combination of the values of its keys, each a list or an expression for one; or an expression for the whole.
   */
  matrix?:
    | {
        [k: string]: unknown[] | string
      }
    | string
  /**
   * One Job for each item of the list, or of the list that the expression comes to.
   */
  forEach?: unknown[] | string
  /**
   * Most Jobs of the step's matrix or list that are active at once.
   */
  maxParallel?: number
  source?: WrittenSource
  output?: WrittenOutput
  /**
   * Steps whose output is found in `$FUSEE_INPUTS/<step>`.
   */
  inputs?: WrittenInput[]
  /**
   * Names and types of the values that the step writes to `$FUSEE_RESULTS`.
   */
  results?: {
    [k: string]: 'string' | 'integer' | 'number' | 'boolean' | 'array' | 'object'
  }
  cache?: WrittenStepCache
  /**
   * Named folders restored into fresh pods and saved after success.
   */
  caches?: WrittenNamedCache[]
  /**
   * A named placement of the Repository.
   */
  pool?: string
  undo?: WrittenUndo
  /**
   * Container image.
   */
  image?: string
  /**
   * Entry point; the image's own when absent.
   */
  command?: string[]
  /**
   * Arguments of the entry point.
   */
  args?: string[]
  /**
   * Working directory of the container.
   */
  workingDir?: string
  /**
   * Environment variables.
   */
  env?: WrittenEnvVar[]
  /**
   * ConfigMaps and Secrets whose keys become environment variables.
   */
  envFrom?: {
    [k: string]: unknown
  }[]
  /**
   * Ports that the container shows.
   */
  ports?: {
    [k: string]: unknown
  }[]
  /**
   * Requests and limits of CPU, memory and others.
   */
  resources?: {
    [k: string]: unknown
  }
  /**
   * What happens when resources are resized.
   */
  resizePolicy?: {
    [k: string]: unknown
  }[]
  /**
   * Only for sidecars among initContainers; a step itself has none of its own.
   */
  restartPolicy?: 'Always' | 'Never' | 'OnFailure'
  /**
   * What happens to the container at given exit codes.
   */
  restartPolicyRules?: {
    [k: string]: unknown
  }[]
  /**
   * Where volumes of `pod.volumes` are mounted.
   */
  volumeMounts?: {
    [k: string]: unknown
  }[]
  /**
   * Block devices of the container.
   */
  volumeDevices?: {
    [k: string]: unknown
  }[]
  /**
   * The container is ended when this probe fails.
   */
  livenessProbe?: {
    [k: string]: unknown
  }
  /**
   * Whether the container can be spoken to.
   */
  readinessProbe?: {
    [k: string]: unknown
  }
  /**
   * The other probes wait for this one.
   */
  startupProbe?: {
    [k: string]: unknown
  }
  /**
   * Hooks after the start and before the end of the container.
   */
  lifecycle?: {
    [k: string]: unknown
  }
  /**
   * File in which the container leaves its last words. Fusee reads results from there.
   */
  terminationMessagePath?: string
  /**
   * Whether the end of the log stands in for them.
   */
  terminationMessagePolicy?: 'File' | 'FallbackToLogsOnError'
  /**
   * When the image is pulled.
   */
  imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never'
  /**
   * User, capabilities and the like of the container.
   */
  securityContext?: {
    [k: string]: unknown
  }
  /**
   * Keeps a standard input for the container.
   */
  stdin?: boolean
  /**
   * Closes the standard input after its first use.
   */
  stdinOnce?: boolean
  /**
   * Gives the container a terminal.
   */
  tty?: boolean
}
/**
 * Waits for a person.
 */
export interface WrittenApproval {
  /**
   * Groups or users of whom one must approve.
   */
  by?: string[]
  /**
   * How long it waits.
   */
  timeout?: string
}
/**
 * A folder that outlives the pod.
 */
export interface WrittenNamedCache {
  /**
   * Name of the folder.
   */
  name: string
  /**
   * Where it is mounted.
   */
  path: string
}
/**
 * A container that undoes the step; its fields default to the step's.
 */
export interface WrittenUndo {
  /**
   * Shell text, run by `/bin/sh -eu`; instead of `command`. Values come in by `env`: expressions are refused here.
   */
  script?: string
  /**
   * Container image.
   */
  image?: string
  /**
   * Entry point; the image's own when absent.
   */
  command?: string[]
  /**
   * Arguments of the entry point.
   */
  args?: string[]
  /**
   * Working directory of the container.
   */
  workingDir?: string
  /**
   * Environment variables.
   */
  env?: WrittenEnvVar[]
  /**
   * ConfigMaps and Secrets whose keys become environment variables.
   */
  envFrom?: {
    [k: string]: unknown
  }[]
  /**
   * Ports that the container shows.
   */
  ports?: {
    [k: string]: unknown
  }[]
  /**
   * Requests and limits of CPU, memory and others.
   */
  resources?: {
    [k: string]: unknown
  }
  /**
   * What happens when resources are resized.
   */
  resizePolicy?: {
    [k: string]: unknown
  }[]
  /**
   * Only for sidecars among initContainers; a step itself has none of its own.
   */
  restartPolicy?: 'Always' | 'Never' | 'OnFailure'
  /**
   * What happens to the container at given exit codes.
   */
  restartPolicyRules?: {
    [k: string]: unknown
  }[]
  /**
   * Where volumes of `pod.volumes` are mounted.
   */
  volumeMounts?: {
    [k: string]: unknown
  }[]
  /**
   * Block devices of the container.
   */
  volumeDevices?: {
    [k: string]: unknown
  }[]
  /**
   * The container is ended when this probe fails.
   */
  livenessProbe?: {
    [k: string]: unknown
  }
  /**
   * Whether the container can be spoken to.
   */
  readinessProbe?: {
    [k: string]: unknown
  }
  /**
   * The other probes wait for this one.
   */
  startupProbe?: {
    [k: string]: unknown
  }
  /**
   * Hooks after the start and before the end of the container.
   */
  lifecycle?: {
    [k: string]: unknown
  }
  /**
   * File in which the container leaves its last words. Fusee reads results from there.
   */
  terminationMessagePath?: string
  /**
   * Whether the end of the log stands in for them.
   */
  terminationMessagePolicy?: 'File' | 'FallbackToLogsOnError'
  /**
   * When the image is pulled.
   */
  imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never'
  /**
   * User, capabilities and the like of the container.
   */
  securityContext?: {
    [k: string]: unknown
  }
  /**
   * Keeps a standard input for the container.
   */
  stdin?: boolean
  /**
   * Closes the standard input after its first use.
   */
  stdinOnce?: boolean
  /**
   * Gives the container a terminal.
   */
  tty?: boolean
  /**
   * Further fields of the PodSpec.
   */
  pod?: {
    [k: string]: unknown
  }
  /**
   * Further fields of the JobSpec.
   */
  job?: {
    [k: string]: unknown
  }
}
/**
 * As in core/v1 EnvVar.
 */
export interface WrittenEnvVar {
  /**
   * Name of the variable.
   */
  name: string
  /**
   * Its value.
   */
  value?: string
  /**
   * Where the value comes from.
   */
  valueFrom?: {
    [k: string]: unknown
  }
}
/**
 * A Kubernetes container plus what a chain needs. Without container fields, `script` and `manifest` it is a join: no Job, done when its dependencies are.
 */
export interface WrittenStep {
  /**
   * A DNS label, unique among the steps of the workflow.
   */
  name: string
  /**
   * Shell text, run by `/bin/sh -eu`; instead of `command`. Values come in by `env`: expressions are refused here.
   */
  script?: string
  /**
   * A batch/v1 Job manifest, or a folder of them, relative to the repository's root, at the run's commit. `env`, `retries` and `timeout` of the step override.
   */
  manifest?: string
  /**
   * Further fields of the PodSpec.
   */
  pod?: {
    [k: string]: unknown
  }
  /**
   * Further fields of the JobSpec.
   */
  job?: {
    [k: string]: unknown
  }
  approval?: WrittenApproval1
  /**
   * Name of a StepTemplate of the same repository.
   */
  use?: string
  /**
   * Values of the StepTemplate's parameters.
   */
  with?: {
    [k: string]: unknown
  }
  /**
   * Steps of the same list that come before this one.
   */
  dependsOn?: WrittenDependency[]
  /**
   * CEL expression, read once the dependencies hold; false means Skipped.
   */
  if?: string
  /**
   * All attempts together. Default: 6h.
   */
  timeout?: string
  /**
   * A pod that has not started by then fails with its reason. Default: 15m.
   */
  startTimeout?: string
  /**
   * New pods within the same Job after a failure. Default: 0.
   */
  retries?: number
  /**
   * A failure of this step does not fail the run.
   */
  allowFailure?: boolean
  /**
   * One Job for each combination of the values of its keys, each a list or an expression for one; or an expression for the whole.
   */
  matrix?:
    | {
        [k: string]: unknown[] | string
      }
    | string
  /**
   * One Job for each item of the list, or of the list that the expression comes to.
   */
  forEach?: unknown[] | string
  /**
   * Most Jobs of the step's matrix or list that are active at once.
   */
  maxParallel?: number
  source?: WrittenSource1
  output?: WrittenOutput1
  /**
   * Steps whose output is found in `$FUSEE_INPUTS/<step>`.
   */
  inputs?: WrittenInput[]
  /**
   * Names and types of the values that the step writes to `$FUSEE_RESULTS`.
   */
  results?: {
    [k: string]: 'string' | 'integer' | 'number' | 'boolean' | 'array' | 'object'
  }
  cache?: WrittenStepCache1
  /**
   * Named folders restored into fresh pods and saved after success.
   */
  caches?: WrittenNamedCache[]
  /**
   * A named placement of the Repository.
   */
  pool?: string
  undo?: WrittenUndo1
  /**
   * Container image.
   */
  image?: string
  /**
   * Entry point; the image's own when absent.
   */
  command?: string[]
  /**
   * Arguments of the entry point.
   */
  args?: string[]
  /**
   * Working directory of the container.
   */
  workingDir?: string
  /**
   * Environment variables.
   */
  env?: WrittenEnvVar[]
  /**
   * ConfigMaps and Secrets whose keys become environment variables.
   */
  envFrom?: {
    [k: string]: unknown
  }[]
  /**
   * Ports that the container shows.
   */
  ports?: {
    [k: string]: unknown
  }[]
  /**
   * Requests and limits of CPU, memory and others.
   */
  resources?: {
    [k: string]: unknown
  }
  /**
   * What happens when resources are resized.
   */
  resizePolicy?: {
    [k: string]: unknown
  }[]
  /**
   * Only for sidecars among initContainers; a step itself has none of its own.
   */
  restartPolicy?: 'Always' | 'Never' | 'OnFailure'
  /**
   * What happens to the container at given exit codes.
   */
  restartPolicyRules?: {
    [k: string]: unknown
  }[]
  /**
   * Where volumes of `pod.volumes` are mounted.
   */
  volumeMounts?: {
    [k: string]: unknown
  }[]
  /**
   * Block devices of the container.
   */
  volumeDevices?: {
    [k: string]: unknown
  }[]
  /**
   * The container is ended when this probe fails.
   */
  livenessProbe?: {
    [k: string]: unknown
  }
  /**
   * Whether the container can be spoken to.
   */
  readinessProbe?: {
    [k: string]: unknown
  }
  /**
   * The other probes wait for this one.
   */
  startupProbe?: {
    [k: string]: unknown
  }
  /**
   * Hooks after the start and before the end of the container.
   */
  lifecycle?: {
    [k: string]: unknown
  }
  /**
   * File in which the container leaves its last words. Fusee reads results from there.
   */
  terminationMessagePath?: string
  /**
   * Whether the end of the log stands in for them.
   */
  terminationMessagePolicy?: 'File' | 'FallbackToLogsOnError'
  /**
   * When the image is pulled.
   */
  imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never'
  /**
   * User, capabilities and the like of the container.
   */
  securityContext?: {
    [k: string]: unknown
  }
  /**
   * Keeps a standard input for the container.
   */
  stdin?: boolean
  /**
   * Closes the standard input after its first use.
   */
  stdinOnce?: boolean
  /**
   * Gives the container a terminal.
   */
  tty?: boolean
}
/**
 * Waits for a person.
 */
export interface WrittenApproval1 {
  /**
   * Groups or users of whom one must approve.
   */
  by?: string[]
  /**
   * How long it waits.
   */
  timeout?: string
}
/**
 * A container that undoes the step; its fields default to the step's.
 */
export interface WrittenUndo1 {
  /**
   * Shell text, run by `/bin/sh -eu`; instead of `command`. Values come in by `env`: expressions are refused here.
   */
  script?: string
  /**
   * Container image.
   */
  image?: string
  /**
   * Entry point; the image's own when absent.
   */
  command?: string[]
  /**
   * Arguments of the entry point.
   */
  args?: string[]
  /**
   * Working directory of the container.
   */
  workingDir?: string
  /**
   * Environment variables.
   */
  env?: WrittenEnvVar[]
  /**
   * ConfigMaps and Secrets whose keys become environment variables.
   */
  envFrom?: {
    [k: string]: unknown
  }[]
  /**
   * Ports that the container shows.
   */
  ports?: {
    [k: string]: unknown
  }[]
  /**
   * Requests and limits of CPU, memory and others.
   */
  resources?: {
    [k: string]: unknown
  }
  /**
   * What happens when resources are resized.
   */
  resizePolicy?: {
    [k: string]: unknown
  }[]
  /**
   * Only for sidecars among initContainers; a step itself has none of its own.
   */
  restartPolicy?: 'Always' | 'Never' | 'OnFailure'
  /**
   * What happens to the container at given exit codes.
   */
  restartPolicyRules?: {
    [k: string]: unknown
  }[]
  /**
   * Where volumes of `pod.volumes` are mounted.
   */
  volumeMounts?: {
    [k: string]: unknown
  }[]
  /**
   * Block devices of the container.
   */
  volumeDevices?: {
    [k: string]: unknown
  }[]
  /**
   * The container is ended when this probe fails.
   */
  livenessProbe?: {
    [k: string]: unknown
  }
  /**
   * Whether the container can be spoken to.
   */
  readinessProbe?: {
    [k: string]: unknown
  }
  /**
   * The other probes wait for this one.
   */
  startupProbe?: {
    [k: string]: unknown
  }
  /**
   * Hooks after the start and before the end of the container.
   */
  lifecycle?: {
    [k: string]: unknown
  }
  /**
   * File in which the container leaves its last words. Fusee reads results from there.
   */
  terminationMessagePath?: string
  /**
   * Whether the end of the log stands in for them.
   */
  terminationMessagePolicy?: 'File' | 'FallbackToLogsOnError'
  /**
   * When the image is pulled.
   */
  imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never'
  /**
   * User, capabilities and the like of the container.
   */
  securityContext?: {
    [k: string]: unknown
  }
  /**
   * Keeps a standard input for the container.
   */
  stdin?: boolean
  /**
   * Closes the standard input after its first use.
   */
  stdinOnce?: boolean
  /**
   * Gives the container a terminal.
   */
  tty?: boolean
  /**
   * Further fields of the PodSpec.
   */
  pod?: {
    [k: string]: unknown
  }
  /**
   * Further fields of the JobSpec.
   */
  job?: {
    [k: string]: unknown
  }
}
/**
 * A document that starts a workflow on cron ticks, so that one workflow can have many schedules.
 */
export interface WrittenSchedule {
  /**
   * Group and version of all Fusee documents.
   */
  apiVersion: 'fusee.dev/v1alpha1'
  /**
   * What this document is.
   */
  kind: 'Schedule'
  metadata: WrittenMetadata1
  spec: WrittenScheduleSpec
}
/**
 * Name and labels.
 */
export interface WrittenMetadata1 {
  /**
   * A DNS label (lower-case letters, digits and `-`, at most 63), unique among the documents of this kind in the repository; not `state`.
   */
  name: string
  /**
   * Kubernetes labels; every Job and Pod of a workflow's runs inherits them.
   */
  labels?: {
    [k: string]: string
  }
  /**
   * Notes for other programs. Fusee does not read them.
   */
  annotations?: {
    [k: string]: string
  }
}
/**
 * What is started, and when.
 */
export interface WrittenScheduleSpec {
  /**
   * Name of the workflow that is started, of the same repository.
   */
  workflow: string
  /**
   * Five fields (minute, hour, day of month, month, day of week) with names, lists, ranges and steps; or @hourly, @daily, @weekly, @monthly, @yearly. `H` stands for a value that is stable for the schedule's name, so that many schedules spread.
   */
  cron: string
  /**
   * IANA name of the time zone in which `cron` is read. Default: Etc/UTC.
   */
  timeZone?: string
  params?: ParamValues1
  /**
   * A tick that could not start within this time is Missed. Default: none.
   */
  startingDeadline?: string
  /**
   * Which of the ticks that passed while nothing ran are fired late: the newest one (Latest, the default), all of them (at most 100), or none.
   */
  catchUp?: 'Latest' | 'All' | 'None'
  /**
   * What becomes of a tick whose run had started when the cluster was lost, and has no record: it is told as Lost (Report, the default), or also run again (Rerun).
   */
  afterLoss?: 'Report' | 'Rerun'
  suspend?: WrittenSuspension2
}
/**
 * Values of the workflow's parameters for runs that this starts.
 */
export interface ParamValues1 {
  [k: string]: unknown
}
/**
 * A step that several workflows of the repository use, each with values of its own.
 */
export interface WrittenStepTemplate {
  /**
   * Group and version of all Fusee documents.
   */
  apiVersion: 'fusee.dev/v1alpha1'
  /**
   * What this document is.
   */
  kind: 'StepTemplate'
  metadata: WrittenMetadata2
  spec: WrittenStepTemplateSpec
}
/**
 * Name and labels.
 */
export interface WrittenMetadata2 {
  /**
   * A DNS label (lower-case letters, digits and `-`, at most 63), unique among the documents of this kind in the repository; not `state`.
   */
  name: string
  /**
   * Kubernetes labels; every Job and Pod of a workflow's runs inherits them.
   */
  labels?: {
    [k: string]: string
  }
  /**
   * Notes for other programs. Fusee does not read them.
   */
  annotations?: {
    [k: string]: string
  }
}
/**
 * Parameters and the step.
 */
export interface WrittenStepTemplateSpec {
  /**
   * What the template is for.
   */
  description?: string
  /**
   * Parameters by name; `with` of the step that uses the template gives their values. Within the template `params` are these.
   */
  params?: {
    [k: string]: WrittenParam
  }
  step: WrittenTemplateStep
}
/**
 * What is done. `defaults` of the workflows that use the template do not reach into it.
 */
export interface WrittenTemplateStep {
  /**
   * Shell text, run by `/bin/sh -eu`; instead of `command`. Values come in by `env`: expressions are refused here.
   */
  script?: string
  /**
   * Further fields of the PodSpec.
   */
  pod?: {
    [k: string]: unknown
  }
  /**
   * Further fields of the JobSpec.
   */
  job?: {
    [k: string]: unknown
  }
  /**
   * Name of a StepTemplate of the same repository.
   */
  use?: string
  /**
   * Values of the StepTemplate's parameters.
   */
  with?: {
    [k: string]: unknown
  }
  /**
   * All attempts together. Default: 6h.
   */
  timeout?: string
  /**
   * A pod that has not started by then fails with its reason. Default: 15m.
   */
  startTimeout?: string
  /**
   * New pods within the same Job after a failure. Default: 0.
   */
  retries?: number
  source?: WrittenSource2
  output?: WrittenOutput2
  /**
   * Names and types of the values that the step writes to `$FUSEE_RESULTS`.
   */
  results?: {
    [k: string]: 'string' | 'integer' | 'number' | 'boolean' | 'array' | 'object'
  }
  cache?: WrittenStepCache2
  /**
   * Named folders restored into fresh pods and saved after success.
   */
  caches?: WrittenNamedCache[]
  /**
   * A named placement of the Repository.
   */
  pool?: string
  undo?: WrittenUndo2
  /**
   * Container image.
   */
  image?: string
  /**
   * Entry point; the image's own when absent.
   */
  command?: string[]
  /**
   * Arguments of the entry point.
   */
  args?: string[]
  /**
   * Working directory of the container.
   */
  workingDir?: string
  /**
   * Environment variables.
   */
  env?: WrittenEnvVar[]
  /**
   * ConfigMaps and Secrets whose keys become environment variables.
   */
  envFrom?: {
    [k: string]: unknown
  }[]
  /**
   * Ports that the container shows.
   */
  ports?: {
    [k: string]: unknown
  }[]
  /**
   * Requests and limits of CPU, memory and others.
   */
  resources?: {
    [k: string]: unknown
  }
  /**
   * What happens when resources are resized.
   */
  resizePolicy?: {
    [k: string]: unknown
  }[]
  /**
   * Only for sidecars among initContainers; a step itself has none of its own.
   */
  restartPolicy?: 'Always' | 'Never' | 'OnFailure'
  /**
   * What happens to the container at given exit codes.
   */
  restartPolicyRules?: {
    [k: string]: unknown
  }[]
  /**
   * Where volumes of `pod.volumes` are mounted.
   */
  volumeMounts?: {
    [k: string]: unknown
  }[]
  /**
   * Block devices of the container.
   */
  volumeDevices?: {
    [k: string]: unknown
  }[]
  /**
   * The container is ended when this probe fails.
   */
  livenessProbe?: {
    [k: string]: unknown
  }
  /**
   * Whether the container can be spoken to.
   */
  readinessProbe?: {
    [k: string]: unknown
  }
  /**
   * The other probes wait for this one.
   */
  startupProbe?: {
    [k: string]: unknown
  }
  /**
   * Hooks after the start and before the end of the container.
   */
  lifecycle?: {
    [k: string]: unknown
  }
  /**
   * File in which the container leaves its last words. Fusee reads results from there.
   */
  terminationMessagePath?: string
  /**
   * Whether the end of the log stands in for them.
   */
  terminationMessagePolicy?: 'File' | 'FallbackToLogsOnError'
  /**
   * When the image is pulled.
   */
  imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never'
  /**
   * User, capabilities and the like of the container.
   */
  securityContext?: {
    [k: string]: unknown
  }
  /**
   * Keeps a standard input for the container.
   */
  stdin?: boolean
  /**
   * Closes the standard input after its first use.
   */
  stdinOnce?: boolean
  /**
   * Gives the container a terminal.
   */
  tty?: boolean
}
/**
 * A container that undoes the step; its fields default to the step's.
 */
export interface WrittenUndo2 {
  /**
   * Shell text, run by `/bin/sh -eu`; instead of `command`. Values come in by `env`: expressions are refused here.
   */
  script?: string
  /**
   * Container image.
   */
  image?: string
  /**
   * Entry point; the image's own when absent.
   */
  command?: string[]
  /**
   * Arguments of the entry point.
   */
  args?: string[]
  /**
   * Working directory of the container.
   */
  workingDir?: string
  /**
   * Environment variables.
   */
  env?: WrittenEnvVar[]
  /**
   * ConfigMaps and Secrets whose keys become environment variables.
   */
  envFrom?: {
    [k: string]: unknown
  }[]
  /**
   * Ports that the container shows.
   */
  ports?: {
    [k: string]: unknown
  }[]
  /**
   * Requests and limits of CPU, memory and others.
   */
  resources?: {
    [k: string]: unknown
  }
  /**
   * What happens when resources are resized.
   */
  resizePolicy?: {
    [k: string]: unknown
  }[]
  /**
   * Only for sidecars among initContainers; a step itself has none of its own.
   */
  restartPolicy?: 'Always' | 'Never' | 'OnFailure'
  /**
   * What happens to the container at given exit codes.
   */
  restartPolicyRules?: {
    [k: string]: unknown
  }[]
  /**
   * Where volumes of `pod.volumes` are mounted.
   */
  volumeMounts?: {
    [k: string]: unknown
  }[]
  /**
   * Block devices of the container.
   */
  volumeDevices?: {
    [k: string]: unknown
  }[]
  /**
   * The container is ended when this probe fails.
   */
  livenessProbe?: {
    [k: string]: unknown
  }
  /**
   * Whether the container can be spoken to.
   */
  readinessProbe?: {
    [k: string]: unknown
  }
  /**
   * The other probes wait for this one.
   */
  startupProbe?: {
    [k: string]: unknown
  }
  /**
   * Hooks after the start and before the end of the container.
   */
  lifecycle?: {
    [k: string]: unknown
  }
  /**
   * File in which the container leaves its last words. Fusee reads results from there.
   */
  terminationMessagePath?: string
  /**
   * Whether the end of the log stands in for them.
   */
  terminationMessagePolicy?: 'File' | 'FallbackToLogsOnError'
  /**
   * When the image is pulled.
   */
  imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never'
  /**
   * User, capabilities and the like of the container.
   */
  securityContext?: {
    [k: string]: unknown
  }
  /**
   * Keeps a standard input for the container.
   */
  stdin?: boolean
  /**
   * Closes the standard input after its first use.
   */
  stdinOnce?: boolean
  /**
   * Gives the container a terminal.
   */
  tty?: boolean
  /**
   * Further fields of the PodSpec.
   */
  pod?: {
    [k: string]: unknown
  }
  /**
   * Further fields of the JobSpec.
   */
  job?: {
    [k: string]: unknown
  }
}

// Generated from schemas/ by scripts/generate.ts: change the schemas instead.

/**
 * A finished run as the status branch keeps it: `history/<workflow>/<year>/<month>/<day>/<run>.json`. Never changed once it is there.
 */
export interface WrittenRecord {
  /**
   * Group and version.
   */
  apiVersion: 'fusee.dev/v1alpha1'
  /**
   * Kind of this document.
   */
  kind: 'Record'
  /**
   * Name of the run.
   */
  run: string
  /**
   * Name of the workflow.
   */
  workflow: string
  /**
   * `<namespace>/<name>` of the Repository.
   */
  repository: string
  /**
   * The commit that it ran at.
   */
  commit: string
  trigger: WrittenRecordTrigger
  /**
   * Values of all params, defaults among them.
   */
  params: {
    [k: string]: unknown
  }
  /**
   * How the run ended; Skipped when `concurrency` did not let it begin.
   */
  result: 'Succeeded' | 'Failed' | 'Cancelled' | 'TimedOut' | 'Skipped'
  /**
   * Why, in one CamelCase word; null for what simply succeeded.
   */
  reason: string | null
  /**
   * Why, in a sentence.
   */
  message: string | null
  /**
   * When the run was made.
   */
  createdAt: string
  /**
   * When it began; null when it never did.
   */
  startedAt: string | null
  /**
   * When it ended.
   */
  finishedAt: string
  /**
   * The run that this one repeats; null for all others.
   */
  rerunOf: string | null
  /**
   * Its steps.
   */
  steps: WrittenStepRecord[]
}
/**
 * Why the run exists, and what identifies it; which fields there are depends on `kind`.
 */
export interface WrittenRecordTrigger {
  /**
   * Kind of the trigger.
   */
  kind: 'Push' | 'Schedule' | 'PullRequest' | 'Webhook' | 'Workflow' | 'Api' | 'Manual' | 'Backfill' | 'Rerun'
  /**
   * Push: the branch.
   */
  branch?: string
  /**
   * Schedule, Backfill: name of the schedule.
   */
  schedule?: string
  /**
   * Schedule, Backfill: the nominal time.
   */
  tick?: string
  /**
   * PullRequest: its number.
   */
  number?: number
  /**
   * PullRequest: the commit at its head.
   */
  head?: string
  /**
   * Webhook: its name.
   */
  name?: string
  /**
   * Webhook: what its sender calls the delivery.
   */
  delivery?: string
  /**
   * Workflow: the one whose end started this run.
   */
  workflow?: string
  /**
   * Workflow: the run of it that ended.
   */
  run?: string
  /**
   * Api, Manual, Rerun: what the client chose, so that asking twice is one run.
   */
  key?: string
  /**
   * Api, Manual, Rerun, Backfill: who asked.
   */
  by?: string
  /**
   * Rerun, Backfill and others: what that person gave as the reason.
   */
  reason?: string
}
/**
 * One step of the run, in the order written; those of `finally` last.
 */
export interface WrittenStepRecord {
  /**
   * Name of the step; an expansion is `<step>/<index>`, an undo has its step's name and follows it.
   */
  name: string
  /**
   * What it was: a Job (Step), nothing but a place where others meet (Join), a wait for people (Approval), what undid a step (Undo), or one of `finally`.
   */
  kind: 'Step' | 'Join' | 'Approval' | 'Undo' | 'Finally'
  /**
   * How it ended.
   */
  result: 'Succeeded' | 'Failed' | 'Skipped' | 'Cached' | 'Cancelled'
  /**
   * Why, in one CamelCase word; null where there is nothing to say.
   */
  reason: string | null
  /**
   * When its first pod was asked for; null when it never began.
   */
  startedAt: string | null
  /**
   * When it ended; null when that is not known.
   */
  finishedAt: string | null
  /**
   * Name of its Job; null for what had none: joins, approvals, and steps that never began.
   */
  job: string | null
  /**
   * Its pods, the oldest first.
   */
  attempts: WrittenAttempt[]
  /**
   * What it handed on: all that it declares, or nothing.
   */
  results: {
    [k: string]: unknown
  }
  /**
   * Digest of the image that ran, where the cluster tells it.
   */
  imageDigest?: string
  /**
   * The last lines of its log, only of what failed; values of Secrets are masked.
   */
  log?: string
}
/**
 * One try of a step: one pod.
 */
export interface WrittenAttempt {
  /**
   * Name of the pod; of the local runner, of its stand-in.
   */
  pod: string
  /**
   * Exit code of the step's container; null when it never ended by itself.
   */
  exitCode: number | null
  /**
   * When the container began; null when it did not.
   */
  startedAt: string | null
  /**
   * When it ended; null when that is not known.
   */
  finishedAt: string | null
}

// Generated from schemas/ by scripts/generate.ts: change the schemas instead.

/**
 * One execution of a workflow, pinned to one commit. Creating one starts it, deleting it cancels and records it.
 */
export interface WrittenRun {
  /**
   * Group and version.
   */
  apiVersion: 'fusee.dev/v1alpha1'
  /**
   * Kind of this document.
   */
  kind: 'Run'
  /**
   * Name or generateName, namespace of the Repository, labels, which its Jobs and Pods get too.
   */
  metadata: {
    /**
     * Name of the run.
     */
    name?: string
    [k: string]: unknown
  }
  /**
   * What is run.
   */
  spec: {
    /**
     * Name of the Repository, in the Run's own namespace.
     */
    repository: string
    /**
     * Name of the workflow.
     */
    workflow: string
    /**
     * Commit at which it runs; the newest at which the workflow is valid when absent.
     */
    commit?: string
    /**
     * Values of the workflow's params.
     */
    params?: {
      [k: string]: unknown
    }
    /**
     * Why the run exists, and what identifies it; Manual when absent.
     */
    trigger?: {
      /**
       * Kind of the trigger; which further fields it needs depends on it.
       */
      kind: 'Push' | 'Schedule' | 'PullRequest' | 'Webhook' | 'Workflow' | 'Api' | 'Manual' | 'Backfill' | 'Rerun'
      /**
       * Of Push: the branch.
       */
      branch?: string
      /**
       * Of Schedule and Backfill: name of the schedule.
       */
      schedule?: string
      /**
       * Of Schedule and Backfill: the tick, in UTC.
       */
      tick?: string
      /**
       * Of Webhook: its name.
       */
      name?: string
      /**
       * Of Webhook: what the sender calls this delivery.
       */
      delivery?: string
      /**
       * Of Workflow: the workflow whose run has ended.
       */
      workflow?: string
      /**
       * Of Workflow: that run.
       */
      run?: string
      /**
       * Of Api, Manual and Rerun: the same key is the same run; the uid of the Run when absent.
       */
      key?: string
      /**
       * Of Api, Manual, Rerun and Backfill: who asks; kubectl when absent.
       */
      by?: string
      /**
       * Of Api, Manual, Rerun and Backfill: why.
       */
      reason?: string
      [k: string]: unknown
    }
    /**
     * Fate of the tick that started it.
     */
    fate?: 'Fired' | 'Late' | 'Skipped'
    /**
     * Why a tick that is Skipped has a run that never begins.
     */
    fateReason?: string
    /**
     * Name of the run that this one repeats.
     */
    rerunOf?: string | null
    /**
     * What a rerun of the failed steps takes over from the run that it repeats.
     *
     * @maxItems 1000
     */
    carriedOver?: {
      /**
       * Name of the step, or of an expansion of it.
       */
      name: string
      /**
       * When it ended, in UTC.
       */
      finishedAt?: string
      /**
       * Its results.
       */
      results?: {
        [k: string]: unknown
      }
    }[]
    /**
     * Asks for the run to end; cannot be taken back.
     */
    cancel?: {
      /**
       * Who asks.
       */
      by: string
      /**
       * Why.
       */
      reason: string
      /**
       * Becomes the run's reason in place of RunCancelled.
       */
      word?: 'Replaced' | 'Superseded'
    }
    /**
     * Asks for single steps to end.
     *
     * @maxItems 1000
     */
    cancelSteps?: {
      /**
       * Name of the step.
       */
      step: string
      /**
       * Who asks.
       */
      by: string
      /**
       * Why.
       */
      reason: string
    }[]
    /**
     * Who has approved which step, and when.
     *
     * @maxItems 1000
     */
    approvals?: {
      /**
       * Name of the step.
       */
      step: string
      /**
       * Who has approved.
       */
      by: string
      /**
       * When, in UTC.
       */
      at: string
    }[]
  }
}

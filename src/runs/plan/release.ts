import type { JobObservation, StoredJob } from '../objects.ts'
import { FINALIZER } from '../objects.ts'
import { isOwnJob } from '../render-job.ts'
import type { StoredRun } from '../run.ts'
import type { Board } from './board.ts'

/** A Job may go once the stored Run holds the step's result, which it does when the plan's status is written: that comes first. */
export function releaseJobs({ entries, plan }: Board): void {
  for (const { status, observation } of entries) {
    if (status.state === 'Ended' && observation !== null && isHeld(observation.job)) plan.release.push(observation.job)
  }
}

/** Those of a run that has ended: it waits for none of its Jobs any more. */
export function heldJobs(run: StoredRun, jobs: readonly JobObservation[]): StoredJob[] {
  return jobs.map(({ job }) => job).filter((job) => isOwnJob(run, job) && isHeld(job))
}

function isHeld(job: StoredJob): boolean {
  return job.metadata.finalizers?.includes(FINALIZER) === true
}

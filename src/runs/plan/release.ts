import { FINALIZER } from '../objects.ts'
import type { Board } from './board.ts'

/** A Job may go once the stored Run holds the step's result. To be called before anything else changes the entries. */
export function releaseJobs({ entries, plan }: Board): void {
  for (const { status, observation } of entries) {
    if (status.state === 'Ended' && observation?.job.metadata.finalizers?.includes(FINALIZER) === true) plan.release.push(observation.job)
  }
}

import type { Context } from './context.ts'
import { FINALIZER, LABELS } from './runs/objects.ts'
import type { ObjectRef } from './runs/objects.ts'
import type { StoredRun } from './runs/run.ts'

/**
 * Ends the Runs that are left of a Repository that is gone: recorded, or nobody can record them any more, and a namespace that is being deleted must not wait for it. Jobs first,
 * since nobody lifts their finalizers after the Run. A Run that Fusee never took in hand waits for its Repository to come.
 */
export async function endOrphans({ runs, jobs }: Pick<Context, 'runs' | 'jobs'>, repository: ObjectRef): Promise<void> {
  const all = await runs.listRuns({ namespace: repository.namespace, repository: repository.name })
  for (const run of all.filter(isTaken)) {
    for (const { job } of await jobs.observeJobs(run.metadata)) {
      await jobs.stopJob(job)
      await jobs.releaseJob(job)
    }
    await runs.deleteRun(run)
    const marked = await runs.getRun(run.metadata)
    if (marked === null || marked.metadata.uid !== run.metadata.uid) continue
    const finalizers = marked.metadata.finalizers?.filter((one) => one !== FINALIZER) ?? []
    await runs.updateRun({ ...marked, metadata: { ...marked.metadata, finalizers } })
  }
}

/** Whether Fusee has taken the Run in hand. */
export function isTaken({ metadata }: StoredRun): boolean {
  return metadata.labels?.[LABELS.managedBy] === 'fusee' || metadata.finalizers?.includes(FINALIZER) === true
}

import { ConflictError } from '../../src/cluster/ports.ts'
import type { SimulatedCluster } from '../../src/cluster/simulated/cluster.ts'
import type { SeededRandom } from '../../src/simulation/seeded-random.ts'
import type { Facts } from './facts.ts'
import type { Trace } from './trace.ts'

/** What people do to runs and Jobs that they do not wait for. */
export type Meddling = 'CancelRun' | 'DeleteRun' | 'DeleteJob' | 'RemoveJobByForce'

/** People with rights on the cluster, and what they do to it. */
export function createPeople({ runs, jobs }: SimulatedCluster, facts: Facts, random: SeededRandom, trace: Trace) {
  const cancel = async (name: string): Promise<void> => {
    const run = await runs.getRun({ namespace: 'data', name })
    if (run === null) return
    try {
      await runs.updateRun({ ...run, spec: { ...run.spec, cancel: { by: 'ada', reason: 'not now' } } })
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error
    }
  }
  return {
    meddle(kind: Meddling): void {
      const activeRuns = [...facts.runs.values()].filter((run) => run.finishedAtMs === null && !run.isGone)
      const heldJobs = [...facts.jobs.values()].filter((job) => !job.isGone && !job.isReleased)
      const isRun = kind === 'CancelRun' || kind === 'DeleteRun'
      const victims = (isRun ? activeRuns : heldJobs).map((victim) => victim.name)
      if (victims.length === 0) return
      const name = random.pick(victims)
      trace.add(`${kind} ${name}`)
      const run = facts.runs.get(name)
      const job = facts.jobs.get(name)
      if (kind === 'CancelRun') void cancel(name)
      if (kind === 'DeleteRun' && run !== undefined) {
        run.deletedByUser = true
        void runs.deleteRun(run.run)
      }
      if (kind === 'DeleteJob' && job !== undefined) void jobs.deleteJob(job.job)
      if (kind === 'RemoveJobByForce' && job !== undefined) jobs.removeByForce(job.job.metadata)
    },
  }
}

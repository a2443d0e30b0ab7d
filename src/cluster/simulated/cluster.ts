import type { Clock, Random } from '../../clock.ts'
import type { RunCluster } from '../ports.ts'
import type { ClusterChange } from './changes.ts'
import { promptEvents, type EventDelays } from './event-hub.ts'
import { createSimulatedJobs, type SimulatedJobs } from './job-cluster.ts'
import { KUBERNETES_TIMING, type JobTiming } from './job-controller.ts'
import { createServerState } from './object-store.ts'
import { annotatedPods, type PodScripts } from './pod-script.ts'
import { createSimulatedRuns } from './run-cluster.ts'

/** A cluster in memory: nothing runs, time is the clock's, and everything is decided by the scripts of its pods. */
export interface SimulatedCluster {
  runs: RunCluster
  jobs: SimulatedJobs
}

/** How a simulated cluster differs from one that is prompt, and whose pods do what their annotations say. */
export interface SimulatedClusterOptions {
  clock: Clock
  random: Random
  scripts?: PodScripts
  timing?: JobTiming
  /** Called for each subscriber of each event. */
  delays?: EventDelays
  /** After how many ms the Jobs of a Run that is gone follow it; null when nobody collects garbage. */
  garbageAfterMs?: number | null
  /** Values of the Secrets that Jobs may name, by the Secret's name. */
  secrets?: Readonly<Record<string, readonly string[]>>
  onChange?: (change: ClusterChange) => void
}

/** An empty cluster. */
export function createSimulatedCluster(options: SimulatedClusterOptions): SimulatedCluster {
  const { clock, random, scripts = annotatedPods, timing = KUBERNETES_TIMING, delays = promptEvents, garbageAfterMs = 500, secrets = {} } = options
  const server = createServerState(clock, random)
  const tell = (change: ClusterChange): void => {
    options.onChange?.(change)
    if (change.kind !== 'Run' || change.before === null || change.after !== null || garbageAfterMs === null) return
    const { uid } = change.before.metadata
    clock.setTimer(clock.now() + garbageAfterMs, () => jobs.collectOwnedBy(uid))
  }
  const jobs = createSimulatedJobs(server, scripts, timing, delays, secrets, tell)
  return { runs: createSimulatedRuns(server, delays, tell), jobs }
}

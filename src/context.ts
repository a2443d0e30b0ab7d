import type { Clock, Random } from './clock.ts'
import type { JobCluster, RunCluster } from './cluster/ports.ts'
import type { Report } from './controller/events.ts'
import type { WriteSite } from './crash-points.ts'
import type { SourceRepository, StatusBranch } from './git/ports.ts'
import type { ObjectRef } from './runs/objects.ts'

/** What the Repository document says about how it is followed; defaults filled in. */
export interface RepositorySettings {
  ref: ObjectRef
  /** As shown to people: without credentials. */
  url: string
  /** Folder of the definitions, relative to the repository's root. */
  path: string
  /** Between two looks at the branch. */
  intervalSeconds: number
  /** Records that finish within it share a commit. */
  historyIntervalSeconds: number
  /** Starts nothing new while true. */
  suspend: boolean
  /** Most steps of all its runs that are active at once. */
  maxParallelSteps: number
}

/** One followed Repository with its ports. */
export interface FollowedRepository {
  settings: RepositorySettings
  source: SourceRepository
  status: StatusBranch
  /** The name that `history/state/owner.json` carries when this controller owns the branch. */
  owner: string
}

/** Everything that the controller touches. Built by the composition root; tests and the simulator override parts. */
export interface Context {
  clock: Clock
  random: Random
  /** Hears what the controller does; nothing depends on it. */
  report: Report
  writeSite: WriteSite
  runs: RunCluster
  jobs: JobCluster
  repositories: FollowedRepository[]
}

import type { Clock, Random } from './clock.ts'
import type { LoggedJobs, RunCluster } from './cluster/ports.ts'
import type { RepositorySettings } from './config/repository-settings.ts'
import type { Report } from './controller/events.ts'
import type { WriteSite } from './crash-points.ts'
import type { DefinitionCache } from './definitions/definition-cache.ts'
import type { ReviewBranches, SourceRepository, StatusBranch } from './git/ports.ts'
import type { writeHistory } from './history/write.ts'

/** One followed Repository with its ports. */
export interface FollowedRepository {
  settings: RepositorySettings
  source: SourceRepository
  status: StatusBranch
  /** Where the history is offered for review; absent: nowhere. */
  reviews?: ReviewBranches
  /** The name that `history/state/owner.json` carries when this controller owns the branch. */
  owner: string
  /** Secrets that may have signed its hooks, read anew so that they can be rotated; absent when it has none. */
  webhookSecrets?: () => Promise<string[]>
}

/** Which Repositories are followed; they may come, change and go while the controller runs. */
export interface FollowedRepositories {
  /** Those that are followed now, each name once. Another object under a name means that it is followed in another way: what was known of it is found again. */
  current(): readonly FollowedRepository[]
  /** Whether all that there are have been tried to be followed. */
  isSettled(): boolean
  /** Whether there is such a Repository, by `namespace/name`: also one that cannot be followed at the moment. */
  exists(key: string): boolean
  /** Hears that `current` has changed. Returns the end of it. */
  subscribe(listener: () => void): () => void
}

/** Repositories that stay as they are for as long as the controller runs. */
export function alwaysFollowed(repositories: readonly FollowedRepository[]): FollowedRepositories {
  const keys = new Set(repositories.map(({ settings: { ref } }) => `${ref.namespace}/${ref.name}`))
  return { current: () => repositories, isSettled: () => true, exists: (key) => keys.has(key), subscribe: () => () => undefined }
}

/** Everything that the controller touches. Built by the composition root; tests and the simulator override parts. */
export interface Context {
  clock: Clock
  random: Random
  /** Hears what the controller does; nothing depends on it. */
  report: Report
  writeSite: WriteSite
  runs: RunCluster
  jobs: LoggedJobs
  repositories: FollowedRepositories
  /** A lost event costs at most this long; the controller's own when absent. */
  resyncIntervalMs?: number
  /** What is known of files that were read before; the controller's own when absent. */
  definitionCache?: DefinitionCache
  /** How what has finished reaches the status branch; the history's own way when absent. */
  writeHistory?: typeof writeHistory
  /** Every Repository is paused, as by `fusee pause`, before anything of it starts. */
  pauseAtStart?: { by: string; reason: string }
}

import type { Policy } from '../definitions/policy/policy.ts'
import type { ObjectRef } from '../runs/objects.ts'

/** What the Repository document says about how it is followed; defaults filled in. */
export interface RepositorySettings {
  ref: ObjectRef
  /** Of the Repository object from which these are; absent where it has none. */
  generation?: number
  /** Why it could not be opened again as it is now, so that what was read before still holds; absent when all is well. */
  trouble?: string
  /** As shown to people: without credentials. */
  url: string
  /** Folder of the definitions, relative to the repository's root. */
  path: string
  /** Between two looks at the branch. */
  intervalSeconds: number
  /** Records that finish within it share a commit. */
  historyIntervalSeconds: number
  /** Offers the history for review on branches of their own; absent: no review. */
  review?: { into: string; everySeconds: number }
  /** Starts nothing new while true. */
  suspend: boolean
  /** Most steps of all its runs that are active at once. */
  maxParallelSteps: number
  /** `vars` of expressions. */
  vars: Readonly<Record<string, string>>
  /** What steps may ask for: checked when definitions are read, and again when a Job is made. */
  policy: Policy
}

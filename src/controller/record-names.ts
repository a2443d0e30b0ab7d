import { GitError } from '../git/ports.ts'
import { readRecordNames } from '../history/read.ts'
import type { RepositoryState } from './repository.ts'

/**
 * Reads the names of all records of workflows that webhooks start, so that whether a delivery has had its run is known at once: their senders do not wait
 * for long, and a long history takes a second to read. Until that is done they are told to come again. What cannot be read now is read when it is asked for.
 */
export async function learnRecordNames(state: RepositoryState): Promise<null> {
  const { claimed, ownerRead, versions, followed } = state
  if (!claimed || !ownerRead || versions === null) return null
  try {
    for (const { definition } of versions.workflows.values())
      if (definition.webhooks.length > 0) await readRecordNames(followed.status, definition.name)
  } catch (error) {
    if (!(error instanceof GitError)) throw error
  } finally {
    // Before its very first look it is not known which workflows there are.
    if (state.look !== 'Pending' || versions.workflows.size > 0) state.namesLearned = true
  }
  return null
}

import type { CommitObject, TreeEntry } from './objects.ts'
import { GitError } from './ports.ts'

/** Reads objects by id. Throws MissingObjectError when one is not there, GitError when it cannot be read. */
export interface ObjectReader {
  commit(id: string): Promise<CommitObject>
  tree(id: string): Promise<readonly TreeEntry[]>
  blob(id: string): Promise<Uint8Array>
}

/** An object that is not in the store: it may still be fetched. */
export class MissingObjectError extends GitError {
  readonly objectId: string
  constructor(objectId: string, where: string) {
    super('ObjectNotFound', `object ${objectId} is not in ${where}: it was removed there, or never arrived; push the commit that needs it again`)
    this.objectId = objectId
  }
}

/**
 * How the objects of one commit are reached. A local folder just reads; a remote fetches what is not here, then reads
 * again.
 */
export interface CommitAccess {
  /** Calls `read` with the commit's tree; calls it once more after fetching when something was missing. Throws GitError. */
  at<T>(commit: string, read: (reader: ObjectReader, commitTree: string) => Promise<T>): Promise<T>
  /** Content of a blob. When it has to be fetched, those of `alsoWanted` come in the same request. Throws GitError. */
  blob(id: string, alsoWanted: () => readonly string[]): Promise<Uint8Array>
}

/** Access to objects that are all here, or nowhere. */
export function createPlainAccess(reader: ObjectReader): CommitAccess {
  return {
    at: async (commit, read) => read(reader, (await reader.commit(commit)).tree),
    blob: (id) => reader.blob(id),
  }
}

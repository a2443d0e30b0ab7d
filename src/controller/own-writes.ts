import type { ClusterEvent } from '../cluster/ports.ts'
import type { ObjectRef } from '../runs/objects.ts'
import type { StoredRun } from '../runs/run.ts'

/**
 * The newest versions of Runs that passes of this process have written. What such a pass has left it need not look at again, so hearing of its own
 * write is no news.
 */
export interface OwnWrites {
  /** Does the last write of a pass. What is heard of the Run meanwhile is news only if it was not that. */
  write(ref: ObjectRef, write: () => Promise<StoredRun>): Promise<StoredRun>
  /** Whether an event tells of something that was not written here. */
  isNews(event: ClusterEvent): boolean
  /** The Run is gone. */
  forget(ref: ObjectRef): void
}

/** Nothing was written yet. `wake` asks for a Run to be looked at: somebody else has written it while we did. */
export function createOwnWrites(wake: (ref: ObjectRef) => void): OwnWrites {
  const newest = new Map<string, string>()
  const heardMeanwhile = new Map<string, string[]>()
  return {
    async write(ref, write) {
      const key = keyOf(ref)
      const heard: string[] = []
      heardMeanwhile.set(key, heard)
      let version: string | null = null
      try {
        const stored = await write()
        version = stored.metadata.resourceVersion
        newest.set(key, version)
        return stored
      } finally {
        heardMeanwhile.delete(key)
        if (heard.some((one) => one !== version)) wake(ref)
      }
    },
    isNews(event) {
      if (event.kind !== 'Run' || event.version === null) return true
      const key = keyOf(event.ref)
      heardMeanwhile.get(key)?.push(event.version)
      return !heardMeanwhile.has(key) && newest.get(key) !== event.version
    },
    forget: (ref) => newest.delete(keyOf(ref)),
  }
}

function keyOf({ namespace, name }: ObjectRef): string {
  return `${namespace}/${name}`
}

import type { ObjectStore } from './object-store.ts'
import type { NewObject, ObjectType } from './objects.ts'
import { EMPTY_TREE, isFile, isFolder, parseCommit, parseTree } from './objects.ts'
import { encodePack } from './pack-encoder.ts'
import { createPackReceiver } from './pack-receiver.ts'

/** What to copy. */
export interface Copying {
  store: ObjectStore
  commits: readonly string[]
  /** Objects that are in the new place already. */
  isThere: (id: string) => Promise<boolean>
  /** Most bytes of files; what lies deepest is left out first. */
  mostBlobBytes: number
  /** For messages. */
  where: string
}

interface Wanted {
  type: ObjectType
  id: string
}

/**
 * Copies commits, with their trees and those of their files that are here, into another folder of objects as one pack. Parents are
 * not followed. What is not here cannot be copied: it was left out by a filter, and is fetched when it is read.
 */
export async function copyObjects({ store, commits, isThere, mostBlobBytes, where }: Copying, folder: string): Promise<void> {
  const objects: NewObject[] = []
  const seen = new Set<string>([EMPTY_TREE])
  let blobBytes = 0
  let level: Wanted[] = commits.map((id) => ({ type: 'commit', id }))
  while (level.length > 0) {
    const next: Wanted[] = []
    for (const { type, id } of level) {
      if (seen.has(id) || (await isThere(id)) || !(await store.has(id))) continue
      seen.add(id)
      if (type === 'blob' && blobBytes >= mostBlobBytes) continue
      const bytes = await store.raw(id, type)
      if (type === 'blob') blobBytes += bytes.length
      objects.push({ type, id, bytes })
      next.push(...childrenOf(type, bytes))
    }
    level = next
  }
  if (objects.length === 0) return
  const receiver = createPackReceiver(folder, where)
  try {
    await receiver.write(encodePack(objects))
    await receiver.finish()
  } finally {
    await receiver.discard()
  }
}

function childrenOf(type: ObjectType, bytes: Uint8Array): Wanted[] {
  if (type === 'commit') return [{ type: 'tree', id: parseCommit(bytes).tree }]
  if (type === 'blob') return []
  return parseTree(bytes).flatMap((entry): Wanted[] => {
    if (isFolder(entry)) return [{ type: 'tree', id: entry.id }]
    return isFile(entry) ? [{ type: 'blob', id: entry.id }] : []
  })
}

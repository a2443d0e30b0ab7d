import type { FetchRequest, FetchResult } from './fetch-protocol.ts'
import { RemoteRefusalError } from './fetch-protocol.ts'
import { MissingObjectError } from './object-reader.ts'
import { createPackReceiver } from './pack-receiver.ts'
import { GitError } from './ports.ts'
import type { ObjectStore } from './object-store.ts'
import type { UploadPack } from './upload-pack.ts'

/** A request for just some objects, to be completed. */
export const NOTHING: Omit<FetchRequest, 'wants'> = { haves: [], shallow: [], depth: null, filter: null, onlyIncrement: false }

/** A folder of objects, and what reads it. */
export interface DownloadTarget {
  folder: string
  store: ObjectStore
}

/** Fetches into a folder of objects; when it resolves they can be read. Throws GitError. */
export async function download(
  uploadPack: UploadPack,
  where: string,
  { folder, store }: DownloadTarget,
  request: FetchRequest,
  signal?: AbortSignal,
): Promise<FetchResult> {
  const receiver = createPackReceiver(folder, where)
  try {
    const result = await uploadPack.fetch(request, (bytes) => receiver.write(bytes), signal)
    if (result.kind === 'pack') {
      await receiver.finish()
      await store.refresh()
    }
    return result
  } finally {
    await receiver.discard()
  }
}

/** A remote that does not give an object, as the object missing. */
export async function refusalAsMissing<T>(id: string, where: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw error instanceof RemoteRefusalError ? new MissingObjectError(id, where) : error
  }
}

/** Whether a fetch failed for its size or for broken objects, so that another kind of fetch may do. */
export function isWorthAnotherWay(error: unknown): boolean {
  return error instanceof GitError && ['TooLarge', 'Corrupt', 'ObjectNotFound'].includes(error.kind)
}

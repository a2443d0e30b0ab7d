import { rm } from 'node:fs/promises'

/** Removes a folder after a test, also when processes that were just killed still let go of it. */
export async function removeFolder(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
}

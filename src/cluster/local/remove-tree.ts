import { chmod, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** Deletes a folder and all below it, also folders that a step has made read-only (Go's module cache does). Gone already is fine; false when something stays. */
export async function removeTree(path: string): Promise<boolean> {
  try {
    await rm(path, { recursive: true, force: true })
    return true
  } catch {
    return await removeStubborn(path)
  }
}

async function removeStubborn(path: string): Promise<boolean> {
  try {
    await makeWritable(path)
    await rm(path, { recursive: true, force: true, maxRetries: 3, retryDelay: 20 })
    return true
  } catch {
    return false
  }
}

async function makeWritable(folder: string): Promise<void> {
  await chmod(folder, 0o700)
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await makeWritable(join(folder, entry.name))
  }
}

import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf } from './storage-errors.ts'

/** Secrets and ConfigMaps of the local runner: `<folder>/<name>/<key>`. */
export interface SecretsFolder {
  /** The value; null when there is no such key. */
  read(name: string, key: string): Promise<Buffer | null>
  /** Keys, sorted; null when there is no such secret. */
  keys(name: string): Promise<string[] | null>
  /** Where it is looked for, for messages. */
  place: string
}

/** The folder given by `--secrets`; null is one without any secret. */
export function openSecretsFolder(folder: string | null): SecretsFolder {
  const at = (...names: string[]): string => join(folder ?? '/nonexistent', ...names)
  return {
    place: folder ?? '--secrets, which is not given',
    read: async (name, key) => (folder === null || !isPlain(name) || !isPlain(key) ? null : ignoreMissing(readFile(at(name, key)))),
    async keys(name) {
      if (folder === null || !isPlain(name)) return null
      const entries = await ignoreMissing(readdir(at(name), { withFileTypes: true }))
      return (
        entries
          ?.filter((entry) => !entry.isDirectory() && isPlain(entry.name))
          .map((entry) => entry.name)
          .sort() ?? null
      )
    },
  }
}

/** Names as Kubernetes allows them for keys, so that no path leads out of the folder. */
function isPlain(name: string): boolean {
  return /^[-._a-zA-Z0-9]+$/.test(name) && !name.startsWith('..')
}

async function ignoreMissing<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes(codeOf(error))) return null
    throw error
  }
}

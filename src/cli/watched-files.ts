import { createHash } from 'node:crypto'
import type { FileEntry, Files } from '../definitions/files.ts'

/** Files of which somebody tells what changes, so that nothing else is looked at again. */
export interface WatchedFiles extends Files {
  /** This path may be new, other, or gone. */
  changed(path: string): Promise<void>
}

/** Keeps the lists of another `Files`. */
export function createWatchedFiles(base: Files): WatchedFiles {
  const lists = new Map<string, Map<string, FileEntry>>()
  return {
    async list(folder) {
      const known = lists.get(folder) ?? new Map((await base.list(folder)).map((entry) => [entry.path, { path: entry.path, id: entry.id }]))
      lists.set(folder, known)
      return [...known.values()].sort((one, other) => (one.path < other.path ? -1 : 1))
    },
    read: (path, maxBytes) => base.read(path, maxBytes),
    async changed(path) {
      const bytes = await base.read(path)
      for (const [folder, entries] of lists) {
        if (folder !== '' && !path.startsWith(`${folder}/`)) continue
        if (bytes) entries.set(path, { path, id: `sha1:${createHash('sha1').update(bytes).digest('hex')}` })
        else for (const gone of entries.keys()) if (gone === path || gone.startsWith(`${path}/`)) entries.delete(gone)
      }
    },
  }
}

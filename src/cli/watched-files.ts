import { createHash } from 'node:crypto'
import type { FileEntry, Files } from '../definitions/files.ts'
import { compareText } from '../definitions/problem.ts'

/** Files of which somebody tells what changes, so that nothing else is looked at again. */
export interface WatchedFiles extends Files {
  /** This path may be new, other, or gone. */
  changed(path: string): Promise<void>
}

/** A folder's files. `sorted` is made when it is next asked for. */
interface KnownList {
  entries: Map<string, FileEntry>
  sorted: FileEntry[] | null
}

/** Keeps the lists of another `Files`. */
export function createWatchedFiles(base: Files): WatchedFiles {
  const lists = new Map<string, KnownList>()
  return {
    async list(folder) {
      const known = lists.get(folder) ?? { entries: new Map((await base.list(folder)).map((entry) => [entry.path, entry])), sorted: null }
      lists.set(folder, known)
      known.sorted ??= [...known.entries.values()].sort((one, other) => compareText(one.path, other.path))
      return known.sorted
    },
    read: (path, maxBytes) => base.read(path, maxBytes),
    async changed(path) {
      const bytes = await base.read(path)
      for (const [folder, known] of lists) {
        if (folder !== '' && !path.startsWith(`${folder}/`)) continue
        known.sorted = null
        if (bytes) known.entries.set(path, { path, id: `sha1:${createHash('sha1').update(bytes).digest('hex')}` })
        else for (const gone of known.entries.keys()) if (gone === path || gone.startsWith(`${path}/`)) known.entries.delete(gone)
      }
    },
  }
}

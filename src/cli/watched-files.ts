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
      // What is no file may be a folder that has come, of whose files nobody tells.
      const below = bytes ? [] : await base.list(path)
      for (const [folder, known] of lists) {
        if (path === folder || folder.startsWith(`${path}/`)) lists.delete(folder)
        if (folder !== '' && !path.startsWith(`${folder}/`)) continue
        if (bytes) replaceEntry(known, { path, id: `sha1:${createHash('sha1').update(bytes).digest('hex')}` })
        else removeEntries(known, path)
        for (const entry of below) replaceEntry(known, entry)
      }
    },
  }
}

/** What has not changed stays the same object, so that it need not be compared. */
function replaceEntry(known: KnownList, entry: FileEntry): void {
  const old = known.entries.get(entry.path)
  known.entries.set(entry.path, entry)
  known.sorted = old && known.sorted ? known.sorted.map((other) => (other === old ? entry : other)) : null
}

function removeEntries(known: KnownList, path: string): void {
  known.sorted = null
  for (const gone of known.entries.keys()) if (gone === path || gone.startsWith(`${path}/`)) known.entries.delete(gone)
}

import type { CommitAccess } from './object-reader.ts'
import type { TreeEntry } from './objects.ts'
import { isFile, isFolder } from './objects.ts'
import type { CommitSha } from './ports.ts'
import { idsOfSameKind } from './read-source.ts'
import { byCodeUnits, findFile, findFolder } from './tree-walk.ts'

/** Content of a file at the tip of the status branch; null when there is no branch or no file. */
export async function readStatusFile(access: CommitAccess, tip: CommitSha | null, path: string): Promise<Uint8Array | null> {
  if (tip === null) return null
  const found = await access.at(tip, (reader, tree) => findFile(reader, tree, path))
  if (found === null) return null
  return access.blob(found.file.id, () => idsOfSameKind(found.siblings.filter(isFile).map(toFileEntry), path))
}

/** Names of the entries of a folder at the tip, folders with a trailing `/`, sorted. */
export async function listStatusFolder(access: CommitAccess, tip: CommitSha | null, folder: string): Promise<string[]> {
  if (tip === null) return []
  return access.at(tip, async (reader, tree) => {
    const found = await findFolder(reader, tree, folder)
    if (found === null) return []
    const entries = await reader.tree(found)
    return entries.map((entry) => (isFolder(entry) ? `${entry.name}/` : entry.name)).sort(byCodeUnits)
  })
}

function toFileEntry(entry: TreeEntry): { path: string; id: string } {
  return { path: entry.name, id: entry.id }
}

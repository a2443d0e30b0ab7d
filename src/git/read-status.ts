import type { CommitAccess } from './object-reader.ts'
import type { TreeEntry } from './objects.ts'
import { isFile, isFolder } from './objects.ts'
import type { CommitSha } from './ports.ts'
import { GitError } from './ports.ts'
import { idsOfSameKind } from './read-source.ts'
import { byCodeUnits, findFile, findFolder } from './tree-walk.ts'

/** Where the status branch is: null when there is none, undefined as long as nobody has looked. */
export type StatusTip = CommitSha | null | undefined

/** What is not known yet must not be taken for absent: a run without a record would run again. */
function seen(tip: StatusTip): CommitSha | null {
  if (tip === undefined) throw new GitError('Unreachable', 'the status branch could not be read yet')
  return tip
}

/** Content of a file at the tip of the status branch; null when there is no branch or no file. Throws GitError. */
export async function readStatusFile(access: CommitAccess, statusTip: StatusTip, path: string): Promise<Uint8Array | null> {
  const tip = seen(statusTip)
  if (tip === null) return null
  const found = await access.at(tip, (reader, tree) => findFile(reader, tree, path))
  if (found === null) return null
  return access.blob(found.file.id, () => idsOfSameKind(found.siblings.filter(isFile).map(toFileEntry), path))
}

/** Names of the entries of a folder at the tip, folders with a trailing `/`, sorted. Throws GitError. */
export async function listStatusFolder(access: CommitAccess, statusTip: StatusTip, folder: string): Promise<string[]> {
  const tip = seen(statusTip)
  if (tip === null) return []
  return access.at(tip, async (reader, tree) => {
    const found = await findFolder(reader, tree, folder)
    if (found === null) return []
    const entries = await reader.tree(found)
    return entries.map((entry) => (isFolder(entry) ? `${entry.name}/` : entry.name)).sort(byCodeUnits)
  })
}

/** Id of a folder's tree at the tip; null when there is none. Throws GitError. */
export async function statusFolderId(access: CommitAccess, statusTip: StatusTip, folder: string): Promise<string | null> {
  const tip = seen(statusTip)
  return tip === null ? null : access.at(tip, (reader, tree) => findFolder(reader, tree, folder))
}

/** Whether the commit at the tip is signed. Throws GitError. */
export async function isStatusSigned(access: CommitAccess, statusTip: StatusTip): Promise<boolean> {
  const tip = seen(statusTip)
  return tip !== null && access.at(tip, async (reader) => (await reader.commit(tip)).isSigned)
}

function toFileEntry(entry: TreeEntry): { path: string; id: string } {
  return { path: entry.name, id: entry.id }
}

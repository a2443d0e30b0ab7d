import type { FileEntry } from '../definitions/files.ts'
import type { ObjectReader } from './object-reader.ts'
import type { TreeEntry } from './objects.ts'
import { isExecutable, isFile, isFolder } from './objects.ts'
import type { TreeChange } from './ports.ts'

/** All that walking needs. */
export type TreeReader = Pick<ObjectReader, 'tree'>

/** The parts of a path; `.` and doubled slashes are skipped. */
export function pathSegments(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '' && segment !== '.')
}

/** Orders texts by UTF-16 code units, the same on every machine. */
export function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** The tree of a folder below `tree`; null when there is no such folder. */
export async function findFolder(reader: ObjectReader, tree: string, folder: string): Promise<string | null> {
  let current = tree
  for (const segment of pathSegments(folder)) {
    const entry = (await reader.tree(current)).find((candidate) => candidate.name === segment)
    if (entry === undefined || !isFolder(entry)) return null
    current = entry.id
  }
  return current
}

/** The regular file at a path below `tree`, with the other entries of its folder; null when there is none. */
export async function findFile(
  reader: ObjectReader,
  tree: string,
  path: string,
): Promise<{ file: TreeEntry; siblings: readonly TreeEntry[] } | null> {
  const segments = pathSegments(path)
  const name = segments.pop()
  const folder = await findFolder(reader, tree, segments.join('/'))
  if (folder === null || name === undefined) return null
  const siblings = await reader.tree(folder)
  const file = siblings.find((candidate) => candidate.name === name)
  return file === undefined || !isFile(file) ? null : { file, siblings }
}

/** Every regular file below `folder`, sorted by path. */
export async function listFiles(reader: ObjectReader, tree: string, folder: string): Promise<FileEntry[]> {
  const start = await findFolder(reader, tree, folder)
  if (start === null) return []
  const files: FileEntry[] = []
  await collectFiles(
    reader,
    start,
    pathSegments(folder)
      .map((segment) => `${segment}/`)
      .join(''),
    files,
  )
  return files.sort((a, b) => byCodeUnits(a.path, b.path))
}

/** Whether a name can stand in a path of this disk; git refuses others, but a tree made on purpose can hold them. */
function isPlainName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && name.toLowerCase() !== '.git' && !name.includes('/')
}

async function collectFiles(reader: ObjectReader, tree: string, prefix: string, files: FileEntry[]): Promise<void> {
  for (const entry of await reader.tree(tree)) {
    if (!isPlainName(entry.name)) continue
    if (isFolder(entry)) await collectFiles(reader, entry.id, `${prefix}${entry.name}/`, files)
    else if (isFile(entry)) files.push({ path: prefix + entry.name, id: entry.id, ...(isExecutable(entry) ? { executable: true } : {}) })
  }
}

/** Paths of files, links and submodules that differ between two trees, sorted. Folders with equal ids are not entered. Null is the tree without entries. */
export async function diffTrees(reader: TreeReader, from: string | null, to: string | null): Promise<string[]> {
  return (await listTreeChanges(reader, from, to)).map(({ path }) => path)
}

/** The same with the ids of both sides. A path whose mode alone has changed has the same id twice. */
export async function listTreeChanges(reader: TreeReader, from: string | null, to: string | null): Promise<TreeChange[]> {
  const changes: TreeChange[] = []
  await collectChanges(reader, from, to, '', changes)
  return changes.sort((one, other) => byCodeUnits(one.path, other.path))
}

async function collectChanges(reader: TreeReader, from: string | null, to: string | null, prefix: string, changes: TreeChange[]): Promise<void> {
  if (from === to) return
  const before = new Map((from === null ? [] : await reader.tree(from)).map((entry) => [entry.name, entry]))
  for (const entry of to === null ? [] : await reader.tree(to)) {
    await collectEntryChanges(reader, before.get(entry.name) ?? null, entry, prefix + entry.name, changes)
    before.delete(entry.name)
  }
  for (const entry of before.values()) await collectEntryChanges(reader, entry, null, prefix + entry.name, changes)
}

async function collectEntryChanges(
  reader: TreeReader,
  from: TreeEntry | null,
  to: TreeEntry | null,
  path: string,
  changes: TreeChange[],
): Promise<void> {
  if (from !== null && to !== null && from.id === to.id && from.mode === to.mode) return
  const [fromFolder, toFolder] = [from, to].map((entry) => (entry !== null && isFolder(entry) ? entry.id : null))
  const [fromFile, toFile] = [from, to].map((entry) => (entry !== null && !isFolder(entry) ? entry.id : null))
  if (fromFile || toFile) changes.push({ path, from: fromFile ?? null, to: toFile ?? null })
  if (fromFolder || toFolder) await collectChanges(reader, fromFolder ?? null, toFolder ?? null, `${path}/`, changes)
}

import type { NewObject, TreeEntry } from './objects.ts'
import { createObject, encodeTree, FOLDER_MODE, isFolder } from './objects.ts'
import type { TreeReader } from './tree-walk.ts'

/** A tree by its id, and where it is read; a null id is an empty tree. */
export interface PlacedTree {
  reader: TreeReader
  tree: string | null
}

/**
 * The tree of `base` with the files of `over` laid over it: what only `base` has stays. Folders that are the same, or on one side only,
 * are not read. New trees are added to `objects`.
 */
export async function overlayTrees(base: PlacedTree, over: PlacedTree, objects: Map<string, NewObject>): Promise<string | null> {
  if (over.tree === null || base.tree === over.tree) return base.tree
  if (base.tree === null) return over.tree
  const entries = new Map<string, TreeEntry>((await base.reader.tree(base.tree)).map((entry) => [entry.name, entry]))
  for (const entry of await over.reader.tree(over.tree)) {
    const below = entries.get(entry.name)
    const isBoth = below !== undefined && isFolder(below) && isFolder(entry)
    const id = isBoth ? await overlayTrees({ reader: base.reader, tree: below.id }, { reader: over.reader, tree: entry.id }, objects) : entry.id
    entries.set(entry.name, { ...entry, id: id ?? entry.id })
  }
  return addTree([...entries.values()], objects)
}

/** The tree with another folder at its top, or none. */
export async function withFolder(
  { reader, tree }: PlacedTree,
  name: string,
  folder: string | null,
  objects: Map<string, NewObject>,
): Promise<string> {
  const others = tree === null ? [] : (await reader.tree(tree)).filter((entry) => entry.name !== name)
  return addTree([...others, ...(folder === null ? [] : [{ mode: FOLDER_MODE, name, id: folder }])], objects)
}

/** Whether `whole` has every file of `part` whose path counts, with the same content. Paths begin with `at`. */
export async function hasAllFiles(whole: PlacedTree, part: PlacedTree, counts: (path: string) => boolean, at = ''): Promise<boolean> {
  if (part.tree === null || part.tree === whole.tree) return true
  const entries = new Map(whole.tree === null ? [] : (await whole.reader.tree(whole.tree)).map((entry) => [entry.name, entry]))
  for (const entry of await part.reader.tree(part.tree)) {
    const found = entries.get(entry.name)
    if (found?.id === entry.id) continue
    const path = at + entry.name
    if (!isFolder(entry)) {
      if (counts(path)) return false
      continue
    }
    const below = { reader: whole.reader, tree: found !== undefined && isFolder(found) ? found.id : null }
    if (!(await hasAllFiles(below, { reader: part.reader, tree: entry.id }, counts, `${path}/`))) return false
  }
  return true
}

function addTree(entries: readonly TreeEntry[], objects: Map<string, NewObject>): string {
  const object = createObject('tree', encodeTree(entries))
  objects.set(object.id, object)
  return object.id
}

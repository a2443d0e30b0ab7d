import type { ObjectReader } from './object-reader.ts'
import type { Author, NewObject, TreeEntry } from './objects.ts'
import { EMPTY_TREE, FILE_MODE, FOLDER_MODE, createObject, encodeCommit, encodeTree, isFile, isFolder } from './objects.ts'
import type { CommitSha, CommitSigner, FileChanges } from './ports.ts'
import { asCommitSha } from './ports.ts'
import { withSignature } from './stored-commit.ts'

/** Who commits on the status branch unless told otherwise. */
export const FUSEE_AUTHOR: Author = { name: 'Fusee', email: 'fusee@localhost' }

/** How commits of ours are signed and dated. */
export interface CommitStyle {
  author: Author
  /** Milliseconds since the Unix epoch. */
  now: () => number
  /** Null leaves commits unsigned. */
  sign: CommitSigner | null
}

/** A commit that is not stored yet, with exactly those objects that its parent does not have. */
export interface BuiltCommit {
  id: CommitSha
  objects: NewObject[]
}

interface ChangedFolder {
  files: Map<string, Uint8Array | null>
  folders: Map<string, ChangedFolder>
}

/**
 * A commit with the changes on top of `parent`. Only folders on the way to a change are read and written; a folder that
 * loses its last file goes. A file whose path needs a folder where a file was replaces that file. Throws TypeError for a
 * path that git would not take.
 */
export async function buildCommit(
  reader: ObjectReader,
  parent: CommitSha | null,
  changes: FileChanges,
  message: string,
  style: CommitStyle,
): Promise<BuiltCommit> {
  const objects = new Map<string, NewObject>()
  const parentTree = parent === null ? null : (await reader.commit(parent)).tree
  const tree = (await applyChanges(reader, parentTree, groupByFolder(changes), objects)) ?? addObject(objects, createObject('tree', encodeTree([])))
  const atSeconds = Math.floor(style.now() / 1000)
  const bytes = encodeCommit({
    tree,
    parents: parent === null ? [] : [parent],
    message: message.replaceAll('\0', ''),
    author: style.author,
    atSeconds,
  })
  const signed = style.sign === null ? bytes : withSignature(bytes, await style.sign(bytes))
  const id = addObject(objects, createObject('commit', signed))
  return { id: asCommitSha(id), objects: [...objects.values()] }
}

function groupByFolder(changes: FileChanges): ChangedFolder {
  const root: ChangedFolder = { files: new Map(), folders: new Map() }
  for (const [path, content] of changes) {
    const segments = path.split('/')
    const name = segments.pop() ?? ''
    if ([...segments, name].some(isForbiddenName)) throw new TypeError(`not a path that git can store: ${JSON.stringify(path)}`)
    let folder = root
    for (const segment of segments) {
      const next = folder.folders.get(segment) ?? { files: new Map(), folders: new Map() }
      folder.folders.set(segment, next)
      folder = next
    }
    folder.files.set(name, content)
  }
  return root
}

function isForbiddenName(name: string): boolean {
  return name === '' || name === '.' || name === '..' || name.toLowerCase() === '.git' || name.includes('\0')
}

/** Id of the changed tree; null when nothing is left in it. */
async function applyChanges(
  reader: ObjectReader,
  tree: string | null,
  changes: ChangedFolder,
  objects: Map<string, NewObject>,
): Promise<string | null> {
  const before = tree === null || tree === EMPTY_TREE ? [] : await reader.tree(tree)
  const entries = new Map<string, TreeEntry>(before.map((entry) => [entry.name, entry]))
  for (const [name, content] of changes.files) applyFile(entries, name, content, objects)
  for (const [name, folder] of changes.folders) {
    const entry = entries.get(name)
    const id = await applyChanges(reader, entry !== undefined && isFolder(entry) ? entry.id : null, folder, objects)
    if (id !== null) entries.set(name, { mode: FOLDER_MODE, name, id })
    else if (entry !== undefined && isFolder(entry)) entries.delete(name)
  }
  if (entries.size === 0) return null
  const object = createObject('tree', encodeTree([...entries.values()]))
  return object.id === tree ? tree : addObject(objects, object)
}

function applyFile(entries: Map<string, TreeEntry>, name: string, content: Uint8Array | null, objects: Map<string, NewObject>): void {
  const entry = entries.get(name)
  if (content === null) {
    if (entry !== undefined && !isFolder(entry)) entries.delete(name)
    return
  }
  const blob = createObject('blob', content)
  if (entry?.id === blob.id && isFile(entry)) return
  addObject(objects, blob)
  entries.set(name, { mode: FILE_MODE, name, id: blob.id })
}

function addObject(objects: Map<string, NewObject>, object: NewObject): string {
  objects.set(object.id, object)
  return object.id
}

import { createHash } from 'node:crypto'

/** The kinds of git objects that we read and write. */
export type ObjectType = 'commit' | 'tree' | 'blob'

/** One entry of a tree. `mode` is git's octal text as stored: `40000` for a folder, `100644` for a file. */
export interface TreeEntry {
  mode: string
  name: string
  id: string
}

/** What we need of a commit. */
export interface CommitObject {
  tree: string
  parents: string[]
  message: string
  /** Seconds since the Unix epoch, as the committer's clock had it. */
  committedAtSeconds: number
  /** Whether it carries a signature, good or not. */
  isSigned: boolean
}

/** An object made by us: `bytes` is the content without git's header. */
export interface NewObject {
  type: ObjectType
  id: string
  bytes: Uint8Array
}

/** Who a commit names as its author and committer. */
export interface Author {
  name: string
  email: string
}

/** What a commit that we make says. */
export interface CommitText {
  tree: string
  parents: readonly string[]
  message: string
  author: Author
  atSeconds: number
}

/** The tree without entries; git knows it without storing it. */
export const EMPTY_TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904'
/** Mode of a folder in a tree, as git writes it. */
export const FOLDER_MODE = '40000'
/** Mode of a file that is not executable. */
export const FILE_MODE = '100644'
const ID_BYTES = 20

/** The object with its id. */
export function createObject(type: ObjectType, bytes: Uint8Array): NewObject {
  return { type, id: objectId(type, bytes), bytes }
}

/** Git's SHA-1 id of an object. */
export function objectId(type: ObjectType, bytes: Uint8Array): string {
  return createHash('sha1').update(objectHeader(type, bytes.length)).update(bytes).digest('hex')
}

/** What git puts before the content when it hashes or stores an object. */
export function objectHeader(type: ObjectType, length: number): string {
  return `${type} ${length}\0`
}

/** Whether an entry of a tree is a folder. */
export function isFolder(entry: TreeEntry): boolean {
  return entry.mode === FOLDER_MODE
}

/** Whether it is a regular file: no symbolic link, no submodule. */
export function isFile(entry: TreeEntry): boolean {
  return entry.mode.startsWith('100')
}

/** Whether an entry of a tree is a file with the executable bit. */
export function isExecutable(entry: TreeEntry): boolean {
  return isFile(entry) && (Number.parseInt(entry.mode, 8) & 0o100) !== 0
}

/** The entries of a stored tree. Throws RangeError when the bytes are no tree. Own code because the library's refuses trees that hold names with a backslash. */
export function parseTree(bytes: Uint8Array): TreeEntry[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const entries: TreeEntry[] = []
  let at = 0
  while (at < buffer.length) {
    const space = buffer.indexOf(0x20, at)
    const end = buffer.indexOf(0, space)
    const next = end + 1 + ID_BYTES
    if (space < 0 || end < 0 || next > buffer.length) throw new RangeError('a tree object is cut off')
    entries.push({
      mode: buffer.toString('latin1', at, space),
      name: buffer.toString('utf8', space + 1, end),
      id: buffer.toString('hex', end + 1, next),
    })
    at = next
  }
  return entries
}

/** The bytes of a tree, in git's order: a folder sorts as if its name ended in `/`. */
export function encodeTree(entries: readonly TreeEntry[]): Uint8Array {
  const keyed = entries.map((entry) => ({ entry, key: Buffer.from(isFolder(entry) ? `${entry.name}/` : entry.name) }))
  keyed.sort((a, b) => Buffer.compare(a.key, b.key))
  return Buffer.concat(keyed.flatMap(({ entry }) => [Buffer.from(`${entry.mode} ${entry.name}\0`), Buffer.from(entry.id, 'hex')]))
}

/** What a stored commit says. Throws RangeError when the bytes are no commit. */
export function parseCommit(bytes: Uint8Array): CommitObject {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const blank = buffer.indexOf('\n\n')
  const headers = buffer.toString('utf8', 0, blank < 0 ? buffer.length : blank).split('\n')
  const tree = headers[0]?.startsWith('tree ') === true ? headers[0].slice(5) : null
  if (tree === null) throw new RangeError('a commit object names no tree')
  const message = blank < 0 ? buffer.subarray(buffer.length) : buffer.subarray(blank + 2)
  return {
    tree,
    parents: headers.filter((line) => line.startsWith('parent ')).map((line) => line.slice(7)),
    message: decodeMessage(message, headers.find((line) => line.startsWith('encoding '))?.slice(9)),
    committedAtSeconds: Number(headers.find((line) => line.startsWith('committer '))?.match(/> (\d+)/)?.[1] ?? 0),
    isSigned: headers.some((line) => line.startsWith('gpgsig ')),
  }
}

function decodeMessage(bytes: Uint8Array, encoding = 'utf-8'): string {
  try {
    return new TextDecoder(encoding).decode(bytes)
  } catch {
    // A charset that nobody knows: better a message with odd letters than none.
    return new TextDecoder().decode(bytes)
  }
}

/** The bytes of a commit, in UTC. */
export function encodeCommit(text: CommitText): Uint8Array {
  const who = `${text.author.name} <${text.author.email}> ${text.atSeconds} +0000`
  const parents = text.parents.map((parent) => `parent ${parent}\n`).join('')
  const message = text.message.endsWith('\n') ? text.message : `${text.message}\n`
  return Buffer.from(`tree ${text.tree}\n${parents}author ${who}\ncommitter ${who}\n\n${message}`)
}

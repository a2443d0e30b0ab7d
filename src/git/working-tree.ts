import { closeSync, fstatSync, lstatSync, openSync, readdirSync, readFileSync, readSync, type Dirent } from 'node:fs'
import { join } from 'node:path'
import type { FileEntry, Files } from '../definitions/files.ts'
import { errorCode, isAbsent } from './failures.ts'
import { objectId } from './objects.ts'
import { GitError } from './ports.ts'
import { byCodeUnits, pathSegments } from './tree-walk.ts'

/**
 * The regular files below a folder of this disk, as a commit of them would hold them: symbolic links are left out, also
 * on the way to a file, and so is every `.git`. Ignore rules are not read. What an entry tells beside its path is looked up when it is
 * first asked for. Rejects with GitError `Storage` when something may not be read. For the command line: it holds the thread while it
 * reads, which for thousands of small files takes a tenth of the time.
 */
export function createWorkingTreeFiles(root: string): Files {
  return {
    list: (folder) =>
      attempt(() => {
        const segments = pathSegments(folder)
        const paths: string[] = []
        if (isPlainPath(root, segments, 'folder')) collectPaths(root, segments, paths)
        return paths.sort(byCodeUnits).map((path) => createEntry(root, path))
      }),
    read: (path, maxBytes) =>
      attempt(() => {
        const segments = pathSegments(path)
        return isPlainPath(root, segments, 'file') ? readUpTo(join(root, ...segments), maxBytes) : null
      }),
  }
}

function attempt<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => {
    resolve(work())
  })
}

function createEntry(root: string, path: string): FileEntry {
  let id: string | null = null
  return {
    path,
    get id() {
      id ??= hashFile(root, path)
      return id
    },
    get executable() {
      const found = readOrNull(() => lstatSync(join(root, path)), path)
      return found !== null && (found.mode & 0o100) !== 0
    },
  }
}

function hashFile(root: string, path: string): string {
  try {
    return objectId('blob', readFileSync(join(root, path)))
  } catch {
    // Gone since it was listed: an id that no content has, so that nobody takes it for a file that he knows.
    return `unreadable:${path}`
  }
}

/** Whether every part of the path is a real folder, and the last what is asked for. */
function isPlainPath(root: string, segments: readonly string[], last: 'folder' | 'file'): boolean {
  if (segments.some((segment) => segment === '..' || isGitFolder(segment))) return false
  for (let length = 1; length <= segments.length; length++) {
    const found = readOrNull(() => lstatSync(join(root, ...segments.slice(0, length))), root)
    const wantFile = length === segments.length && last === 'file'
    if (found === null || (wantFile ? !found.isFile() : !found.isDirectory())) return false
  }
  return last === 'folder' || segments.length > 0
}

function collectPaths(root: string, folder: readonly string[], paths: string[]): void {
  const path = join(root, ...folder)
  const entries: Dirent[] = readOrNull(() => readdirSync(path, { withFileTypes: true }), path) ?? []
  for (const entry of entries) {
    if (isGitFolder(entry.name)) continue
    if (entry.isDirectory()) collectPaths(root, [...folder, entry.name], paths)
    else if (entry.isFile()) paths.push([...folder, entry.name].join('/'))
  }
}

function isGitFolder(name: string): boolean {
  return name.toLowerCase() === '.git'
}

function readUpTo(path: string, maxBytes: number | undefined): Uint8Array | null {
  return readOrNull(() => {
    const file = openSync(path, 'r')
    try {
      if (maxBytes === undefined) return readFileSync(file)
      const buffer = new Uint8Array(Math.min(maxBytes + 1, fstatSync(file).size))
      return buffer.subarray(0, readSync(file, buffer, 0, buffer.length, 0))
    } finally {
      closeSync(file)
    }
  }, path)
}

function readOrNull<T>(read: () => T, path: string): T | null {
  try {
    return read()
  } catch (error) {
    if (isAbsent(error)) return null
    throw new GitError('Storage', `cannot read ${path} (${errorCode(error)}): let the user that Fusee runs as read it`, { cause: error })
  }
}

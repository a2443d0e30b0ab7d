import type { Dirent } from 'node:fs'
import { readFileSync } from 'node:fs'
import { lstat, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { FileEntry, Files } from '../definitions/files.ts'
import { errorCode, isAbsent } from './failures.ts'
import { createLimiter } from './limiter.ts'
import { objectId } from './objects.ts'
import { GitError } from './ports.ts'
import { byCodeUnits, pathSegments } from './tree-walk.ts'

const PARALLEL_READS = 32

/**
 * The regular files below a folder of this disk, as a commit of them would hold them: symbolic links are left out, also
 * on the way to a file, and so is every `.git`. Ignore rules are not read. An entry's id is git's blob id; the file is
 * read for it when `id` is first looked at. Rejects with GitError `Storage` when something may not be read.
 */
export function createWorkingTreeFiles(root: string): Files {
  const limit = createLimiter(PARALLEL_READS)
  return {
    async list(folder) {
      const segments = pathSegments(folder)
      if (!(await isPlainPath(root, segments, 'folder'))) return []
      const paths: string[] = []
      await collectPaths(root, segments, paths)
      return Promise.all(paths.sort(byCodeUnits).map((path) => limit(() => createEntry(root, path))))
    },
    async read(path, maxBytes) {
      const segments = pathSegments(path)
      if (!(await isPlainPath(root, segments, 'file'))) return null
      return limit(() => readUpTo(join(root, ...segments), maxBytes))
    },
  }
}

async function createEntry(root: string, path: string): Promise<FileEntry> {
  const found = await readOrNull(lstat(join(root, path)), path)
  const executable = found !== null && (found.mode & 0o100) !== 0
  let id: string | null = null
  return {
    path,
    ...(executable ? { executable } : {}),
    get id() {
      id ??= hashFile(root, path)
      return id
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
async function isPlainPath(root: string, segments: readonly string[], last: 'folder' | 'file'): Promise<boolean> {
  if (segments.some((segment) => segment === '..' || isGitFolder(segment))) return false
  for (let length = 1; length <= segments.length; length++) {
    const found = await readOrNull(lstat(join(root, ...segments.slice(0, length))), root)
    const wantFile = length === segments.length && last === 'file'
    if (found === null || (wantFile ? !found.isFile() : !found.isDirectory())) return false
  }
  return last === 'folder' || segments.length > 0
}

async function collectPaths(root: string, folder: readonly string[], paths: string[]): Promise<void> {
  const path = join(root, ...folder)
  const entries: Dirent[] = (await readOrNull(readdir(path, { withFileTypes: true }), path)) ?? []
  for (const entry of entries) {
    if (isGitFolder(entry.name)) continue
    if (entry.isDirectory()) await collectPaths(root, [...folder, entry.name], paths)
    else if (entry.isFile()) paths.push([...folder, entry.name].join('/'))
  }
}

function isGitFolder(name: string): boolean {
  return name.toLowerCase() === '.git'
}

async function readUpTo(path: string, maxBytes: number | undefined): Promise<Uint8Array | null> {
  const file = await readOrNull(open(path, 'r'), path)
  if (file === null) return null
  try {
    if (maxBytes === undefined) return await file.readFile()
    const buffer = Buffer.alloc(Math.min(maxBytes + 1, (await file.stat()).size))
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

async function readOrNull<T>(reading: Promise<T>, path: string): Promise<T | null> {
  try {
    return await reading
  } catch (error) {
    if (isAbsent(error)) return null
    throw new GitError('Storage', `cannot read ${path} (${errorCode(error)}): let the user that Fusee runs as read it`, { cause: error })
  }
}

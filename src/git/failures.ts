import { GitError } from './ports.ts'

/** User name and password, as they stand in a URL. */
export const CREDENTIALS = /[^/@]*:[^/@]*@/

/** The beginning of a URL without its scheme, as in `token@git.example.com/acme`. */
export const USER_AND_HOST = /^[^/\\@]+@[^/\\@:]+\.[^/\\@:]+\//

/** The URL as it may be shown and logged: without user name, password, query and fragment. A local path stays as it is. */
export function showUrl(url: string): string {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(url)) return url.replace(CREDENTIALS, '***@').replace(/^([a-z]+:\/?)?[^/@]*@(?=[^/@]+\/)/i, '$1***@')
  try {
    const parsed = new URL(url)
    return `${parsed.protocol}//${parsed.host}${parsed.pathname}`
  } catch {
    return '(a URL that cannot be read)'
  }
}

/** The code of a system or library error, as in `ENOENT`; empty when it has none. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

/** Whether a file or folder, or one on the way to it, is not there. */
export function isAbsent(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(errorCode(error))
}

/** A failed write as GitError `Storage`. A GitError stays what it is. */
export function storageError(error: unknown, folder: string): GitError {
  if (error instanceof GitError) return error
  const code = errorCode(error)
  const reason = STORAGE_REASONS[code] ?? `writing failed (${code === '' ? String(error) : code}): look at that folder and its disk`
  return new GitError('Storage', `cannot write to ${folder}: ${reason}`, { cause: error })
}

const STORAGE_REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full; make room',
  EDQUOT: 'the disk quota is used up; make room or raise it',
  EFBIG: 'a file would exceed the largest size allowed here; raise the limit',
  EROFS: 'the file system is read-only; mount it writable or choose another folder',
  EACCES: 'permission denied; let the user that Fusee runs as write there',
  EPERM: 'not permitted; let the user that Fusee runs as write there',
  EMFILE: 'too many files are open; raise the limit of open files',
}

/** What becomes of work that begins when its repository has been closed. */
export function closedError(where: string): GitError {
  return new GitError('Unreachable', `${where} is not asked any more: it was closed here`)
}

/** Shorter ones would mask ordinary text. */
const SHORTEST_SECRET = 4

/** Text from elsewhere as one short line for a message: no control characters, none of the secrets. */
export function oneLine(text: string, secrets: readonly string[] = [], longest = 400): string {
  let line = text
  for (const secret of secrets) if (secret.length >= SHORTEST_SECRET) line = line.replaceAll(secret, '***')
  line = line.replace(/[\u0000-\u001f\u007f]+/g, ' ').trim()
  return line.length > longest ? `${line.slice(0, longest)}…` : line
}

import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { parseRepositoryDocument, type RepositoryDocument } from '../config/repository-document.ts'
import type { Shell } from './shell.ts'
import { UsageError } from './shell.ts'

/** Reads the Repository document that the user names. Throws UsageError with what is wrong with it. */
export async function readRepositoryDocument(file: string): Promise<RepositoryDocument> {
  try {
    return parseRepositoryDocument(await readFile(file, 'utf8'), file)
  } catch (error) {
    const reason = UNREADABLE[(error as NodeJS.ErrnoException).code ?? '']
    if (reason !== undefined) throw new UsageError(`cannot read ${file}: ${reason}`, { cause: error })
    if (error instanceof TypeError) throw new UsageError(error.message, { cause: error })
    throw error
  }
}

/** What `--repository` and `--path` say: the Repository document, null without one, and the folder of the definitions. Throws UsageError. */
export async function readChosenRepository(
  { workingDirectory }: Pick<Shell, 'workingDirectory'>,
  options: { repository?: string; path?: string },
): Promise<{ document: RepositoryDocument | null; folder: string }> {
  const document = options.repository === undefined ? null : await readRepositoryDocument(path.resolve(workingDirectory, options.repository))
  return { document, folder: options.path ?? document?.spec.path ?? 'workflows' }
}

const UNREADABLE: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder; name the file in it',
  EACCES: 'permission denied; let this user read it',
}

import { readFile } from 'node:fs/promises'
import { parseRepositoryDocument, type RepositoryDocument } from '../config/repository-document.ts'
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

const UNREADABLE: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder; name the file in it',
  EACCES: 'permission denied; let this user read it',
}

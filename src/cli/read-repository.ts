import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { parseRepositoryDocument, RepositoryDocumentError, type RepositoryDocument } from '../config/repository-document.ts'
import { formatDiagnostics } from '../definitions/format-diagnostics.ts'
import { compareProblems } from '../definitions/problem.ts'
import { decodeText } from '../definitions/source/decode-text.ts'
import type { Shell } from './shell.ts'
import { UsageError } from './shell.ts'

/** Reads the Repository document that the user names, and by which it is called in messages. Throws UsageError that shows every problem in its line. */
export async function readRepositoryDocument(written: string, { workingDirectory }: Pick<Shell, 'workingDirectory'>): Promise<RepositoryDocument> {
  const file = path.resolve(workingDirectory, written)
  try {
    const bytes = await readFile(file)
    const decoded = decodeText(bytes)
    if (decoded.kind === 'Refused') throw new UsageError(`cannot read ${written}: ${decoded.message}`)
    return parse(decoded.text, written)
  } catch (error) {
    const reason = UNREADABLE[(error as NodeJS.ErrnoException).code ?? '']
    if (reason !== undefined) throw new UsageError(`cannot read ${written}: ${reason}`, { cause: error })
    throw error
  }
}

function parse(text: string, file: string): RepositoryDocument {
  try {
    return parseRepositoryDocument(text, file)
  } catch (error) {
    if (!(error instanceof RepositoryDocumentError)) throw error
    const diagnostics = error.problems.map(({ field: _, ...problem }) => ({ file, ...problem })).sort(compareProblems)
    const details = formatDiagnostics(diagnostics, new Map([[file, text]]))
    throw new UsageError(`${file} is no Repository that can be used:`, { cause: error, details })
  }
}

/** What `--repository` and `--path` say: the Repository document, null without one, and the folder of the definitions. Throws UsageError. */
export async function readChosenRepository(
  shell: Pick<Shell, 'workingDirectory'>,
  options: { repository?: string; path?: string },
): Promise<{ document: RepositoryDocument | null; folder: string }> {
  const document = options.repository === undefined ? null : await readRepositoryDocument(options.repository, shell)
  return { document, folder: options.path ?? document?.spec.path ?? 'workflows' }
}

const UNREADABLE: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder; name the file in it',
  EACCES: 'permission denied; let this user read it',
}

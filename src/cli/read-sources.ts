import type { Files } from '../definitions/files.ts'
import { decodeText } from '../definitions/source/decode-text.ts'
import type { Diagnostic } from '../definitions/workflow.ts'

/** The text of every file that a diagnostic is in, for code frames. */
export async function readSources(diagnostics: readonly Diagnostic[], files: Files): Promise<Map<string, string>> {
  const sources = new Map<string, string>()
  for (const file of new Set(diagnostics.map((diagnostic) => diagnostic.file))) {
    const bytes = await files.read(file)
    const decoded = bytes ? decodeText(bytes) : null
    if (decoded?.kind === 'Text') sources.set(file, decoded.text)
  }
  return sources
}

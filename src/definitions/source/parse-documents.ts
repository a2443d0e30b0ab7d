import type { Problem } from '../problem.ts'
import { createLineIndex } from './line-index.ts'
import { readPlain } from './read-plain.ts'
import { TOO_MANY_VALUES } from './read-tokens.ts'
import { readWithCare } from './read-with-care.ts'
import type { SourceDocument } from './source-node.ts'

/** The documents of a file that could be read, and what is wrong with the others. */
export interface ParsedText {
  documents: SourceDocument[]
  problems: Problem[]
  /** Whether a part of the text could not be read: what it declares is unknown. */
  isUnreadable: boolean
}

/** Reads YAML, of which JSON is a part, into documents with places. Empty documents are left out. Never throws. */
export function parseDocuments(text: string): ParsedText {
  const lines = createLineIndex(text)
  const plain = readPlain(text)
  if (!plain) return readWithCare(text, lines)
  if (plain.kind === 'TooMany') {
    return { documents: [], problems: [{ ...lines.positionAt(plain.offset), severity: 'error', ...TOO_MANY_VALUES }], isUnreadable: true }
  }
  const { roots } = plain
  const documents = roots.filter(({ json }) => json !== null).map((root) => ({ root, text, isFaulty: false, positionAt: lines.positionAt }))
  return { documents, problems: [], isUnreadable: false }
}

import { Composer, visit, type CST, type Document } from 'yaml'
import { excerpt } from '../excerpt.ts'
import type { Problem } from '../problem.ts'
import { buildSource, type SourceFault } from './build-source.ts'
import type { LineIndex } from './line-index.ts'
import type { ParsedText } from './parse-documents.ts'
import { readTokens } from './read-tokens.ts'

/** What to do about faults whose message by the parser does not say so. */
const ADVICE: Record<string, string> = {
  TAB_AS_INDENT: 'indent with spaces',
  BAD_INDENT: 'check the indentation of this line and the ones above it',
  BLOCK_AS_IMPLICIT_KEY: 'start a new line after the first colon, or quote the value',
  MISSING_CHAR: 'check the quotes, brackets and colons here and above',
  BAD_SCALAR_START: 'quote the value',
  BAD_DQ_ESCAPE: 'double the backslash, or use single quotes',
  UNEXPECTED_TOKEN: 'check the indentation and brackets here and above',
  TAG_RESOLVE_FAILED: 'take the tag out',
}

/** The whole of YAML, and what is wrong with a text that is none. Never throws. */
export function readWithCare(text: string, lines: LineIndex): ParsedText {
  const parsed: ParsedText = { documents: [], problems: [], isUnreadable: false }
  try {
    const read = readTokens(text)
    if (read.kind === 'Exceeded') return { documents: [], problems: [problemOf(lines, read.exceeded)], isUnreadable: true }
    for (const document of withoutStacks(() => compose(read.tokens))) addDocument(parsed, document, text, lines)
  } catch (error) {
    // A file must never stop the others, whatever the parser makes of it.
    const message = `the file cannot be read as YAML: ${excerpt(error instanceof Error ? error.message : error)}`
    parsed.problems.push(problemOf(lines, { rule: 'yaml-syntax', message, offset: 0 }))
    parsed.isUnreadable = true
  }
  return parsed
}

function compose(tokens: readonly CST.Token[]): Document.Parsed[] {
  return [...new Composer({ prettyErrors: false, uniqueKeys: false, schema: 'core', merge: false, logLevel: 'silent' }).compose(tokens)]
}

/** The parser makes an error object for every fault, of which only the first is told; their call stacks are most of what broken files cost. */
function withoutStacks<Result>(work: () => Result): Result {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 0
  try {
    return work()
  } finally {
    Error.stackTraceLimit = limit
  }
}

function addDocument(parsed: ParsedText, document: Document.Parsed, text: string, lines: LineIndex): void {
  // The parser stumbles on after its first error; what it then reports is mostly a consequence.
  const error = document.errors[0] ?? document.warnings.find((warning) => warning.code === 'TAG_RESOLVE_FAILED')
  if (error) {
    parsed.isUnreadable = true
    const quote = findOpenQuote(document)
    if (quote !== null && quote <= error.pos[0]) {
      const message = 'this quote is not closed, so that what follows is taken for its text; close it, or take it out'
      parsed.problems.push(problemOf(lines, { rule: 'yaml-syntax', message, offset: quote }))
      return
    }
    const advice = ADVICE[error.code]
    const message = `${lowerFirst(firstLine(error.message))}${advice ? `; ${advice}` : ''}`
    parsed.problems.push(problemOf(lines, { rule: 'yaml-syntax', message, offset: error.pos[0] }))
    return
  }
  const { root, faults } = buildSource(document.contents)
  parsed.problems.push(...faults.map((fault) => problemOf(lines, fault)))
  const isFaulty = faults.length > 0
  if (root && root.json !== null) parsed.documents.push({ root, text, isFaulty, positionAt: lines.positionAt })
  else if (isFaulty) parsed.isUnreadable = true
}

/** Where a quoted text begins that is not closed; null when there is none. */
function findOpenQuote(document: Document.Parsed): number | null {
  const end = document.errors.find(({ code, message }) => code === 'MISSING_CHAR' && /^Missing closing .quote/.test(message))?.pos[0]
  if (end === undefined) return null
  let start: number | null = null
  visit(document, {
    Scalar(_key, { type, range }) {
      if ((type === 'QUOTE_DOUBLE' || type === 'QUOTE_SINGLE') && range && range[0] < end && range[1] >= end) start = range[0]
    },
  })
  return start
}

function problemOf(lines: LineIndex, fault: Omit<SourceFault, 'rule'> & { rule: string }): Problem {
  return { ...lines.positionAt(fault.offset), severity: 'error', rule: fault.rule, message: fault.message }
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0] ?? message
}

function lowerFirst(message: string): string {
  return message.slice(0, 1).toLowerCase() + message.slice(1)
}

import { Lexer } from 'yaml'

/** Bounds that a file must keep before it is parsed: the parser recurses, and deep flow nesting aborts the whole process. */
export const BOUNDS = { depth: 64, aliases: 1000, tokens: 250_000 } as const

/** What the file exceeds, and where. */
export interface BoundExceeded {
  rule: 'nesting-too-deep' | 'too-many-aliases' | 'too-many-tokens'
  message: string
  offset: number
}

/** Marks of the lexer: what follows is a scalar's text; an unfinished flow collection ends. */
const SCALAR_FOLLOWS = '\u001f'
const FLOW_ENDS = '\u0018'
const DOCUMENT_STARTS = '\u0002'

/** Looks at tokens only, so that it takes time proportional to the text and no stack. */
export function checkBounds(text: string): BoundExceeded | null {
  const nesting = createNesting()
  let offset = 0
  let tokens = 0
  let aliases = 0
  let lineStart = 0
  let isText = false
  for (const token of new Lexer().lex(text)) {
    if (++tokens > BOUNDS.tokens) return { rule: 'too-many-tokens', message: 'the file has too many values; split it', offset }
    if (token === SCALAR_FOLLOWS || token === FLOW_ENDS || token === DOCUMENT_STARTS) {
      if (token === FLOW_ENDS) nesting.endFlow()
      isText = token === SCALAR_FOLLOWS
      continue
    }
    if (!isText && token.startsWith('*') && ++aliases > BOUNDS.aliases) {
      return { rule: 'too-many-aliases', message: `the file has more than ${BOUNDS.aliases} aliases; write the values out`, offset }
    }
    if (nesting.add(isText ? '' : token, offset - lineStart) > BOUNDS.depth) {
      return { rule: 'nesting-too-deep', message: `values are nested deeper than ${BOUNDS.depth} levels; flatten them`, offset }
    }
    const lastLineBreak = token.lastIndexOf('\n')
    if (lastLineBreak >= 0) lineStart = offset + lastLineBreak + 1
    if (lastLineBreak === token.length - 1) nesting.startLine()
    offset += token.length
    isText = false
  }
  return null
}

/**
 * How deep a token may lie at most. A block collection starts at the column of its first token, which is the first of its line or follows
 * another start on that line; so the columns of starts that no later line has gone back behind bound the number of open collections.
 */
function createNesting() {
  const columns: number[] = []
  let flow = 0
  let isLineStart = true
  let mayStart = true
  return {
    /** Adds the token ('' for a scalar's text) that starts at this column; returns the depth. */
    add(token: string, column: number): number {
      if (token === '[' || token === '{') flow++
      else if ((token === ']' || token === '}') && flow > 0) flow--
      else if (flow === 0 && mayStart && !/^[\s#]/.test(token)) start(token, column)
      return flow + columns.length
    },
    startLine() {
      isLineStart = true
      mayStart = true
    },
    endFlow() {
      flow = 0
    },
  }

  function start(token: string, column: number): void {
    if (isLineStart) while ((columns.at(-1) ?? -1) > column) columns.pop()
    if ((columns.at(-1) ?? -1) < column) columns.push(column)
    isLineStart = false
    mayStart = /^[-?:]$|^[&!]/.test(token)
  }
}

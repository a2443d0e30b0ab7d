import { Lexer, Parser, type CST } from 'yaml'

/** Bounds on what a file may hold. */
export const BOUNDS = { depth: 64, aliases: 1000, tokens: 100_000 } as const

/** What stands where nothing may stand, of which so much is read: only the first of each document is told, and each costs as much as a hundred values. */
const MOST_STRAYS = 1000

/** What the file exceeds, and where. */
export interface BoundExceeded {
  rule: 'nesting-too-deep' | 'too-many-aliases' | 'too-many-tokens'
  message: string
  offset: number
}

/** What is said of a file with too many values. */
export const TOO_MANY_VALUES = { rule: 'too-many-tokens', message: 'the file has too many values; split it' } as const

/** Mark of the lexer: what follows is a scalar's text. */
const SCALAR_FOLLOWS = '\u001f'

const COLLECTIONS: readonly string[] = ['block-map', 'block-seq', 'flow-collection']

/**
 * The tokens of a text, for a composer. The parser is stopped where it has more collections open than the bound allows: parser
 * and composer recurse, some broken texts nest without end, and a stack that runs out within a regular expression aborts the
 * whole process, whatever one catches.
 */
export function readTokens(text: string): { kind: 'Tokens'; tokens: CST.Token[] } | { kind: 'Exceeded'; exceeded: BoundExceeded } {
  const parser = new Parser()
  const tokens: CST.Token[] = []
  let count = 0
  let aliases = 0
  let strays = 0
  let isText = false
  for (const lexeme of new Lexer().lex(text)) {
    const { offset } = parser
    if (++count > BOUNDS.tokens) return exceeded(TOO_MANY_VALUES.rule, TOO_MANY_VALUES.message, offset)
    if (!isText && lexeme.startsWith('*') && ++aliases > BOUNDS.aliases) {
      return exceeded('too-many-aliases', `the file has more than ${BOUNDS.aliases} aliases; write the values out`, offset)
    }
    isText = !isText && lexeme === SCALAR_FOLLOWS
    for (const token of parser.next(lexeme)) {
      tokens.push(token)
      if (token.type === 'error') strays++
    }
    if (strays > MOST_STRAYS) break
    if (isTooDeep(parser.stack)) return exceeded('nesting-too-deep', `values are nested deeper than ${BOUNDS.depth} levels; flatten them`, offset)
  }
  tokens.push(...parser.end())
  return { kind: 'Tokens', tokens }
}

function isTooDeep(stack: readonly CST.Token[]): boolean {
  return stack.length > BOUNDS.depth && stack.filter(({ type }) => COLLECTIONS.includes(type)).length > BOUNDS.depth
}

function exceeded(rule: BoundExceeded['rule'], message: string, offset: number) {
  return { kind: 'Exceeded', exceeded: { rule, message, offset } } as const
}

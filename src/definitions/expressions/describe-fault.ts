/** Words of the library's messages for tokens, as they are written. */
const TOKENS: Readonly<Record<string, string>> = {
  EOF: 'the end',
  RPAREN: '")"',
  LPAREN: '"("',
  RBRACKET: '"]"',
  LBRACKET: '"["',
  RBRACE: '"}"',
  LBRACE: '"{"',
  IDENTIFIER: 'a name',
  COLON: '":"',
  COMMA: '","',
  DOT: '"."',
  QUESTION: '"?"',
  STRING: 'text',
  NUMBER: 'a number',
}

/** A fault that CEL's library found, in our words; `code` is stable, the summary is what it says. */
export function describeCelFault(code: string, summary: string): string {
  switch (code) {
    case 'no_such_overload':
      return describeOperator(summary)
    case 'no_matching_overload':
      return `${summary.replace('found no matching overload for', 'no function takes')}; convert the values with int(), double() or string()`
    case 'invalid_condition_type':
    case 'invalid_logical_operand':
      return `${lowerFirst(summary)}; compare it with something`
    case 'incompatible_ternary_branches':
      return `${lowerFirst(summary)}; convert one of them`
    case 'unexpected_token':
    case 'expected_token':
      return lowerFirst(summary).replaceAll(/\b[A-Z]{3,}\b/g, (word) => TOKENS[word] ?? word.toLowerCase())
    case 'unexpected_character':
      return summary.includes("'='") || summary.endsWith(': =') ? 'a single "=" compares nothing; write "=="' : lowerFirst(summary)
    case 'limit_exceeded':
      return 'the expression is too large or nested too deeply; make it simpler'
    case 'field_type_mismatch':
    case 'list_item_type_mismatch':
      return `${lowerFirst(summary)}${summary.includes("'null'") ? '; compare with null where a value may be missing' : ''}`
    default:
      return lowerFirst(summary)
  }
}

function describeOperator(summary: string): string {
  const operands = /: (.+) (\S+) (\S.*)$/.exec(summary)
  if (!operands) return lowerFirst(summary)
  const [left = '', operator = '', right = ''] = operands.slice(1).map((operand) => operand.replace(/^dyn<(.*)>$/, '$1'))
  return `"${operator}" does not take ${word(left)} and ${word(right)}; ${advice([left, right])}`
}

function advice(types: readonly string[]): string {
  if (types.includes('null')) return 'only one that may be missing can be null'
  if (types.includes('int') && types.includes('double')) return 'write 2.0 instead of 2, or convert with double()'
  if (types.includes('string') && types.includes('int')) return 'convert with int() or string(), or quote the number'
  return types.includes('string') ? 'convert with string()' : 'convert one of them'
}

const WORDS: Readonly<Record<string, string>> = { string: 'text', int: 'a whole number', double: 'a number', bool: 'true or false', null: 'null' }

function word(type: string): string {
  if (type.startsWith('list')) return 'a list'
  if (type.startsWith('map')) return 'a map of fields'
  return WORDS[type] ?? type
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1)
}

import { isDeepStrictEqual } from 'node:util'
import { excerpt } from './excerpt.ts'
import type { Param } from './workflow.ts'

/** Longest text that is matched against a pattern: patterns may take time that grows fast with the text. */
const LONGEST_MATCHED = 4096

/** What is wrong with a value for this parameter, for the end of a sentence about it (`must be a whole number, not "two"`); null when nothing is. */
export function checkParamValue(param: Param, value: unknown): string | null {
  const type = checkParamType(param.type, value)
  if (type !== null) return type
  if (param.enum && !param.enum.some((allowed) => isDeepStrictEqual(allowed, value))) {
    return `must be one of ${param.enum.map(excerpt).join(', ')}, not ${excerpt(value)}`
  }
  if (param.pattern !== undefined && typeof value === 'string') return checkPattern(param.pattern, value)
  return null
}

/** What is wrong with the type of a value; null when nothing is. */
export function checkParamType(type: Param['type'], value: unknown): string | null {
  if (isOfType(type, value)) return null
  const quote = type === 'string' && (typeof value === 'number' || typeof value === 'boolean') ? `; quote it: "${String(value)}"` : ''
  return `must be ${TYPE_WORDS[type]}, not ${excerpt(value)}${quote}`
}

/** The pattern as an expression, or null when it is none. It matches anywhere in the text, as in JSON Schema. */
export function compilePattern(pattern: string): RegExp | null {
  try {
    return new RegExp(pattern, 'u')
  } catch {
    return null
  }
}

const TYPE_WORDS = {
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map of fields',
} satisfies Record<Param['type'], string>

function isOfType(type: Param['type'], value: unknown): boolean {
  switch (type) {
    case 'string':
    case 'boolean':
      return typeof value === type
    case 'integer':
      return Number.isSafeInteger(value)
    case 'number':
      return Number.isFinite(value)
    case 'array':
      return Array.isArray(value)
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value)
  }
}

function checkPattern(pattern: string, value: string): string | null {
  if (value.length > LONGEST_MATCHED) return `must have at most ${LONGEST_MATCHED} characters, since it has a pattern`
  const expression = compilePattern(pattern)
  if (!expression || expression.test(value)) return null
  return `must match ${pattern}, which ${excerpt(value)} does not`
}

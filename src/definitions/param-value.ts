import { isDeepStrictEqual } from 'node:util'
import { RE2JS, RE2JSException } from 're2js'
import { createContentCache } from './content-cache.ts'
import type { Param } from './workflow.ts'

/** Most characters of a value, as JSON: it must fit into an environment variable beside others. */
const LONGEST_VALUE = 32_768

/** Most characters of a value that are shown in a message. */
const LONGEST_SHOWN = 40

const TYPE_WORDS = {
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map of fields',
} satisfies Record<Param['type'], string>

/**
 * What is wrong with a value for this parameter, for the end of a sentence about it (`must be a whole number, not "two"`); null when
 * nothing is. A pattern may match anywhere in the text.
 */
export function checkParamValue(param: Param, value: unknown): string | null {
  if (!isOfType(param.type, value)) return `must be ${TYPE_WORDS[param.type]}, not ${show(value)}${quoteAdvice(param.type, value)}`
  if (sizeOf(value) > LONGEST_VALUE) return `must have at most ${LONGEST_VALUE} characters`
  if (param.enum !== undefined && !param.enum.some((allowed) => isDeepStrictEqual(allowed, value))) {
    return `must be one of ${param.enum.map(show).join(', ')}, not ${show(value)}`
  }
  if (param.pattern === undefined || typeof value !== 'string') return null
  return checkPattern(param.pattern, value)
}

/** Few patterns are in many places, and compiling one costs more than all else about a parameter. */
const compiledPatterns = createContentCache<RE2JS>(1000)

function compilePattern(pattern: string): RE2JS {
  const known = compiledPatterns.get(pattern)
  if (known) return known
  const compiled = RE2JS.compile(pattern)
  compiledPatterns.set(pattern, compiled)
  return compiled
}

/** What is wrong with a pattern; null when nothing is. */
export function checkPatternSyntax(pattern: string): string | null {
  try {
    compilePattern(pattern)
    return null
  } catch (error) {
    if (error instanceof RE2JSException) return `${error.message} (patterns are RE2's, as in Kubernetes: no look-around, no back references)`
    throw error
  }
}

/**
 * Values come from outside and patterns with a push, and a backtracking engine can be made to take for ever on 30 characters: RE2's
 * time is linear.
 */
function checkPattern(pattern: string, value: string): string | null {
  const wrong = checkPatternSyntax(pattern)
  if (wrong !== null) return `cannot be checked, its pattern is wrong: ${wrong}`
  return compilePattern(pattern).matcher(value).find() ? null : `must match ${pattern}, which ${show(value)} does not`
}

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

/** YAML takes `1` for a number and `yes` for text: who wants text of a number has to say so. */
function quoteAdvice(type: Param['type'], value: unknown): string {
  return type === 'string' && (typeof value === 'number' || typeof value === 'boolean') ? `; quote it: "${value}"` : ''
}

/** Characters of a value as JSON; infinite for one that is nested so deeply that it cannot be written. */
function sizeOf(value: unknown): number {
  try {
    return JSON.stringify(value).length
  } catch (error) {
    if (error instanceof RangeError) return Infinity
    throw error
  }
}

function show(value: unknown): string {
  if (sizeOf(value) > LONGEST_VALUE) return 'something very large'
  const text = JSON.stringify(value)
  return text.length <= LONGEST_SHOWN ? text : `${text.slice(0, LONGEST_SHOWN)}…`
}

import { isDeepStrictEqual } from 'node:util'
import { RE2JS, RE2JSException } from 're2js'
import { excerpt } from '../definitions/excerpt.ts'
import { checkParamType } from '../definitions/param-values.ts'
import type { Param } from '../definitions/workflow.ts'

/** Most characters of a value, as JSON: it must fit into an environment variable beside others. */
const LONGEST_VALUE = 32_768

/**
 * What is wrong with a value that was given for this parameter, for the end of a sentence about it (`must be a whole number, not
 * "two"`); null when nothing is. A pattern may match anywhere in the text.
 */
export function checkGivenValue(param: Param, value: unknown): string | null {
  if (sizeOf(value) > LONGEST_VALUE) return `must have at most ${LONGEST_VALUE} characters`
  const wrongType = checkParamType(param.type, value)
  if (wrongType !== null) return wrongType
  if (param.enum !== undefined && !param.enum.some((allowed) => isDeepStrictEqual(allowed, value))) {
    return `must be one of ${param.enum.map(excerpt).join(', ')}, not ${excerpt(value)}`
  }
  if (param.pattern === undefined || typeof value !== 'string') return null
  return checkPattern(param.pattern, value)
}

/** What is wrong with a pattern; null when nothing is. */
export function checkPatternSyntax(pattern: string): string | null {
  try {
    RE2JS.compile(pattern)
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
  return RE2JS.compile(pattern).matcher(value).find() ? null : `must match ${pattern}, which ${excerpt(value)} does not`
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

import { excerpt } from '../excerpt.ts'
import { didYouMean } from '../near-names.ts'
import type { ExpressionFault } from './references.ts'
import { boundName, visitTree, type ExpressionNode } from './syntax-tree.ts'

/**
 * Bounds on an expression. `nested` is how many lists may be walked within each other: with lists as long as a value may be, a third level is
 * never meant.
 */
export const EXPRESSION_BOUNDS = { characters: 2000, nodes: 500, depth: 32, items: 100, nested: 2 } as const

/** Everything that an expression may call. What is left out of CEL depends on the machine's time zone, can run for ever, or makes what has no JSON form. */
const CALLS: readonly string[] = [
  ...['has', 'size', 'int', 'double', 'string', 'bool', 'dyn', 'timestamp', 'duration'],
  ...['all', 'exists', 'exists_one', 'filter', 'map', 'join'],
  ...['contains', 'endsWith', 'indexOf', 'lastIndexOf', 'lowerAscii', 're', 'split', 'startsWith', 'substring', 'trim', 'upperAscii'],
  ...['getDate', 'getDayOfMonth', 'getDayOfWeek', 'getFullYear', 'getHours', 'getMinutes', 'getMonth', 'getSeconds', 'getMilliseconds'],
]

/** Calls that take a time zone when they take anything: the library then reads the machine's clock settings. */
const TIME_PARTS = /^get[A-Z]/

const OF_STEPS = 'how steps before have ended is asked by "dependsOn": [{step: load, when: Failed}], or Always; or compare steps.load.result'

const INSTEAD: Readonly<Record<string, string>> = {
  always: OF_STEPS,
  cancelled: OF_STEPS,
  failure: OF_STEPS,
  success: OF_STEPS,
  matches: 'matches() can run for ever on a few characters; write re(), with the same patterns as RE2',
  getDayOfYear: 'getDayOfYear() depends on the time zone of the machine; work with getMonth() and getDate()',
  bytes: 'bytes have no JSON form; use text',
  uint: 'unsigned numbers have no JSON form; use int()',
}

const MAX_INTEGER = 2n ** 63n

/** What CEL allows and Fusee does not, first things first. */
export function checkTree(root: ExpressionNode): ExpressionFault[] {
  const faults: ExpressionFault[] = []
  visitTree(root, (node, bound) => {
    faults.push(...checkNode(node))
    if (boundName(node) !== null && bound.size >= EXPRESSION_BOUNDS.nested) {
      faults.push({ at: node.start, message: `lists are walked within each other more than ${EXPRESSION_BOUNDS.nested} levels deep; use fewer` })
    }
  })
  return faults
}

function checkNode(node: ExpressionNode): ExpressionFault[] {
  if (node.op === 'value') return checkLiteral(node.args, node.start)
  if (node.op === 'call') return checkCall(node.args[0], node.args[1].length, node.start)
  if (node.op === 'rcall') return checkCall(node.args[0], node.args[2].length, node.args[1].end + 1)
  return []
}

function checkLiteral(value: unknown, at: number): ExpressionFault[] {
  if (typeof value === 'bigint' && (value >= MAX_INTEGER || value < -MAX_INTEGER))
    return [{ at, message: 'this number is too large; write it with ".0"' }]
  if (value === null || ['string', 'bigint', 'number', 'boolean'].includes(typeof value)) return []
  return [{ at, message: 'this literal has no JSON form; write text or a number' }]
}

function checkCall(name: string, count: number, at: number): ExpressionFault[] {
  const instead = Object.hasOwn(INSTEAD, name) ? INSTEAD[name] : undefined
  if (instead !== undefined) return [{ at, message: instead }]
  if (!CALLS.includes(name))
    return [{ at, message: `there is no function ${excerpt(name)}${didYouMean(name, CALLS) || `; known are ${CALLS.join(', ')}`}` }]
  if (TIME_PARTS.test(name) && count > 0) return [{ at, message: `${name}() reads UTC and takes nothing here; add or subtract a duration() instead` }]
  return []
}

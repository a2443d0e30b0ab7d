import type { ParseResult } from '@marcbachmann/cel-js'
import { Meter } from './meter.ts'
import { visitTree, type ExpressionNode } from './syntax-tree.ts'

/** The meter of the evaluation under way, for functions that the library calls. */
export interface Metered {
  meter: Meter | null
}

type Evaluate = (this: unknown, evaluator: unknown, node: unknown, context: unknown) => unknown
type Handle = (...words: unknown[]) => unknown

/**
 * Makes every node of a checked expression count what it does. The library has no limit of its own: a short expression can double a text forty
 * times. It looks `evaluate` up at each node and keeps what a call does in `handle`, and these are wrapped. Macros are expanded into trees of
 * their own, which still hold the nodes that were written, so each turn of a loop counts.
 */
export function attachMeter(parsed: ParseResult, metered: Metered): (values: Record<string, unknown>) => unknown {
  visitTree(parsed.ast, (node) => {
    wrapEvaluate(node, metered)
    if (node.op === 'call' || node.op === 'rcall') wrapHandle(node, node.args[0], metered)
  })
  return (values) => {
    const outer = metered.meter
    const meter = new Meter()
    metered.meter = meter
    try {
      const value: unknown = parsed(values)
      // What has been swallowed on the way must not look like a result.
      meter.spend(0)
      return value
    } finally {
      metered.meter = outer
    }
  }
}

function wrapEvaluate(node: ExpressionNode, metered: Metered): void {
  const evaluable = node as unknown as { evaluate: Evaluate }
  let inner = evaluable.evaluate
  const isMaker = node.op !== 'id' && node.op !== '.' && node.op !== '[]'
  const counted: Evaluate = function (this: unknown, evaluator, self, context) {
    const value = inner.call(node, evaluator, self, context)
    if (isMaker) metered.meter?.checkMade(value)
    metered.meter?.count(value)
    return value
  }
  // At its first evaluation a node puts something quicker in place of itself.
  Object.defineProperty(evaluable, 'evaluate', { get: () => counted, set: (quicker: Evaluate) => void (inner = quicker) })
}

function wrapHandle(node: ExpressionNode, name: string, metered: Metered): void {
  const handled = node as unknown as { handle?: Handle }
  const inner = handled.handle
  if (!inner) return
  handled.handle = (...words) => {
    const [values] = words
    if (Array.isArray(values)) metered.meter?.countCall(name, values)
    return inner(...words)
  }
}

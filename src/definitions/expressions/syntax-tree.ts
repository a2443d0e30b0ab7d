import type { ASTNode } from '@marcbachmann/cel-js'

/** A node of a parsed expression. */
export type ExpressionNode = ASTNode

/** Calls that bind a name to each item of a list: the name is their first argument. */
const BINDING_CALLS: ReadonlySet<string> = new Set(['all', 'exists', 'exists_one', 'filter', 'map'])

/** Whether the node binds a name for its arguments; the name. */
export function boundName(node: ExpressionNode): string | null {
  if (node.op !== 'rcall' || !BINDING_CALLS.has(node.args[0])) return null
  const [first] = node.args[2]
  return first?.op === 'id' ? first.args : null
}

/** The nodes directly below, in the order written. */
export function childrenOf(node: ExpressionNode): ExpressionNode[] {
  if (node.op === 'value' || node.op === 'id') return []
  if (node.op === '.' || node.op === '.?') return [node.args[0]]
  if (node.op === '!_' || node.op === '-_') return [node.args]
  if (node.op === 'call') return node.args[1]
  if (node.op === 'rcall') return [node.args[1], ...node.args[2]]
  return node.op === 'map' ? node.args.flat() : [...node.args]
}

/** Every node, each before those below it, with the names that are bound around it. The tree's depth is bounded by its parser. */
export function visitTree(
  node: ExpressionNode,
  visit: (node: ExpressionNode, bound: ReadonlySet<string>) => void,
  bound: ReadonlySet<string> = new Set(),
) {
  visit(node, bound)
  const name = boundName(node)
  const [receiver, ...others] = childrenOf(node)
  if (receiver) visitTree(receiver, visit, bound)
  const inside = name === null ? bound : new Set([...bound, name])
  for (const other of others) visitTree(other, visit, inside)
}

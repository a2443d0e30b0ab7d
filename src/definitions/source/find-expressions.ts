import type { Finding } from '../problem.ts'
import { entriesOf, offsetWithin, type SourceDocument, type SourceNode } from './source-node.ts'

/** Every text below the value that holds an expression. */
export function findExpressions(document: SourceDocument, node: SourceNode): Finding[] {
  if (node.kind === 'Map') return entriesOf(node).flatMap(([, { value }]) => findExpressions(document, value))
  if (node.kind === 'List') return node.items.flatMap((item) => findExpressions(document, item))
  if (typeof node.json !== 'string' || !node.json.includes('${{')) return []
  return [{ at: offsetWithin(document, node, '${{'), message: 'expressions (${{ }}) are not worked out here; write the value itself, or pass it by "env"' }]
}

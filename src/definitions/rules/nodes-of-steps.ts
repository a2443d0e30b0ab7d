import { childOf, type SourceNode } from '../source/source-node.ts'
import type { WorkflowSource } from '../workflow-source.ts'

/** Everything that has fields of a container: steps, defaults, and undos of both. */
export function hereAndBelow({ steps, finally: last, defaults }: WorkflowSource): SourceNode[] {
  const nodes = [...steps, ...last].map(({ node }) => node).concat(defaults ?? [])
  return [...nodes, ...nodes.flatMap((node) => childOf(node, 'undo') ?? [])]
}

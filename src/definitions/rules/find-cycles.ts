/** One cycle of each knot of a graph. Nodes are numbers from 0; `edges[node]` are those that it waits for. Each cycle is the shortest through its lowest node, which comes first. */
export function findCycles(edges: readonly (readonly number[])[]): number[][] {
  const cycles: number[][] = []
  const knots = findKnots(edges)
  const seen = new Set<number>()
  for (let node = 0; node < edges.length; node++) {
    const knot = knots[node] ?? 0
    if (seen.has(knot)) continue
    const cycle = shortestCycle(node, edges, (next) => knots[next] === knot)
    if (!cycle) continue
    seen.add(knot)
    cycles.push(cycle)
  }
  return cycles
}

/** Back to the node by the fewest edges, without leaving its knot. */
function shortestCycle(start: number, edges: readonly (readonly number[])[], isInside: (node: number) => boolean): number[] | null {
  const cameFrom = new Map<number, number>()
  const queue = [start]
  for (const node of queue) {
    for (const next of edges[node] ?? []) {
      if (next === start) return pathTo(node, start, cameFrom)
      if (!isInside(next) || cameFrom.has(next)) continue
      cameFrom.set(next, node)
      queue.push(next)
    }
  }
  return null
}

function pathTo(end: number, start: number, cameFrom: ReadonlyMap<number, number>): number[] {
  const path = [end]
  for (let node = end; node !== start;) {
    node = cameFrom.get(node) ?? start
    path.push(node)
  }
  return path.reverse()
}

/** Strongly connected components by Tarjan's algorithm, with a stack of its own: a long chain must not exhaust the machine's. Returns a number for each node. */
function findKnots(edges: readonly (readonly number[])[]): number[] {
  const knots: number[] = []
  const order: number[] = []
  const lowest: number[] = []
  const open: number[] = []
  let count = 0
  for (let root = 0; root < edges.length; root++) {
    if (order[root] !== undefined) continue
    const path: { node: number; edge: number }[] = []
    enter(root, path)
    for (let top = path.at(-1); top; top = path.at(-1)) {
      const next = edges[top.node]?.[top.edge++]
      if (next === undefined) leave(path)
      else if (order[next] === undefined) enter(next, path)
      else if (knots[next] === undefined) lower(top.node, order[next])
    }
  }
  return knots

  function enter(node: number, path: { node: number; edge: number }[]): void {
    order[node] = lowest[node] = count++
    open.push(node)
    path.push({ node, edge: 0 })
  }

  function leave(path: { node: number; edge: number }[]): void {
    const node = path.pop()?.node ?? 0
    const parent = path.at(-1)
    if (parent) lower(parent.node, lowest[node] ?? 0)
    if (lowest[node] !== order[node]) return
    for (let member = open.pop(); member !== undefined; member = member === node ? undefined : open.pop()) knots[member] = node
  }

  function lower(node: number, to: number): void {
    lowest[node] = Math.min(lowest[node] ?? to, to)
  }
}

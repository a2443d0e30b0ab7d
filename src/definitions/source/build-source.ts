import { isAlias, isMap, isScalar, isSeq, Scalar, type Node, type Pair, type YAMLMap } from 'yaml'
import type { Json, JsonObject } from '../container.ts'
import { BOUNDS } from './read-tokens.ts'
import { excerpt } from '../excerpt.ts'
import type { SourceEntry, SourceMap, SourceNode } from './source-node.ts'

/** A fault that the parser itself accepts. */
export interface SourceFault {
  rule: 'yaml-syntax' | 'duplicate-key' | 'too-many-aliases' | 'nesting-too-deep'
  message: string
  offset: number
}

/** Most values of a document once its aliases are written out. */
const MAX_VALUES = 200_000

/** A node, how many values it stands for, and how many levels it has. */
interface Built {
  node: SourceNode
  size: number
  height: number
}

/** Stops the walk over a document that cannot be used at all. */
class Unusable extends Error {
  readonly fault: SourceFault
  constructor(fault: SourceFault) {
    super(fault.message)
    this.fault = fault
  }
}

/** Turns the parser's tree into ours: aliases and `<<` are resolved, keys are text, values are JSON. `root` is null when there is no usable value. */
export function buildSource(contents: Node | null): { root: SourceNode | null; faults: SourceFault[] } {
  const faults: SourceFault[] = []
  const anchors = new Map<string, Built>()
  try {
    return { root: contents ? build(contents).node : null, faults }
  } catch (error) {
    if (!(error instanceof Unusable)) throw error
    return { root: null, faults: [...faults, error.fault] }
  }

  function build(node: Node): Built {
    if (isAlias(node)) return resolveAlias(node.source, startOf(node))
    const built = isMap(node) ? buildMap(node) : isSeq(node) ? buildList(node.items as Node[], node) : buildScalar(node)
    if ('anchor' in node && node.anchor) anchors.set(node.anchor, built)
    return built
  }

  function resolveAlias(name: string, offset: number): Built {
    const target = anchors.get(name)
    if (!target) throw new Unusable({ rule: 'yaml-syntax', message: `no anchor &${excerpt(name)} stands before this alias`, offset })
    return target
  }

  function measured(node: SourceNode, parts: Built[]): Built {
    const size = parts.reduce((sum, part) => sum + part.size, 1)
    const height = 1 + parts.reduce((highest, part) => Math.max(highest, part.height), 0)
    if (size > MAX_VALUES) {
      throw new Unusable({ rule: 'too-many-aliases', message: 'aliases multiply to too many values; write fewer', offset: node.start })
    }
    if (height > BOUNDS.depth + 1) {
      throw new Unusable({
        rule: 'nesting-too-deep',
        message: `values are nested deeper than ${BOUNDS.depth} levels; flatten them`,
        offset: node.start,
      })
    }
    return { node, size, height }
  }

  function buildScalar(node: Node): Built {
    const value = isScalar(node) ? valueOf(node) : null
    if (typeof value === 'number' && !Number.isFinite(value)) faults.push(fault(node, 'this number has no JSON form; quote it to make it text'))
    const json = typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number' ? value : null
    return { node: { kind: 'Scalar', json, start: startOf(node), end: endOf(node) }, size: 1, height: 0 }
  }

  function buildList(items: Node[], node: Node): Built {
    const parts = items.map(build)
    const nodes = parts.map((part) => part.node)
    return measured({ kind: 'List', items: nodes, json: nodes.map((item) => item.json), start: startOf(node) }, parts)
  }

  function buildMap(map: YAMLMap): Built {
    const entries = new Map<string, SourceEntry>()
    const parts: Built[] = []
    const merged: Built[] = []
    for (const pair of map.items as Pair<Node, Node | null>[]) {
      const key = keyOf(pair.key)
      if (key === null) {
        faults.push(fault(pair.key, 'a key must be plain text; quote it if it holds brackets, braces or a template'))
        continue
      }
      const value = pair.value ? build(pair.value) : emptyAfter(pair.key)
      parts.push(value)
      if (key === '<<' && isPlain(pair.key)) merged.push(value)
      else if (entries.has(key)) faults.push({ ...fault(pair.key, `the field ${excerpt(key)} is there twice; keep one`), rule: 'duplicate-key' })
      else entries.set(key, { key: { start: startOf(pair.key) }, value: value.node })
    }
    for (const value of merged) mergeInto(entries, value.node)
    return measured({ kind: 'Map', entries, json: jsonOf(entries), start: startOf(map) }, parts)
  }

  /** YAML's merge key: fields of a map, or of several, that the map itself does not have. */
  function mergeInto(entries: Map<string, SourceEntry>, value: SourceNode): void {
    const sources = value.kind === 'List' ? value.items : [value]
    for (const source of sources) {
      if (source.kind === 'Map') addMissing(entries, source)
      else faults.push({ rule: 'yaml-syntax', message: '`<<` takes a map, or a list of maps', offset: value.start })
    }
  }
}

function addMissing(entries: Map<string, SourceEntry>, source: SourceMap): void {
  for (const [key, entry] of source.entries) if (!entries.has(key)) entries.set(key, entry)
}

/** As JSON.parse makes it: a field called `__proto__` is a field like any other. */
function jsonOf(entries: Map<string, SourceEntry>): JsonObject {
  return Object.fromEntries([...entries].map(([key, entry]): [string, Json] => [key, entry.value.json]))
}

/** `0644` is octal, as wherever Kubernetes reads YAML: file modes are written so. */
function valueOf({ value, source, type }: Scalar): unknown {
  return type === Scalar.PLAIN && source !== undefined && /^0[0-7]+$/.test(source) ? parseInt(source, 8) : value
}

function keyOf(key: Node | null): string | null {
  if (!isScalar(key)) return null
  return typeof key.value === 'string' ? key.value : (key.source ?? String(key.value))
}

function isPlain(key: Node): boolean {
  return isScalar(key) && key.type === Scalar.PLAIN
}

function emptyAfter(key: Node): Built {
  const end = endOf(key)
  return { node: { kind: 'Scalar', json: null, start: end, end }, size: 1, height: 0 }
}

function startOf(node: Node | null): number {
  return node?.range?.[0] ?? 0
}

function endOf(node: Node): number {
  return node.range?.[1] ?? startOf(node)
}

function fault(node: Node | null, message: string): SourceFault {
  return { rule: 'yaml-syntax', message, offset: startOf(node) }
}

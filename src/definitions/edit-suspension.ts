import type { Document, Node, Pair, YAMLMap } from 'yaml'
import { isMap, isScalar, isSeq, parseAllDocuments } from 'yaml'

/** What `suspend` is to say; null takes it away. */
export type WantedSuspension = { until: string | null; reason: string | null } | null

/**
 * The text of a definitions file with `suspend` of one workflow or schedule set, changed nowhere else; null when the file has none of that
 * name. A schedule may be a document of its own or a trigger inside a workflow.
 */
export function editSuspension(text: string, name: string, wanted: WantedSuspension): string | null {
  for (const document of parseAllDocuments(text)) {
    const map = 'errors' in document ? findMap(document, name) : null
    if (map !== null) return edit(text, map, wanted)
  }
  return null
}

/** The map that holds, or will hold, the suspension of that name. */
function findMap(document: Document, name: string): YAMLMap | null {
  const kind = document.getIn(['kind'])
  const own = document.getIn(['metadata', 'name'])
  const spec = document.getIn(['spec'], true)
  if (!isMap(spec) || (kind !== 'Workflow' && kind !== 'Schedule')) return null
  if (own === name) return spec
  const triggers = document.getIn(['spec', 'triggers', 'schedule'], true)
  if (kind !== 'Workflow' || !isSeq(triggers)) return null
  const item = triggers.items.find((one) => isMap(one) && `${String(own)}-${String(one.get('name'))}` === name)
  return isMap(item) ? item : null
}

function edit(text: string, map: YAMLMap, wanted: WantedSuspension): string {
  const [start] = rangeOf(map)
  const isFlow = text[start] === '{'
  const index = map.items.findIndex((pair) => isScalar(pair.key) && pair.key.value === 'suspend')
  const pair = map.items[index]
  const line = wanted === null ? '' : `${isFlow ? '"suspend"' : 'suspend'}: ${valueText(wanted)}`
  if (pair === undefined) {
    if (wanted === null) return text
    return isFlow ? insert(text, start + 1, `${line}${map.items.length === 0 ? '' : ', '}`) : insert(text, start, `${line}\n${indentAt(text, start)}`)
  }
  const [from, to] = pairRange(pair)
  if (wanted !== null) return text.slice(0, from) + line + text.slice(to)
  return isFlow ? withoutFlowPair(text, from, to) : withoutBlockPair(text, map, index, from, to)
}

/** JSON is YAML too, and needs no quoting of its own. */
function valueText({ until, reason }: NonNullable<WantedSuspension>): string {
  if (until === null && reason === null) return 'true'
  return JSON.stringify({ ...(until === null ? {} : { until }), ...(reason === null ? {} : { reason }) })
    .replaceAll('":"', '": "')
    .replaceAll('","', '", "')
}

function withoutFlowPair(text: string, from: number, to: number): string {
  const after = /^\s*,\s*/.exec(text.slice(to))
  if (after !== null) return text.slice(0, from) + text.slice(to + after[0].length)
  return text.slice(0, from).replace(/,\s*$/, '') + text.slice(to)
}

/** The first key of a map stands where the map begins: what follows takes its place. */
function withoutBlockPair(text: string, map: YAMLMap, index: number, from: number, to: number): string {
  const next = map.items[index + 1]
  if (index === 0) return next === undefined ? `${text.slice(0, from)}{}${text.slice(to)}` : text.slice(0, from) + text.slice(pairRange(next)[0])
  const lineStart = text.lastIndexOf('\n', from - 1) + 1
  const lineEnd = text.indexOf('\n', to)
  return text.slice(0, lineStart) + (lineEnd < 0 ? '' : text.slice(lineEnd + 1))
}

function insert(text: string, at: number, piece: string): string {
  return text.slice(0, at) + piece + text.slice(at)
}

function indentAt(text: string, at: number): string {
  return ' '.repeat(at - (text.lastIndexOf('\n', at - 1) + 1))
}

/** From the first character of the key to the end of the value. */
function pairRange(pair: Pair): [number, number] {
  const key = pair.key as Node
  const value = pair.value as Node | null
  const end = value === null ? rangeOf(key)[1] : rangeOf(value)[1]
  return [rangeOf(key)[0], end]
}

function rangeOf(node: Node): [number, number] {
  if (!node.range) throw new TypeError('a node that was not parsed has no place')
  return [node.range[0], node.range[1]]
}

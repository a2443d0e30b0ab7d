import type { Json, JsonObject } from '../container.ts'
import type { Position } from '../problem.ts'

/** Something that has a place: where it starts in the file's text. */
interface Placed {
  start: number
}

/** A value that is neither list nor map. */
export interface SourceScalar extends Placed {
  kind: 'Scalar'
  /** Exclusive. */
  end: number
  json: null | boolean | number | string
}

/** A list. */
export interface SourceList extends Placed {
  kind: 'List'
  items: SourceNode[]
  json: Json[]
}

/** A field of a map. */
export interface SourceEntry {
  key: Placed
  value: SourceNode
}

/** A map; fields in the order written, keys as text. */
export interface SourceMap extends Placed {
  kind: 'Map'
  entries: Map<string, SourceEntry>
  json: JsonObject
}

/** A value of a document, with the places of all its parts; `json` is the same value without them. */
export type SourceNode = SourceScalar | SourceList | SourceMap

/** One document of a file. */
export interface SourceDocument {
  root: SourceNode
  /** Text of the whole file. */
  text: string
  /** Whether parts of it could not be taken as written (a field that is there twice), which is reported already. */
  isFaulty: boolean
  /** Where an offset into the file's text lies. */
  positionAt: (offset: number) => Position
}

/** The field of a map; undefined when there is none, or this is no map. */
export function entryOf(node: SourceNode | undefined, key: string): SourceEntry | undefined {
  return node?.kind === 'Map' ? node.entries.get(key) : undefined
}

/** The value that lies below by these fields. */
export function childOf(node: SourceNode | undefined, ...keys: string[]): SourceNode | undefined {
  return keys.reduce<SourceNode | undefined>((parent, key) => entryOf(parent, key)?.value, node)
}

/** The items of a list; none when this is no list. */
export function itemsOf(node: SourceNode | undefined): SourceNode[] {
  return node?.kind === 'List' ? node.items : []
}

/** The fields of a map; none when this is no map. */
export function entriesOf(node: SourceNode | undefined): [string, SourceEntry][] {
  return node?.kind === 'Map' ? [...node.entries] : []
}

/** The value when it is text. */
export function textOf(node: SourceNode | undefined): string | null {
  return node?.kind === 'Scalar' && typeof node.json === 'string' ? node.json : null
}

/** Where `needle` stands in a scalar as written, also inside a block scalar; the scalar's start when escapes hide it. */
export function offsetWithin(document: SourceDocument, node: SourceNode, needle: string): number {
  if (node.kind !== 'Scalar') return node.start
  const index = document.text.slice(node.start, node.end).indexOf(needle)
  return node.start + Math.max(index, 0)
}

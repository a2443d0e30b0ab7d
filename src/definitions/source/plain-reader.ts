import {
  COLLECTION_STYLE_FLOW,
  EVENT_ALIAS,
  EVENT_DOCUMENT,
  EVENT_MAPPING,
  EVENT_POP,
  EVENT_SCALAR,
  EVENT_SEQUENCE,
  getScalarValue,
  SCALAR_STYLE_DOUBLE_QUOTED,
  SCALAR_STYLE_PLAIN,
  SCALAR_STYLE_SINGLE_QUOTED,
  type Event,
  type MappingEvent,
  type ScalarEvent,
  type SequenceEvent,
} from 'js-yaml'
import type { Json, JsonObject } from '../container.ts'
import { plainValue } from './plain-value.ts'
import type { SourceEntry, SourceList, SourceMap, SourceNode, SourceScalar } from './source-node.ts'

/** Longest key that every library takes. */
const LONGEST_KEY = 1000

/** Stops the walk: the file holds what only the careful reading knows. */
class NotPlain extends Error {}

/** Turns the events of a text into our values. Throws where there is anything that is not plain. */
export class PlainReader {
  readonly #text: string
  readonly #events: readonly Event[]
  #next = 0
  /** End of the last value or key that has one. */
  #last = 0

  constructor(text: string, events: readonly Event[]) {
    this.#text = text
    this.#events = events
  }

  documents(): SourceNode[] {
    const documents: SourceNode[] = []
    while (this.#next < this.#events.length) {
      const event = this.#take()
      if (event.type !== EVENT_DOCUMENT || event.directives.length > 0) throw new NotPlain()
      documents.push(this.#value(this.#last))
      this.#take()
    }
    return documents
  }

  #take(): Event {
    const event = this.#events[this.#next++]
    if (!event) throw new NotPlain()
    return event
  }

  /** `before` is where the dash or the key that it belongs to ends. */
  #value(before: number): SourceNode {
    const event = this.#take()
    switch (event.type) {
      case EVENT_SCALAR:
        return this.#scalar(event, before)
      case EVENT_SEQUENCE:
        return this.#list(event)
      case EVENT_MAPPING:
        return this.#map(event)
      case EVENT_ALIAS:
      case EVENT_DOCUMENT:
      case EVENT_POP:
        throw new NotPlain()
    }
  }

  #scalar(event: ScalarEvent, before: number): SourceScalar {
    refuseProperties(event)
    if (event.valueStart < 0) return this.#empty(before)
    const value = getScalarValue(this.#text, event)
    const { valueStart, valueEnd, style } = event
    if (style === SCALAR_STYLE_PLAIN) return this.#placed(plainJson(value), valueStart, valueEnd)
    if (isQuoted(event)) return this.#placed(value, valueStart - 1, valueEnd + 1)
    const start = this.#skip(before)
    if (!'|>'.includes(this.#text[start] ?? ' ')) throw new NotPlain()
    return this.#placed(value, start, valueEnd)
  }

  #placed(json: SourceScalar['json'], start: number, end: number): SourceScalar {
    this.#last = end
    return { kind: 'Scalar', json, start, end }
  }

  #empty(before: number): SourceScalar {
    let at = before
    while (isBlank(this.#text.charCodeAt(at))) at++
    return this.#placed(null, at, at)
  }

  #list(event: SequenceEvent): SourceList {
    refuseProperties(event)
    const { start } = event
    const isFlow = event.style === COLLECTION_STYLE_FLOW
    if (isFlow) this.#last = start + 1
    const items: SourceNode[] = []
    const json: Json[] = []
    while (this.#events[this.#next]?.type !== EVENT_POP) {
      const item = this.#value(isFlow ? -1 : this.#after('-', items.length === 0 ? start : this.#last))
      items.push(item)
      json.push(item.json)
    }
    this.#close(isFlow, ']')
    return { kind: 'List', items, json, start }
  }

  #map(event: MappingEvent): SourceMap {
    refuseProperties(event)
    const { start } = event
    // Without braces: `[key: value]`.
    const hasBraces = event.style === COLLECTION_STYLE_FLOW && this.#text[start] === '{'
    if (hasBraces) this.#last = start + 1
    const entries = new Map<string, SourceEntry>()
    const json: JsonObject = {}
    while (this.#events[this.#next]?.type !== EVENT_POP) {
      const key = this.#key()
      if (entries.has(key.name)) throw new NotPlain()
      const value = this.#value(this.#afterKey(event))
      entries.set(key.name, { key: { start: key.start }, value })
      setField(json, key.name, value.json)
    }
    this.#close(hasBraces, '}')
    return { kind: 'Map', entries, json, start }
  }

  #key(): { name: string; start: number } {
    const event = this.#take()
    if (event.type !== EVENT_SCALAR || event.valueStart < 0 || event.valueEnd - event.valueStart > LONGEST_KEY) throw new NotPlain()
    refuseProperties(event)
    const name = getScalarValue(this.#text, event)
    const isPlain = event.style === SCALAR_STYLE_PLAIN
    const isOdd = isPlain ? name === '<<' : !isQuoted(event)
    if (isOdd || this.#text.slice(event.valueStart, event.valueEnd).includes('\n')) throw new NotPlain()
    this.#last = isPlain ? event.valueEnd : event.valueEnd + 1
    return { name, start: isPlain ? event.valueStart : event.valueStart - 1 }
  }

  /** Where the value of the last key may begin; in braces a key may have none, and no colon. */
  #afterKey({ style }: MappingEvent): number {
    const at = this.#skip(this.#last)
    const character = this.#text[at]
    if (character === ':') return at + 1
    if (style === COLLECTION_STYLE_FLOW && (character === ',' || character === '}')) return this.#last
    throw new NotPlain()
  }

  /** Passes the end of a list or map, and its bracket. */
  #close(hasBracket: boolean, bracket: string): void {
    this.#take()
    if (!hasBracket) return
    const at = this.#skip(this.#last)
    this.#last = this.#after(bracket, this.#text[at] === ',' ? at + 1 : at)
  }

  /** The place after a character that comes next. */
  #after(character: string, from: number): number {
    const at = this.#skip(from)
    if (this.#text[at] !== character) throw new NotPlain()
    return at + 1
  }

  /** The next place that is neither white space nor a comment. */
  #skip(from: number): number {
    const text = this.#text
    let at = from
    for (;;) {
      while (isSpace(text.charCodeAt(at))) at++
      if (text[at] !== '#' || (at > 0 && !isSpace(text.charCodeAt(at - 1)))) return at
      const end = text.indexOf('\n', at)
      if (end < 0) return text.length
      at = end
    }
  }
}

function refuseProperties({ anchorStart, tagStart }: { anchorStart: number; tagStart: number }): void {
  if (anchorStart >= 0 || tagStart >= 0) throw new NotPlain()
}

function isQuoted({ style }: ScalarEvent): boolean {
  return style === SCALAR_STYLE_SINGLE_QUOTED || style === SCALAR_STYLE_DOUBLE_QUOTED
}

function plainJson(text: string): SourceScalar['json'] {
  const value = plainValue(text)
  if (typeof value === 'number' && !Number.isFinite(value)) throw new NotPlain()
  return value
}

/** A field called `__proto__` is a field like any other. */
function setField(json: JsonObject, name: string, value: Json): void {
  if (name === '__proto__') Object.defineProperty(json, name, { value, writable: true, enumerable: true, configurable: true })
  else json[name] = value
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9
}

function isSpace(code: number): boolean {
  return code === 32 || code === 10 || code === 13 || code === 9
}

import { EVENT_MAPPING, EVENT_SCALAR, EVENT_SEQUENCE, parseEvents, type Event } from 'js-yaml'
import { PlainReader } from './plain-reader.ts'
import type { SourceNode } from './source-node.ts'

/** Most beginnings and ends of values in a file. */
const MOST_EVENTS = 50_000

/** What is nested deeper is left to the careful reading. */
const DEEPEST = 60

/** Line ends of old, tabs before a line, marks of documents that are not at its start, or an end of one before a value, blanks after the last line, and marks of byte order: of these each library has an opinion of its own. */
const DEBATED = /\r(?!\n)|^ *\t|^ +(?:---|\.\.\.|(?![\s\S]))|^\.\.\.[ \t]+[^\s#]|\ufeff/m

/** The values of a file's documents, or where a file that holds too many has had enough. */
export type PlainReading = { kind: 'Documents'; roots: SourceNode[] } | { kind: 'TooMany'; offset: number }

/**
 * Reads a file in a quarter of the time, which is possible for most files; null for those that hold anything out of the ordinary (anchors,
 * tags, `<<`, keys that are no text or there twice, directives, mistakes): those are read with care, by a library that knows more about what is
 * wrong and where. What is read here is read there in the same way; tests and `npm run fuzz` hold both to that.
 */
export function readPlain(text: string): PlainReading | null {
  if (DEBATED.test(text)) return null
  try {
    const events = parseEvents(text, { maxDepth: DEEPEST })
    if (events.length > MOST_EVENTS) return { kind: 'TooMany', offset: placeOf(events) }
    return { kind: 'Documents', roots: new PlainReader(text, events).documents() }
  } catch {
    // Whatever it is, the careful reading tells it.
    return null
  }
}

/** About where the events are too many. */
function placeOf(events: readonly Event[]): number {
  for (let index = MOST_EVENTS; index > 0; index--) {
    const event = events[index]
    if (event?.type === EVENT_SCALAR && event.valueStart >= 0) return event.valueStart
    if (event?.type === EVENT_MAPPING || event?.type === EVENT_SEQUENCE) return event.start
  }
  return 0
}

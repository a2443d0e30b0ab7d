import { isDeepStrictEqual } from 'node:util'
import { createLineIndex } from '../../src/definitions/source/line-index.ts'
import { readPlain } from '../../src/definitions/source/read-plain.ts'
import { readWithCare } from '../../src/definitions/source/read-with-care.ts'
import type { SourceNode } from '../../src/definitions/source/source-node.ts'

/** Whether a text is read quickly, and what is read otherwise than by the careful reading. */
export type Comparison = { kind: 'Careful' | 'Same' | 'TooMany' } | { kind: 'Different'; plain: unknown; careful: unknown }

/** Reads a text in both ways: what the quick one takes at all, the careful one must read in the same way, places and all. */
export function compareReadings(text: string): Comparison {
  const plain = readPlain(text)
  if (plain?.kind !== 'Documents') return { kind: plain ? 'TooMany' : 'Careful' }
  const careful = readWithCare(text, createLineIndex(text))
  const whole = { documents: careful.documents.map(({ root }) => describe(root, text)), problems: careful.problems }
  const quick = { documents: plain.roots.filter(({ json }) => json !== null).map((root) => describe(root, text)), problems: [] }
  return isDeepStrictEqual(quick, whole) ? { kind: 'Same' } : { kind: 'Different', plain: quick, careful: whole }
}

/** All of a value. Of white space after a text it does not matter whether it belongs to it, nor where in white space nothing stands. */
function describe(node: SourceNode, text: string): unknown {
  const start = node.start
  switch (node.kind) {
    case 'Scalar':
      return {
        json: node.json,
        start: node.json === null ? text.slice(0, start).trimEnd().length : start,
        end: text.slice(0, node.end).trimEnd().length,
      }
    case 'List':
      return { json: node.json, start, items: node.items.map((item) => describe(item, text)) }
    case 'Map':
      return { json: node.json, start, fields: [...node.entries].map(([name, { key, value }]) => [name, key.start, describe(value, text)]) }
  }
}

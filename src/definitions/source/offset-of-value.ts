import type { SourceDocument, SourceNode } from './source-node.ts'

/**
 * Where a character of a scalar's text stands in the file. A text may be written over several lines, indented, quoted or with escapes; where
 * escapes hide the place, the line or at least the scalar's start is told.
 */
export function offsetOfValue(document: SourceDocument, node: SourceNode, text: string, index: number): number {
  if (node.kind !== 'Scalar') return node.start
  const written = document.text.slice(node.start, node.end)
  const whole = written.indexOf(text)
  if (whole >= 0) return node.start + whole + index
  let cursor = 0
  let before = 0
  for (const line of text.split('\n')) {
    const found = written.indexOf(line, cursor)
    if (index <= before + line.length) return found < 0 ? nearest(written, node.start, text, index) : node.start + found + index - before
    cursor = Math.max(found + line.length, cursor)
    before += line.length + 1
  }
  return nearest(written, node.start, text, index)
}

/** The word at the place, where it is written as it is. */
function nearest(written: string, start: number, text: string, index: number): number {
  const word = /^\S{3,}/.exec(text.slice(index))?.[0]
  return start + Math.max(word === undefined ? -1 : written.indexOf(word), 0)
}

import type { Position } from '../problem.ts'

/** Tells where offsets lie. The parser's own line counter leaves lines out where it recovers from an error. */
export interface LineIndex {
  positionAt: (offset: number) => Position
}

/** The lines of a text; they end in LF, with or without a CR. */
export function createLineIndex(text: string): LineIndex {
  const starts = [0]
  for (let index = text.indexOf('\n'); index >= 0; index = text.indexOf('\n', index + 1)) starts.push(index + 1)
  return {
    positionAt(offset) {
      const inside = Math.min(Math.max(offset, 0), text.length)
      const line = lastAtMost(starts, inside)
      return { line: line + 1, column: inside - (starts[line] ?? 0) + 1 }
    },
  }
}

/** Index of the last of the ascending numbers, of which the first is 0, that is not above the limit. */
function lastAtMost(numbers: readonly number[], limit: number): number {
  let low = 0
  let high = numbers.length - 1
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if ((numbers[middle] ?? 0) <= limit) low = middle
    else high = middle - 1
  }
  return low
}

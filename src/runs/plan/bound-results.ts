import type { Board, Entry } from './board.ts'

/** What a Run object with all its results may come to, in bytes, and what each of its steps takes of that by itself. */
const RUN_BYTES = 262_144
const STEP_BYTES = 215

/**
 * Keeps the results of all steps of a run together small enough for its object. Fails the step whose results are too much, in the order in which
 * steps are seen; since nothing is based on results before they are stored, it is the same step after a crash. Returns whether it has.
 */
export function boundResults(board: Board, { status }: Entry): boolean {
  const limit = RUN_BYTES - STEP_BYTES * board.entries.length
  board.resultBytes ??= board.entries.reduce((sum, other) => (other.status === status ? sum : sum + bytesOf(other.status.results)), 0)
  const bytes = bytesOf(status.results)
  if (board.resultBytes + bytes <= limit) {
    board.resultBytes += bytes
    return false
  }
  delete status.results
  const message = `with its results those of the run come to more than ${limit} bytes`
  Object.assign(status, { result: 'Failed', reason: 'ResultsTooLarge', message } satisfies Partial<Entry['status']>)
  return true
}

function bytesOf(results: Entry['status']['results']): number {
  return results === undefined ? 0 : Buffer.byteLength(JSON.stringify(results))
}

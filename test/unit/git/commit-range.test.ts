import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { walkRange } from '../../../src/git/commit-range.ts'
import { MissingObjectError } from '../../../src/git/object-reader.ts'
import type { CommitObject } from '../../../src/git/objects.ts'
import type { CommitSha } from '../../../src/git/ports.ts'

/** Commit number n has parents among those before it. */
type History = number[][]

const histories: fc.Arbitrary<History> = fc
  .array(fc.array(fc.nat(), { maxLength: 2 }), { minLength: 1, maxLength: 25 })
  .map((rows) => rows.map((row, index) => (index === 0 ? [] : [...new Set(row.map((parent) => parent % index))])))

function idOf(number: number): CommitSha {
  return number.toString(16).padStart(40, '0') as CommitSha
}

function readerOf(history: History, missing: ReadonlySet<number> = new Set()) {
  return {
    async commit(id: string): Promise<CommitObject> {
      const number = parseInt(id, 16)
      const parents = history[number]
      if (parents === undefined || missing.has(number)) throw new MissingObjectError(id, 'the test')
      return { tree: '', parents: parents.map(idOf), message: '', committedAtSeconds: number * 10, isSigned: false }
    },
  }
}

function ancestors(history: History, start: number): Set<number> {
  const found = new Set([start])
  for (const number of found) for (const parent of history[number] ?? []) found.add(parent)
  return found
}

/** What the port's words say, without any cleverness. */
function wantRange(history: History, from: number, to: number): { commits: string[]; forward: boolean } {
  if (!ancestors(history, to).has(from)) return { commits: [idOf(to)], forward: false }
  const old = ancestors(history, from)
  const commits: string[] = []
  for (let next: number | undefined = to; next !== undefined && !old.has(next); next = history[next]?.[0]) commits.unshift(idOf(next))
  return { commits, forward: true }
}

describe('the way from one tip to the next', () => {
  it('is what the words say, in any history', async () => {
    await fc.assert(
      fc.asyncProperty(histories, fc.nat(), fc.nat(), fc.integer({ min: 1, max: 30 }), async (history, a, b, limit) => {
        const [from, to] = [a % history.length, b % history.length]
        const want = wantRange(history, from, to)
        const { complete, ...range } = await walkRange(readerOf(history), idOf(from), idOf(to), limit)
        expect(range).toEqual({ ...want, commits: from === to ? [] : want.commits.slice(-limit) })
        expect(complete).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  it('is never wrong without saying so when history is missing', async () => {
    await fc.assert(
      fc.asyncProperty(histories, fc.nat(), fc.nat(), fc.array(fc.nat(), { maxLength: 5 }), async (history, a, b, holes) => {
        const [from, to] = [a % history.length, b % history.length]
        const missing = new Set(holes.map((hole) => hole % history.length).filter((hole) => hole !== to && hole !== from))
        const { complete, ...range } = await walkRange(readerOf(history, missing), idOf(from), idOf(to), 30)
        if (complete && from !== to) expect(range.forward).toBe(wantRange(history, from, to).forward)
      }),
      { numRuns: 500 },
    )
  })

  it('needs only what lies between', async () => {
    const history = Array.from({ length: 1000 }, (_, index) => (index === 0 ? [] : [index - 1]))
    let reads = 0
    const reader = readerOf(history)
    const counting = {
      commit(id: string) {
        reads++
        return reader.commit(id)
      },
    }
    expect((await walkRange(counting, idOf(990), idOf(999), 100)).commits).toHaveLength(9)
    expect(reads).toBeLessThan(15)
  })

  it('is incomplete when the older tip itself is unknown and history ends before it', async () => {
    const history = [[], [0], [1], [2]]
    expect(await walkRange(readerOf(history, new Set([0, 1])), idOf(0), idOf(3), 10)).toEqual({ commits: [idOf(3)], forward: false, complete: false })
    expect(await walkRange(readerOf(history, new Set([1])), idOf(1), idOf(3), 10)).toEqual({
      commits: [idOf(2), idOf(3)],
      forward: true,
      complete: true,
    })
  })
})

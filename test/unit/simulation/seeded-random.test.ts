import { describe, expect, it } from 'vitest'
import { createSeededRandom } from '../../../src/simulation/seeded-random.ts'

function draw(seed: string, count: number): number[] {
  const random = createSeededRandom(seed)
  return Array.from({ length: count }, () => random.fraction())
}

describe('createSeededRandom', () => {
  it('draws the same for the same seed and differently for its neighbour', () => {
    expect(draw('7', 20)).toEqual(draw('7', 20))
    expect(draw('7', 20)).not.toEqual(draw('8', 20))
  })

  it('never changes what a seed means, so that a reported seed stays valid', () => {
    const random = createSeededRandom('1')
    expect([random.integer(0, 999_999), random.integer(0, 999_999), random.uuid()]).toMatchInlineSnapshot(`
      [
        790951,
        893058,
        "9c4481f8-3190-4fb8-a6f9-e0f5110ef649",
      ]
    `)
  })

  it('spreads fractions evenly, over one seed and over the first draw of many', () => {
    const series = { one: draw('1', 20_000), many: Array.from({ length: 20_000 }, (_, seed) => draw(String(seed), 1)[0] ?? 0) }
    for (const fractions of Object.values(series)) {
      const buckets = Array.from({ length: 10 }, () => 0)
      for (const fraction of fractions) buckets[Math.floor(fraction * 10)] = (buckets[Math.floor(fraction * 10)] ?? 0) + 1
      expect(Math.min(...buckets)).toBeGreaterThan(1_800)
      expect(Math.max(...buckets)).toBeLessThan(2_200)
    }
  })

  it('reaches both ends of a range of integers', () => {
    const random = createSeededRandom('ends')
    expect(new Set(Array.from({ length: 100 }, () => random.integer(3, 5)))).toEqual(new Set([3, 4, 5]))
  })

  it('forks by label alone: earlier draws do not matter', () => {
    const drawn = createSeededRandom('1')
    drawn.fraction()
    expect(drawn.fork('jobs').fraction()).toBe(createSeededRandom('1').fork('jobs').fraction())
    expect(drawn.fork('jobs').fraction()).not.toBe(drawn.fork('git').fraction())
  })

  it('makes UUIDs of version 4 and keeps all items when it shuffles', () => {
    const random = createSeededRandom('x')
    expect(random.uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(random.shuffle([1, 2, 3, 4, 5]).toSorted()).toEqual([1, 2, 3, 4, 5])
    expect(() => random.pick([])).toThrow(RangeError)
  })
})

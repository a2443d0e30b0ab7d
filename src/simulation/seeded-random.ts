import type { Random } from '../clock.ts'

/** Randomness that a seed decides completely. */
export interface SeededRandom extends Random {
  /** A whole number from `least` to `most`, both included. */
  integer(least: number, most: number): number
  /** True with this probability. */
  chance(probability: number): boolean
  /** One of the items; throws RangeError when there is none. */
  pick<T>(items: readonly T[]): T
  /** The items in another order. */
  shuffle<T>(items: readonly T[]): T[]
  /**
   * A further source that depends on the seed and the label alone, not on what was drawn before: a draw more in one
   * place then changes nothing in another.
   */
  fork(label: string): SeededRandom
}

/** Randomness from a seed: equal seeds, equal draws, on every machine. Not for secrets. */
export function createSeededRandom(seed: string): SeededRandom {
  const next = createSfc32(hashSeed(seed))
  const fraction = (): number => next() / 2 ** 32
  const integer = (least: number, most: number): number => least + Math.floor(fraction() * (most - least + 1))
  return {
    fraction,
    integer,
    chance: (probability) => fraction() < probability,
    pick<T>(items: readonly T[]): T {
      if (items.length === 0) throw new RangeError('nothing to pick from')
      return items[integer(0, items.length - 1)] as T
    },
    shuffle<T>(items: readonly T[]): T[] {
      const keyed = items.map((item) => ({ item, key: fraction() }))
      return keyed.sort((left, right) => left.key - right.key).map(({ item }) => item)
    },
    uuid: () => formatUuid([next(), next(), next(), next()]),
    fork: (label) => createSeededRandom(`${seed}/${label}`),
  }
}

/** Chris Doty-Humphrey's sfc32: 128 bits of state, passes PractRand, no multiplication. */
function createSfc32([first, second, third]: [number, number, number]): () => number {
  let [a, b, c, counter] = [first, second, third, 1]
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return sum >>> 0
  }
  // The first outputs still show the seed's pattern.
  for (let round = 0; round < 12; round++) next()
  return next
}

/** Three 32-bit words of FNV-1a with different starts: neighbouring seeds share nothing. */
function hashSeed(seed: string): [number, number, number] {
  return [fnv1a(seed, 0x811c9dc5), fnv1a(seed, 0x9e3779b9), fnv1a(seed, 0x85ebca6b)]
}

function fnv1a(text: string, start: number): number {
  let hash = start
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
    hash ^= hash >>> 15
  }
  return hash | 0
}

function formatUuid(words: number[]): string {
  const hex = words.map((word) => word.toString(16).padStart(8, '0')).join('')
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`
}

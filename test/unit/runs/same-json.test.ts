import { describe, expect, it } from 'vitest'
import { isSameJson } from '../../../src/runs/same-json.ts'

describe('two values', () => {
  it.each<[unknown, unknown, boolean]>([
    [1, 1, true],
    ['a', 'b', false],
    [null, null, true],
    [null, {}, false],
    [{}, null, false],
    [[], {}, false],
    [[1, { a: 2 }], [1, { a: 2 }], true],
    [[1], [1, 2], false],
    [[1, 2], [2, 1], false],
    [{ a: 1, b: [{ c: null }] }, { b: [{ c: null }], a: 1 }, true],
    [{ a: 1 }, { a: 1, b: 2 }, false],
    [{ a: 1, b: 2 }, { a: 1 }, false],
    [{ a: 1, b: undefined }, { a: 1 }, true],
    [{ a: 1 }, { a: 1, b: undefined }, true],
    [{ a: undefined, b: 1 }, { b: 2 }, false],
  ])('%j and %j are the same JSON: %s', (one, other, want) => {
    expect(isSameJson(one, other)).toBe(want)
  })
})

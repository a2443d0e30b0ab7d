import { describe, expect, it } from 'vitest'
import { isSameJson } from '../../src/same-json.ts'

describe('values that are the same as JSON', () => {
  const shared = { deep: [1, { a: null }] }
  it.each<[string, unknown, unknown, boolean]>([
    ['equal ones', { a: [1, 'x', null, { b: true }] }, { a: [1, 'x', null, { b: true }] }, true],
    ['parts that are shared', { shared, a: 1 }, { a: 1, shared }, true],
    ['a field that is undefined, on either side', { a: 1, b: undefined }, { a: 1, c: undefined }, true],
    ['a field more', { a: 1 }, { a: 1, b: 2 }, false],
    ['a field less', { a: 1, b: 2 }, { a: 1 }, false],
    ['another value far inside', { a: [{ b: [1] }] }, { a: [{ b: [2] }] }, false],
    ['a longer list', [1], [1, 2], false],
    ['a list and an object', [], {}, false],
    ['null and an object', null, {}, false],
    ['null and nothing', { a: null }, {}, false],
    ['a number and its text', 1, '1', false],
  ])('%s', (_name, one, other, wantSame) => {
    expect(isSameJson(one, other)).toBe(wantSame)
    expect(isSameJson(other, one)).toBe(wantSame)
  })
})

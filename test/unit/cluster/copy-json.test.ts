import { expect, it } from 'vitest'
import { freezeJson } from '../../../src/cluster/copy-json.ts'

it('freezes all the way down, however deep that is', () => {
  let deep: unknown[] = []
  for (let depth = 0; depth < 100_000; depth++) deep = [deep]
  const frozen = freezeJson({ deep, items: [{ name: 'a' }], nothing: null })
  expect([frozen, frozen.items, frozen.items[0], frozen.deep, frozen.deep[0]].every((part) => Object.isFrozen(part))).toBe(true)
})

import { expect, it } from 'vitest'
import { analyseFile } from '../../../../src/definitions/analyse-file.ts'
import { createContentCache } from '../../../../src/definitions/content-cache.ts'
import { createDefinitionCache } from '../../../../src/definitions/definition-cache.ts'
import { createSeededRandom } from '../../../../src/simulation/seeded-random.ts'
import { mutate, readSeeds } from '../../../fuzz/documents.ts'

const cache = createDefinitionCache()
const seeds = readSeeds()

it('finds in each file what it finds in it alone, whatever steps it has seen before', () => {
  for (const seed of seeds) analyseFile(Buffer.from(seed), cache)
  for (let index = 0; index < 50; index++) {
    const bytes = Buffer.from(mutate(seeds, createSeededRandom(`steps/${index}`)))
    const alone = analyseFile(bytes, { ...cache, quietSteps: createContentCache(10) })
    expect(analyseFile(bytes, cache).problems).toEqual(alone.problems)
  }
})

const file = (defaults: string, ...steps: string[]): Buffer =>
  Buffer.from(
    `apiVersion: fusee.dev/v1alpha1\nkind: Workflow\nmetadata: {name: a}\nspec:\n  defaults: {${defaults}}\n  steps:\n${steps.map((step) => `    - {${step}}\n`).join('')}`,
  )
const rulesOf = (bytes: Buffer): string[] => analyseFile(bytes, cache).problems.map(({ rule }) => rule)

it('looks again at a step whose defaults are others, and at the same step beside a wrong one', () => {
  const good = 'name: load, script: echo'
  const defaults = 'image: "busybox:1.36", resources: {requests: {cpu: 1}}'
  expect(rulesOf(file(defaults, good))).toEqual([])
  expect(rulesOf(file(defaults, good))).toEqual([])
  expect(rulesOf(file('resources: {requests: {cpu: 1}}', good))).toEqual(['missing-image'])
  expect(rulesOf(file(defaults, good, 'name: store, dependsOn: [load], script: echo, command: [sh]'))).toEqual(['exclusive-fields'])
})

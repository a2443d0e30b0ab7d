import { describe, expect, it } from 'vitest'
import { aDefinition, aJoin, aRun, aStep } from '../../support/builders.ts'
import { playRun } from '../../support/play-run.ts'

/** Contract: the object of a run with a thousand expanded steps stays below this. */
const MOST_BYTES = 300_000

describe('a run of a thousand steps', () => {
  const items = Array.from({ length: 998 }, (_, index) => index)
  const each = aStep('each', { expansion: { kind: 'ForEach', items }, results: { size: 'integer' } })

  it('stays small, each step with its attempt and its result', () => {
    const definition = aDefinition([each, aJoin('join', ['each']), aStep('after', { needs: ['join'] })])
    const run = aRun(definition, { name: 'a-workflow-with-a-name-of-some-length-and-2345678923' })
    const { run: ended, started } = playRun({
      run,
      outcomes: (key) => (key.startsWith('each/') ? { results: `size=${key.length}` } : {}),
      endTogether: true,
    })
    expect(started).toHaveLength(999)
    expect(ended.status).toMatchObject({ phase: 'Finished', result: 'Succeeded' })
    expect(ended.status?.steps).toHaveLength(1000)
    const bytes = Buffer.byteLength(JSON.stringify(ended))
    if (process.env['FUSEE_TEST_TABLE'] === '1') console.log(`a finished run of 1,000 steps has ${bytes} bytes`)
    expect(bytes).toBeLessThan(MOST_BYTES)
  })

  it('fails the steps whose results are too much for the run, and says so', () => {
    const [few, value] = [100, 'x'.repeat(4000)]
    const step = aStep('each', { expansion: { kind: 'ForEach', items: items.slice(0, few) }, results: { text: 'string' } })
    const { run: ended } = playRun({ run: aRun(aDefinition([step])), outcomes: () => ({ results: `text=${value}` }), endTogether: true })
    const limit = 262_144 - 215 * few
    const good = Math.floor(limit / JSON.stringify({ text: value }).length)
    expect(ended.status?.steps.map(({ result }) => result)).toEqual([
      ...Array<string>(good).fill('Succeeded'),
      ...Array<string>(few - good).fill('Failed'),
    ])
    expect(ended.status?.steps[good]).toMatchObject({
      reason: 'ResultsTooLarge',
      message: `with its results those of the run come to more than ${limit} bytes`,
    })
    expect(ended.status?.steps[good]?.results).toBeUndefined()
    expect(Buffer.byteLength(JSON.stringify(ended))).toBeLessThan(MOST_BYTES)
  })

  it('is the most that a run may have', () => {
    const definition = aDefinition([each, aStep('a'), aStep('b'), aStep('alarm', { needs: [{ step: 'each', when: 'Failed' }] })])
    const { run } = playRun({ run: aRun(definition) })
    expect(run.status?.steps[0]).toMatchObject({
      name: 'each',
      result: 'Failed',
      reason: 'TooManySteps',
      message: 'expands to 998 steps, with the 3 others more than the 1000 that a run may have: split the workflow',
    })
    expect(run.status?.steps[3]).toMatchObject({ name: 'alarm', result: 'Succeeded' })
  })
})

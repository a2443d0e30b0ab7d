import { describe, expect, it } from 'vitest'
import { packStatus, unpackStatus } from '../../../src/cluster/stored-status.ts'
import { initialSteps } from '../../../src/runs/plan-run.ts'
import type { RunStatus } from '../../../src/runs/run.ts'
import { createSeededRandom } from '../../../src/simulation/seeded-random.ts'
import { aDefinition, aStep } from '../../support/builders.ts'

/** Contract: the object of a run stays below this. */
const MOST_BYTES = 300_000

/** A rerun that has taken so many steps over, each with a result of so many characters that nothing packs. */
function aRerun(steps: number, length: number) {
  const random = createSeededRandom('results')
  const text = (): string => Array.from({ length }, () => String.fromCharCode(random.integer(40, 90))).join('')
  const carriedOver = Array.from({ length: steps }, (_, index) => ({ name: `s${index}`, results: { text: text() } }))
  const spec = { carriedOver, rerunOf: 'first' }
  const definition = aDefinition([...carriedOver.map(({ name }) => aStep(name, { results: { text: 'string' } })), aStep('last')])
  const status: RunStatus = { phase: 'Running', steps: initialSteps(definition, spec) }
  return { spec, status }
}

describe('the status of a rerun, as it is stored', () => {
  it('is the same again', () => {
    const { spec, status } = aRerun(3, 10)
    expect(status.steps[0]).toMatchObject({ reason: 'CarriedOver', results: spec.carriedOver[0]?.results })
    const stored = packStatus(spec, status)
    expect(JSON.stringify(stored)).not.toContain('results')
    expect(unpackStatus(spec, stored)).toEqual(status)
  })

  it('keeps results of the run itself, and those of older versions, which were stored with it', () => {
    const { spec, status } = aRerun(2, 10)
    const [first, second, last] = status.steps
    const steps = [
      { ...first, results: { text: 'old' } },
      second,
      { ...last, state: 'Ended', result: 'Succeeded', results: { n: 1 } },
    ] as RunStatus['steps']
    expect(unpackStatus(spec, { ...status, steps }).steps).toEqual(steps)
    expect(unpackStatus(spec, packStatus(spec, { ...status, steps })).steps[2]).toEqual(steps[2])
    expect(packStatus({}, status)).toEqual(status)
  })

  it.each([
    { steps: 60, length: 4000 },
    { steps: 990, length: 40 },
  ])('keeps the Run small: $steps steps with $length characters', ({ steps, length }) => {
    const { spec, status } = aRerun(steps, length)
    expect(Buffer.byteLength(JSON.stringify({ spec, status: packStatus(spec, status) }))).toBeLessThan(MOST_BYTES)
  })
})

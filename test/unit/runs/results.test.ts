import { describe, expect, it } from 'vitest'
import type { JobObservation, Pod } from '../../../src/runs/objects.ts'
import { MOST_RESULT_BYTES, parseResults, resultsOf } from '../../../src/runs/results.ts'
import { aDefinition, aRun, aStep, observed } from '../../support/builders.ts'

const DECLARED = { size: 'integer', name: 'string', list: 'array' } as const

describe('results of a step', () => {
  it.each([
    { name: 'lines', text: 'size=3\nname=a=b \nlist=[1]\n', want: { size: 3, name: 'a=b ', list: [1] } },
    { name: 'one JSON object', text: '{"size": 3, "name": "x\\ny", "list": []}', want: { size: 3, name: 'x\ny', list: [] } },
    { name: 'lines and objects, of which later ones win', text: 'size=1\n{"list": [], "name": "a"}\nsize=2', want: { size: 2, name: 'a', list: [] } },
    { name: 'lines of Windows', text: 'size=3\r\nname=a\r\nlist=[]\r\n', want: { size: 3, name: 'a', list: [] } },
  ])('are read from $name', ({ text, want }) => {
    expect(parseResults(text, DECLARED)).toEqual({ kind: 'Results', values: want })
  })

  it.each([
    {
      name: 'of another type',
      text: 'size=many\nname=a\nlist=[]',
      wantReason: 'ResultsInvalid',
      wantMessage: 'result size must be a whole number, not "many"',
    },
    {
      name: 'that is not declared',
      text: 'sise=1',
      wantReason: 'ResultsInvalid',
      wantMessage: 'wrote the result "sise", which is not declared, did you mean "size"?',
    },
    { name: 'that is missing', text: 'size=1\nname=a', wantReason: 'ResultsInvalid', wantMessage: 'did not write its result list' },
    {
      name: 'that is none',
      text: 'nothing',
      wantReason: 'ResultsInvalid',
      wantMessage: 'wrote the result "nothing", which is neither key=value nor a JSON object',
    },
    {
      name: 'too much',
      text: `name=${'x'.repeat(MOST_RESULT_BYTES)}`,
      wantReason: 'ResultsTooLarge',
      wantMessage: 'wrote more than 4096 bytes of results',
    },
    {
      name: 'too much, of which a cluster has kept the end',
      text: 'x'.repeat(MOST_RESULT_BYTES),
      wantReason: 'ResultsTooLarge',
      wantMessage: 'wrote more than 4096 bytes of results',
    },
  ])('fail a step that writes one $name', ({ text, wantReason, wantMessage }) => {
    expect(parseResults(text, DECLARED)).toEqual({ kind: 'Wrong', reason: wantReason, message: wantMessage })
  })

  it('may fill what there is room for', () => {
    const text = `name=${'x'.repeat(MOST_RESULT_BYTES - 5)}`
    expect(parseResults(text, { name: 'string' })).toMatchObject({ kind: 'Results' })
  })

  const step = aStep('a', { results: { size: 'integer' } })
  const seen = (pods: Pod[]): JobObservation => ({ ...observed(aRun(aDefinition([step])), step), pods })
  const [ended] = observed(aRun(aDefinition([step])), step, 0).pods
  const [running] = observed(aRun(aDefinition([step])), step, 'running').pods

  it.each<{ name: string; pods: (Pod | undefined)[]; want: object }>([
    { name: 'are waited for while the pod is still to be seen ending', pods: [running], want: { kind: 'Pending' } },
    { name: 'are lost with their pod', pods: [], want: { kind: 'Wrong', reason: 'ResultsLost' } },
    {
      name: 'are those of the pod that succeeded',
      pods: [ended],
      want: { kind: 'Wrong', reason: 'ResultsInvalid', message: 'did not write its result size' },
    },
  ])('$name', ({ pods, want }) => {
    expect(resultsOf(seen(pods.filter((pod) => pod !== undefined)), step.results)).toMatchObject(want)
  })
})

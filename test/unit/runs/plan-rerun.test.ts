import { describe, expect, it } from 'vitest'
import { planCarryOver } from '../../../src/runs/plan-rerun.ts'
import { initialSteps } from '../../../src/runs/plan-run.ts'
import type { StepStatus } from '../../../src/runs/run.ts'
import { aDefinition, aRun, aStep } from '../../support/builders.ts'
import { playRun } from '../../support/play-run.ts'

const ended = (name: string, result: StepStatus['result'], over: Partial<StepStatus> = {}): StepStatus => ({
  name,
  kind: 'Step',
  state: 'Ended',
  attempts: [],
  ...(result && { result }),
  ...over,
})

describe('a rerun of what failed takes over', () => {
  it.each<{ name: string; steps: StepStatus[]; want: string[] }>([
    {
      name: 'what succeeded behind what succeeded',
      steps: [ended('a', 'Succeeded'), ended('b', 'Succeeded'), ended('c', 'Failed')],
      want: ['a', 'b'],
    },
    {
      name: 'nothing behind what failed, though it succeeded',
      steps: [ended('a', 'Failed', {}), ended('b', 'Succeeded'), ended('c', 'Skipped')],
      want: [],
    },
    {
      name: 'nothing that was undone',
      steps: [ended('a', 'Succeeded'), ended('a', 'Succeeded', { kind: 'Undo' }), ended('b', 'Failed'), ended('c', 'Skipped')],
      want: [],
    },
    {
      name: 'single expansions',
      steps: [ended('a/0', 'Succeeded'), ended('a/1', 'Failed'), ended('b', 'Skipped'), ended('c', 'Skipped')],
      want: ['a/0'],
    },
    {
      name: 'all expansions and what is behind them',
      steps: [ended('a/0', 'Succeeded'), ended('a/1', 'Cached'), ended('b', 'Succeeded'), ended('c', 'Cancelled')],
      want: ['a/0', 'a/1', 'b'],
    },
  ])('$name', ({ steps, want }) => {
    const definition = aDefinition([aStep('a'), aStep('b', { needs: ['a'] }), aStep('c', { needs: ['b'] })])
    expect(planCarryOver(definition, steps).map(({ name }) => name)).toEqual(want)
  })

  it.each([
    { list: 'params.sites', want: ['a/0', 'b'] },
    { list: 'params.run.map(run_one, run_one)', want: ['a/0', 'b'] },
    { list: ['run', 'vars.x', '${{ params.vars }}'], want: ['a/0', 'b'] },
    { list: 'vars.sites.split(",")', want: [] },
    { list: '[trigger.by]', want: [] },
    { list: ['x', { y: ['on ${{ run.name }}'] }], want: [] },
  ])('expansions whose list is the same again: $list', ({ list, want }) => {
    const steps = [ended('a/0', 'Succeeded'), ended('b', 'Succeeded'), ended('c', 'Failed')]
    for (const expansion of [
      { kind: 'ForEach', items: list },
      { kind: 'Matrix', values: { k: list } },
    ] as const) {
      const definition = aDefinition([aStep('a', { expansion }), aStep('b', { needs: ['a'] }), aStep('c', { needs: ['b'] })])
      expect(planCarryOver(definition, steps).map(({ name }) => name)).toEqual(want)
    }
  })

  it('results, which those that run again see', () => {
    const definition = aDefinition([
      aStep('list', { results: { items: 'array' } }),
      aStep('each', { needs: ['list'], expansion: { kind: 'ForEach', items: 'steps.list.results.items' } }),
    ])
    const carriedOver = [{ name: 'list', results: { items: [1, 2] } }, { name: 'each/1' }]
    const { run, started } = playRun({ run: startedAgain(definition, carriedOver) })
    expect(started).toEqual(['each/0'])
    expect(run.status?.steps).toMatchObject([
      { name: 'list', reason: 'CarriedOver', results: { items: [1, 2] } },
      { name: 'each/0', result: 'Succeeded' },
      { name: 'each/1', result: 'Succeeded', reason: 'CarriedOver', message: 'succeeded in first' },
    ])
  })
})

function startedAgain(definition: ReturnType<typeof aDefinition>, carriedOver: { name: string; results?: Record<string, unknown> }[]) {
  const spec = { carriedOver, rerunOf: 'first' }
  return aRun(definition, { spec, status: { steps: initialSteps(definition, spec) } })
}

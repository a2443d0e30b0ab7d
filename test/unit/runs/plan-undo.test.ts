import { describe, expect, it } from 'vitest'
import type { ContainerWork, Step } from '../../../src/definitions/workflow.ts'
import type { StepStatus } from '../../../src/runs/run.ts'
import { aDefinition, aJoin, aRun, aStep } from '../../support/builders.ts'
import { playRun } from '../../support/play-run.ts'

const undo: ContainerWork = { kind: 'Container', container: { image: 'x', command: ['true'] }, pod: {}, job: {} }

/** A run of these steps as it is once all have ended, each at its second after noon. */
function afterSteps(steps: Step[], ends: Record<string, { at?: string; result?: StepStatus['result'] }>) {
  const status = Object.entries(ends).map(([name, { at = '2026-11-20T12:00:01Z', result = 'Succeeded' }]): StepStatus => {
    const { kind } = steps.find((step) => step.name === name.replace(/\/\d+$/, ''))?.work ?? {}
    return { name, kind: kind === 'Join' ? 'Join' : 'Step', state: 'Ended', result, attempts: [], startedAt: at, finishedAt: at }
  })
  return aRun(aDefinition(steps), { status: { steps: status } })
}

const FAILED = { result: 'Failed' as const }

describe('the order of undos', () => {
  it('is by dependencies where all ended in the same second, wherever they stand in the file', () => {
    const steps = [aStep('b', { needs: ['a'], undo }), aStep('a', { undo }), aStep('c', { needs: ['b'] })]
    expect(playRun({ run: afterSteps(steps, { b: {}, a: {}, c: FAILED }) }).started).toEqual(['b undo', 'a undo'])
  })

  it("is by dependencies where a node's clock says otherwise, also through joins and what has no undo", () => {
    const steps = [aStep('a', { undo }), aStep('between', { needs: ['a'] }), aJoin('join', ['between']), aStep('b', { needs: ['join'], undo })]
    const run = afterSteps([...steps, aStep('bad')], { a: { at: '2026-11-20T12:00:05Z' }, between: {}, join: {}, b: {}, bad: FAILED })
    expect(playRun({ run }).started).toEqual(['b undo', 'a undo'])
  })

  it('is by time between steps that have nothing to do with each other, in whatever form it is written', () => {
    const steps = [aStep('late', { undo }), aStep('soon', { undo }), aStep('later', { undo }), aStep('bad')]
    const [late, soon, later] = ['2026-11-20T12:00:01.500Z', '2026-11-20T12:00:01Z', '2026-11-20T12:00:02Z']
    const run = afterSteps(steps, { late: { at: late }, soon: { at: soon }, later: { at: later }, bad: FAILED })
    expect(playRun({ run }).started).toEqual(['later undo', 'late undo', 'soon undo'])
  })

  it('is by time where a step in between was skipped, which waited for nobody', () => {
    const steps = [aStep('a', { undo }), aStep('between', { needs: ['a'] }), aStep('b', { needs: ['between'], undo }), aStep('bad')]
    const skipped = { result: 'Skipped' as const }
    const run = afterSteps(steps, { a: { at: '2026-11-20T12:00:09Z' }, between: skipped, b: {}, bad: FAILED })
    expect(playRun({ run }).started).toEqual(['a undo', 'b undo'])
  })

  it('waits for all expansions of what depends on a step', () => {
    const steps = [aStep('a', { undo }), aStep('each', { needs: ['a'], undo, expansion: { kind: 'ForEach', items: [1, 2] } }), aStep('bad')]
    const run = afterSteps(steps, { a: { at: '2026-11-20T12:00:09Z' }, 'each/0': {}, 'each/1': {}, bad: FAILED })
    expect(playRun({ run }).started).toEqual(['each/1 undo', 'each/0 undo', 'a undo'])
  })
})

describe('what a run failed of', () => {
  it('is the step that failed first, in whatever form its time is written', () => {
    const run = afterSteps([aStep('second'), aStep('first')], { second: { at: '2026-11-20T12:00:01.500Z', ...FAILED }, first: FAILED })
    expect(playRun({ run }).run.status?.message).toBe('first failed')
  })
})

import { expect, it } from 'vitest'
import type { WorkflowTrigger } from '../../../src/definitions/workflow.ts'
import type { RunResult } from '../../../src/runs/run.ts'
import { planDownstream } from '../../../src/triggers/upstream.ts'

const suspended = { untilMs: Date.parse('2026-11-21T00:00:00Z'), reason: 'moving' }

function plan(
  result: RunResult,
  upstream: WorkflowTrigger[],
  over: Partial<Parameters<typeof planDownstream>[0]> = {},
  suspend: typeof suspended | null = null,
) {
  const { requests, held } = planDownstream({
    ended: { workflow: 'load', run: 'load-1', result },
    workflows: new Map([['report', { commit: 'c1', definition: { name: 'report', upstream, suspend } }]]),
    suspend: null,
    paused: undefined,
    nowMs: Date.parse('2026-11-20T12:00:00Z'),
    ...over,
  })
  return { started: requests.map(({ workflow, commit }) => `${workflow} ${commit}`), held: held.map(({ reason }) => reason) }
}

const results: { result: RunResult; wanted: WorkflowTrigger['result']; want: boolean }[] = [
  { result: 'Succeeded', wanted: 'Succeeded', want: true },
  { result: 'Failed', wanted: 'Succeeded', want: false },
  { result: 'Failed', wanted: 'Failed', want: true },
  { result: 'TimedOut', wanted: 'Failed', want: false },
  { result: 'Succeeded', wanted: null, want: true },
  { result: 'Cancelled', wanted: null, want: true },
  { result: 'Skipped', wanted: null, want: false },
]
it.each(results)('a run that ends $result starts one that waits for $wanted: $want', ({ result, wanted, want }) => {
  expect(plan(result, [{ workflow: 'load', result: wanted }])).toEqual({ started: want ? ['report c1'] : [], held: [] })
})

it('starts nothing that waits for another workflow, and once what names it twice', () => {
  expect(plan('Succeeded', [{ workflow: 'other', result: null }]).started).toEqual([])
  expect(
    plan('Succeeded', [
      { workflow: 'load', result: null },
      { workflow: 'load', result: 'Succeeded' },
    ]).started,
  ).toEqual(['report c1'])
})

it('is held back by a suspension of the workflow or the repository, and by a pause', () => {
  const upstream: WorkflowTrigger[] = [{ workflow: 'load', result: null }]
  expect(plan('Succeeded', upstream, {}, suspended)).toEqual({ started: [], held: ['moving'] })
  expect(plan('Succeeded', upstream, { suspend: true })).toEqual({ started: [], held: ['the repository is suspended'] })
  expect(plan('Succeeded', upstream, { paused: { by: 'ada', at: '', reason: '' } })).toEqual({ started: [], held: ['paused by ada'] })
})

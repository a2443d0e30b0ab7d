import { createExpressionLanguage } from '../../src/definitions/expressions/language.ts'
import { planRun } from '../../src/runs/plan-run.ts'
import type { StepStatus } from '../../src/runs/run.ts'
import { aDefinition, aRun, aStep, NOON, observed } from '../support/builders.ts'

/*
 * What one more event costs a run of so many expanded steps: a pass of the planner over it while some run, some wait and most have ended. The
 * ratio to a run of a tenth is what counts: machines differ.
 */

const expressions = { language: createExpressionLanguage(), vars: {}, branch: 'main' }
const ROUNDS = 300
const RUNNING = 50
const WAITING = 20
const AT = '2026-11-20T12:00:00.000Z'

function msPerPass(count: number): number {
  const step = aStep('each', { expansion: { kind: 'ForEach', items: Array.from({ length: count }, (_, index) => index) } })
  const statusOf = (index: number): StepStatus => {
    const name = `each/${index}`
    if (index >= count - WAITING) return { name, kind: 'Step', state: 'Waiting', attempts: [] }
    if (index >= count - WAITING - RUNNING) return { name, kind: 'Step', state: 'Running', startedAt: AT, attempts: [] }
    const attempts = [{ pod: '40~-x', exitCode: 0, startedAt: AT }]
    return { name, kind: 'Step', state: 'Ended', result: 'Succeeded', startedAt: AT, finishedAt: AT, attempts }
  }
  const steps = Array.from({ length: count }, (_, index) => statusOf(index))
  const run = aRun(aDefinition([step, aStep('after', { needs: ['each'] })]), {
    status: { steps: [...steps, { name: 'after', kind: 'Step', state: 'Waiting', attempts: [] }] },
  })
  const jobs = steps.flatMap(({ name, state }) =>
    state === 'Waiting' ? [] : [observed(run, { ...step, name }, state === 'Running' ? 'running' : 0)],
  )
  const input = { run, jobs, nowMs: NOON, freeSlots: 0, expressions }
  for (let round = 0; round < ROUNDS; round++) planRun(input)
  const startedAt = performance.now()
  for (let round = 0; round < ROUNDS; round++) planRun(input)
  return (performance.now() - startedAt) / ROUNDS
}

const [few, many] = [msPerPass(100), msPerPass(1000)]
console.log(`a pass over 100 steps ${few.toFixed(3)} ms, over 1,000 steps ${many.toFixed(3)} ms: ${(many / few).toFixed(1)} times as long`)

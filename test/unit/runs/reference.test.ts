import { describe, expect, it } from 'vitest'
import type { DependencyCondition, RunDefinition, Step } from '../../../src/definitions/workflow.ts'
import type { StoredRun } from '../../../src/runs/run.ts'
import { stepKey } from '../../../src/runs/step-key.ts'
import { aDefinition, aRun, aStep } from '../../support/builders.ts'
import { playRun, type Play } from '../../support/play-run.ts'
import type { ReferenceEnding, ReferenceRun, ReferenceStep, ReferenceWorkflow } from '../../support/reference-interpreter.ts'
import { interpret } from '../../support/reference-interpreter.ts'

const TIMEOUT_SECONDS = 100_000

function define({ steps, finally: last = [], failFast = false }: ReferenceWorkflow): RunDefinition {
  return aDefinition(steps.map(defineStep), { finally: last.map(defineStep), failFast, timeoutSeconds: TIMEOUT_SECONDS })
}

function defineStep({ name, dependsOn = [], isJoin = false, if: condition, allowFailure = false, undo }: ReferenceStep): Step {
  const work: Step['work'] = { kind: 'Container', container: { image: 'busybox', command: ['true'] }, pod: {}, job: {} }
  return aStep(name, {
    needs: [...dependsOn],
    allowFailure,
    if: condition === undefined ? null : String(condition),
    timeoutSeconds: null,
    startTimeoutSeconds: null,
    ...(isJoin ? { work: { kind: 'Join' } } : {}),
    ...(undo === undefined ? {} : { undo: work }),
  })
}

/** What the planner makes of it, in the reference's words. */
function play(workflow: ReferenceWorkflow, ending: ReferenceEnding): ReferenceRun {
  const fails = new Map<string, boolean>()
  for (const step of [...workflow.steps, ...(workflow.finally ?? [])]) {
    fails.set(step.name, step.fails === true)
    fails.set(`${step.name} undo`, step.undo === 'Fails')
  }
  const happening: NonNullable<Play['happenings']>[number][] =
    ending.kind === 'None'
      ? []
      : ending.kind === 'TimedOut'
        ? [{ afterEnds: ending.afterEnds, passMs: TIMEOUT_SECONDS * 1000 }]
        : [{ afterEnds: ending.afterEnds, spec: { cancel: { by: 'ann', reason: 'test' } }, isLate: ending.kind === 'CancelledLate' }]
  const doomed = [...workflow.steps, ...(workflow.finally ?? [])].filter((step) => step.isCancelled === true).map(({ name }) => name)
  const { run, started } = playRun({
    run: aRun(define(workflow)),
    act({ spec, status }) {
      const next = (status?.steps ?? []).find(({ name, state }) => state === 'Running' && doomed.includes(name) && !isAsked(spec, name))
      return next === undefined ? null : { cancelSteps: [...(spec.cancelSteps ?? []), { step: next.name, by: 'ann', reason: 'test' }] }
    },
    outcomes: (key) => ({ exitCodes: [fails.get(key) === true ? 1 : 0] }),
    happenings: happening,
  })
  return { result: resultOf(run), steps: (run.status?.steps ?? []).map((step) => `${stepKey(step)} ${step.result}`), started }
}

function isAsked({ cancelSteps = [] }: StoredRun['spec'], name: string): boolean {
  return cancelSteps.some(({ step }) => step === name)
}

function resultOf({ status }: StoredRun): ReferenceRun['result'] {
  return status?.result as ReferenceRun['result']
}

/** Every way to take one of each. */
function* combine<T extends Record<string, readonly unknown[]>>(choices: T): Generator<{ [K in keyof T]: T[K][number] }> {
  const [[name, values] = [], ...others] = Object.entries(choices)
  if (name === undefined || values === undefined) {
    yield {} as { [K in keyof T]: T[K][number] }
    return
  }
  for (const rest of combine(Object.fromEntries(others)))
    for (const value of values) yield { [name]: value, ...rest } as { [K in keyof T]: T[K][number] }
}

const CONDITIONS: readonly (DependencyCondition | null)[] = [null, 'Succeeded', 'Failed', 'NotFailed', 'Always']
const ENDINGS: readonly ReferenceEnding[] = [{ kind: 'None' }, { kind: 'Cancelled', afterEnds: 1 }, { kind: 'TimedOut', afterEnds: 1 }]

const EARLY_AND_LATE_ENDINGS: readonly ReferenceEnding[] = [
  { kind: 'None' },
  ...(['Cancelled', 'TimedOut'] as const).flatMap((kind) => [0, 1, 2].map((afterEnds) => ({ kind, afterEnds }))),
]

const ENDINGS_UP_TO_THE_LAST: readonly ReferenceEnding[] = [...ENDINGS, ...[0, 3].map((afterEnds) => ({ kind: 'CancelledLate' as const, afterEnds }))]

/** What steps come to: all results but Cached, which nothing gives yet, and who needs no Job for it. */
type Fate = 'Succeeds' | 'Fails' | 'FailsAllowed' | 'Skipped' | 'Cancelled' | 'Join'
const FATES: readonly Fate[] = ['Succeeds', 'Fails', 'FailsAllowed', 'Skipped', 'Cancelled', 'Join']

function aReferenceStep(name: string, fate: Fate, needs: readonly (readonly [string, DependencyCondition | null])[]): ReferenceStep {
  const dependsOn = needs.flatMap(([step, when]) => (when === null ? [] : [{ step, when }]))
  switch (fate) {
    case 'Succeeds':
      return { name, dependsOn }
    case 'Fails':
      return { name, dependsOn, fails: true }
    case 'FailsAllowed':
      return { name, dependsOn, fails: true, allowFailure: true }
    case 'Skipped':
      return { name, dependsOn, if: false }
    case 'Cancelled':
      return { name, dependsOn, isCancelled: true }
    case 'Join':
      return { name, dependsOn, isJoin: true }
  }
}

function expectSame(workflow: ReferenceWorkflow, ending: ReferenceEnding): void {
  const want = interpret(workflow, ending)
  const got = play(workflow, ending)
  if (JSON.stringify(got) !== JSON.stringify(want)) expect({ workflow, ending, ...got }).toEqual({ workflow, ending, ...want })
}

/** Thousands of runs, on a machine that may do much else. */
const LONGEST_MS = 180_000

describe('the planner agrees with a slow interpreter written from the text', { timeout: LONGEST_MS }, () => {
  it('on two steps, whatever they wait for, come to and are ended by, at every moment', () => {
    let count = 0
    const choices = { ab: CONDITIONS, a: FATES, b: FATES, ending: EARLY_AND_LATE_ENDINGS, failFast: [false, true] }
    for (const { ab, a, b, ending, failFast } of combine(choices)) {
      expectSame({ steps: [aReferenceStep('a', a, []), aReferenceStep('b', b, [['a', ab]])], failFast }, ending)
      count++
    }
    expect(count).toBe(5 * 6 * 6 * 7 * 2)
  })

  it('on three steps, whatever they wait for, come to and are ended by; all of it with FUSEE_TEST_EVERY=1, or in parts: 1/8 to 8/8', () => {
    let [count, place] = [0, 0]
    const [part = 1, parts = 1] = (process.env['FUSEE_TEST_EVERY'] ?? '').split('/').map(Number)
    const isAll = process.env['FUSEE_TEST_EVERY'] !== undefined
    const [endings, last] = [isAll ? EARLY_AND_LATE_ENDINGS : ENDINGS, isAll ? FATES : (['Succeeds'] as const)]
    const choices = { ab: CONDITIONS, ac: CONDITIONS, bc: CONDITIONS, a: FATES, b: FATES, c: last, ending: endings, failFast: [false, true] }
    for (const { ab, ac, bc, a, b, c, ending, failFast } of combine(choices)) {
      // It does nothing where nothing fails, and is overtaken by other endings.
      if (place++ % parts !== (part - 1) % parts) continue
      if (failFast && !isAll && (ending.kind !== 'None' || ![a, b].includes('Fails'))) continue
      const steps = [
        aReferenceStep('a', a, []),
        aReferenceStep('b', b, [['a', ab]]),
        aReferenceStep('c', c, [
          ['a', ac],
          ['b', bc],
        ]),
      ]
      expectSame({ steps, failFast }, ending)
      count++
    }
    expect(count).toBeGreaterThan(10_000 / parts)
  })

  it('on undos and finally steps', () => {
    const undos = [undefined, 'Works', 'Fails'] as const
    const lasts = ['None', 'Succeeds', 'Fails', 'FailsAllowed', 'Second'] as const
    const choices = { a: FATES, c: FATES.filter((fate) => fate !== 'Join'), undoA: undos, undoC: undos, last: lasts, ending: ENDINGS_UP_TO_THE_LAST }
    for (const { a, c, undoA, undoC, last, ending } of combine(choices)) {
      const withUndo = (step: ReferenceStep, undo: ReferenceStep['undo']): ReferenceStep => (undo === undefined ? step : { ...step, undo })
      const steps = [
        withUndo(aReferenceStep('a', a, []), undoA),
        aReferenceStep('b', 'Succeeds', []),
        withUndo(aReferenceStep('c', c, [['a', 'Always']]), undoC),
      ]
      const first = last === 'None' ? [] : [aReferenceStep('x', last === 'Second' ? 'Fails' : last, [])]
      const second = last === 'Second' ? [aReferenceStep('y', 'Succeeds', [['x', 'Always']])] : []
      expectSame({ steps, finally: [...first, ...second] }, ending)
    }
  })
})

import { describe, expect, it } from 'vitest'
import { createExpressionLanguage } from '../../../src/definitions/expressions/language.ts'
import type { RunDefinition, Step } from '../../../src/definitions/workflow.ts'
import type { JobObservation } from '../../../src/runs/objects.ts'
import type { RunPlan } from '../../../src/runs/plan/board.ts'
import { planRun } from '../../../src/runs/plan-run.ts'
import type { RunStatus, StoredRun } from '../../../src/runs/run.ts'
import { aDefinition, aJoin, aRun, aStep, NOON, observed } from '../../support/builders.ts'

const expressions = { language: createExpressionLanguage(), vars: { environment: 'test' }, branch: 'main' }

const plan = (run: StoredRun, jobs: JobObservation[] = [], over: { nowMs?: number; freeSlots?: number } = {}): RunPlan =>
  planRun({ run, jobs, nowMs: NOON + 5000, freeSlots: 100, expressions, ...over })

const created = (result: RunPlan): string[] => result.create.map((one) => one.step.name)
const results = (status: RunStatus): Record<string, string> => Object.fromEntries(status.steps.map((step) => [step.name, step.result ?? step.state]))

/** Plays a run to its end: every created step ends at once with the exit code given for it (0 else). */
function play(definition: RunDefinition, exitCodes: Record<string, number> = {}, run = aRun(definition)): { run: StoredRun; started: string[] } {
  const started: string[] = []
  const jobs: JobObservation[] = []
  let current = run
  for (let pass = 0; pass < 50; pass++) {
    const next = plan(current, jobs)
    for (const {
      step: { name: step },
    } of next.create) {
      started.push(step)
      const found = [...definition.steps, ...definition.finally].find((one) => one.name === step) as Step
      jobs.push(observed(run, found, exitCodes[step] ?? 0))
    }
    current = { ...current, status: next.status }
    if (next.status.phase === 'Finished') return { run: current, started }
  }
  throw new Error(`run does not end: ${JSON.stringify(current.status)}`)
}

describe('a run starts what is ready', () => {
  const diamond = aDefinition([aStep('a'), aStep('b', { needs: ['a'] }), aStep('c', { needs: ['a'] }), aStep('d', { needs: ['b', 'c'] })])

  it('starts only the steps without dependencies at first', () => {
    expect(created(plan(aRun(diamond)))).toEqual(['a'])
  })

  it('starts both branches of a diamond once its root has succeeded, and the end after both', () => {
    const run = aRun(diamond)
    const [a, b, c] = diamond.steps as [Step, Step, Step]
    expect(created(plan(run, [observed(run, a, 0)]))).toEqual(['b', 'c'])
    expect(created(plan(run, [observed(run, a, 0), observed(run, b, 0), observed(run, c, 'running')]))).toEqual([])
    expect(created(plan(run, [observed(run, a, 0), observed(run, b, 0), observed(run, c, 0)]))).toEqual(['d'])
  })

  it('takes nothing over from a namespace where the step has no Job', () => {
    const run = aRun(diamond)
    const { job, pods } = observed(run, diamond.steps[0] as Step, 0)
    const forged = { job: { ...job, metadata: { ...job.metadata, namespace: 'theirs' } }, pods }
    expect(created(plan(run, [forged]))).toEqual(['a'])
  })

  it('takes over a Job that was made before the status could say so', () => {
    const run = aRun(diamond)
    const next = plan(run, [observed(run, diamond.steps[0] as Step, 'running')])
    expect(created(next)).toEqual([])
    expect(next.status.steps[0]).toMatchObject({ state: 'Running', attempts: [] })
  })

  it('ends joins in the pass in which their dependencies have ended, and goes on behind them', () => {
    const definition = aDefinition([aStep('a'), aJoin('all', ['a']), aStep('b', { needs: ['all'] })])
    const run = aRun(definition)
    const next = plan(run, [observed(run, definition.steps[0] as Step, 0)])
    expect(created(next)).toEqual(['b'])
    expect(next.status.steps[1]).toMatchObject({ kind: 'Join', state: 'Ended', result: 'Succeeded' })
  })

  it('ends a join as before when a crash has forgotten it and the run is over time since', () => {
    const definition = aDefinition([aStep('a'), aJoin('all', ['a']), aStep('b', { needs: ['all'] })], { timeoutSeconds: 60 })
    const run = aRun(definition)
    const [a, , b] = definition.steps as [Step, Step, Step]
    const next = plan(run, [observed(run, a, 0), observed(run, b, 0)], { nowMs: NOON + 61_000 })
    expect(results(next.status)).toEqual({ a: 'Succeeded', all: 'Succeeded', b: 'Succeeded' })
  })

  it.each([
    { name: 'the workflow', definition: aDefinition([aStep('a'), aStep('b')], { maxParallel: 1 }), freeSlots: 9, wantWaits: false },
    { name: 'the repository', definition: aDefinition([aStep('a'), aStep('b')]), freeSlots: 1, wantWaits: true },
  ])('starts no more at once than $name allows', ({ definition, freeSlots, wantWaits }) => {
    const next = plan(aRun(definition), [], { freeSlots })
    expect(created(next)).toEqual(['a'])
    expect(next.waitsForSlot).toBe(wantWaits)
  })
})

describe('conditions of dependencies', () => {
  it.each([
    { when: 'Succeeded', exit: 0, allowFailure: false, want: 'Succeeded' },
    { when: 'Succeeded', exit: 3, allowFailure: false, want: 'Skipped' },
    { when: 'Succeeded', exit: 3, allowFailure: true, want: 'Succeeded' },
    { when: 'Failed', exit: 0, allowFailure: false, want: 'Skipped' },
    { when: 'Failed', exit: 3, allowFailure: false, want: 'Succeeded' },
    { when: 'Failed', exit: 3, allowFailure: true, want: 'Succeeded' },
    { when: 'NotFailed', exit: 0, allowFailure: false, want: 'Succeeded' },
    { when: 'NotFailed', exit: 3, allowFailure: false, want: 'Skipped' },
    { when: 'NotFailed', exit: 3, allowFailure: true, want: 'Succeeded' },
    { when: 'Always', exit: 3, allowFailure: false, want: 'Succeeded' },
  ] as const)('$when after exit $exit (allowFailure $allowFailure): $want', ({ when, exit, allowFailure, want }) => {
    const definition = aDefinition([aStep('first', { allowFailure }), aStep('second', { needs: [{ step: 'first', when }] })])
    expect(results(play(definition, { first: exit }).run.status as RunStatus)['second']).toBe(want)
  })

  it('spreads skips through Succeeded and Failed, not through NotFailed and Always', () => {
    const behind = (when: 'Succeeded' | 'Failed' | 'NotFailed' | 'Always') => aStep(when.toLowerCase(), { needs: [{ step: 'skipped', when }] })
    const definition = aDefinition([
      aStep('broken'),
      aStep('skipped', { needs: ['broken'] }),
      behind('Succeeded'),
      behind('Failed'),
      behind('NotFailed'),
      behind('Always'),
    ])
    const { run, started } = play(definition, { broken: 1 })
    expect(results(run.status as RunStatus)).toMatchObject({ skipped: 'Skipped', succeeded: 'Skipped', failed: 'Skipped' })
    expect(started).toEqual(['broken', 'notfailed', 'always'])
  })
})

describe('the result of a run', () => {
  it.each([
    { name: 'all succeed', exits: {}, want: 'Succeeded', wantMessage: '' },
    { name: 'a step fails', exits: { a: 3 }, want: 'Failed', wantMessage: 'a exited with 3' },
    { name: 'a step fails that may', exits: { tolerated: 3 }, want: 'Succeeded', wantMessage: '' },
    { name: 'only a finally step fails', exits: { last: 4 }, want: 'Failed', wantMessage: 'last exited with 4' },
    { name: 'a step and a finally step fail', exits: { a: 3, last: 4 }, want: 'Failed', wantMessage: 'a exited with 3' },
  ])('$want when $name', ({ exits, want, wantMessage }) => {
    const definition = aDefinition([aStep('a'), aStep('tolerated', { allowFailure: true })], { finally: [aStep('last')] })
    const { run, started } = play(definition, exits)
    expect(run.status).toMatchObject({ phase: 'Finished', result: want, message: wantMessage })
    expect(started).toContain('last')
  })

  it('is Cancelled once a cancelled run has stopped its steps and run its finally steps', () => {
    const definition = aDefinition([aStep('a'), aStep('b', { needs: ['a'] })], { finally: [aStep('last')] })
    const run = aRun(definition, { spec: { cancel: { by: 'ann', reason: 'wrong branch' } } })
    const running = observed(run, definition.steps[0] as Step, 'running')
    const first = plan(run, [running])
    expect(first.stop.map((job) => job.metadata.name)).toEqual([running.job.metadata.name])
    expect(results(first.status)).toEqual({ a: 'Stopping', b: 'Skipped', last: 'Waiting' })
    const gone = { job: { ...running.job, metadata: { ...running.job.metadata, deletionTimestamp: '2026-11-20T12:00:06.000Z' } }, pods: [] }
    const second = plan({ ...run, status: first.status }, [gone])
    expect(results(second.status)).toEqual({ a: 'Cancelled', b: 'Skipped', last: 'Waiting' })
    expect(created(second)).toEqual(['last'])
    const last = observed(run, definition.finally[0] as Step, 0)
    const third = plan({ ...run, status: second.status }, [gone, last])
    expect(third.status).toMatchObject({ phase: 'Finished', result: 'Cancelled', reason: 'RunCancelled', message: 'cancelled by ann: wrong branch' })
  })

  it('is TimedOut when the whole run takes too long', () => {
    const definition = aDefinition([aStep('a'), aStep('b', { needs: ['a'] })], { timeoutSeconds: 60 })
    const run = aRun(definition)
    const running = observed(run, definition.steps[0] as Step, 'running')
    expect(plan(run, [running]).requeueAtMs).toBe(NOON + 60_000)
    const first = plan(run, [running], { nowMs: NOON + 60_000 })
    expect(results(first.status)).toEqual({ a: 'Stopping', b: 'Skipped' })
    const second = plan({ ...run, status: first.status }, [], { nowMs: NOON + 61_000 })
    expect(second.status).toMatchObject({ phase: 'Finished', result: 'TimedOut' })
  })
})

describe('a step that is ended early', () => {
  const definition = aDefinition([aStep('a', { timeoutSeconds: 10 })])
  const step = definition.steps[0] as Step

  it('has its log read, its reason stored and then its Job stopped when its time-out passes', () => {
    const run = aRun(definition)
    const next = plan(run, [observed(run, step, 'running')], { nowMs: NOON + 10_000 })
    expect(next.readLogs).toHaveLength(1)
    expect(next.stop).toHaveLength(1)
    expect(next.status.steps[0]).toMatchObject({ state: 'Stopping', stop: { result: 'Failed', reason: 'Timeout' } })
  })

  it('is stopped again after a crash between storing the reason and stopping', () => {
    const run = aRun(definition)
    const job = observed(run, step, 'running')
    const first = plan(run, [job], { nowMs: NOON + 10_000 })
    expect(plan({ ...run, status: first.status }, [job], { nowMs: NOON + 11_000 }).stop).toHaveLength(1)
  })

  it('fails as JobDeleted when its Job is gone, and is not made again', () => {
    const run = aRun(definition)
    const started = plan(run, [observed(run, step, 'running')])
    const next = plan({ ...run, status: started.status }, [])
    expect(next.create).toEqual([])
    expect(next.status.steps[0]).toMatchObject({ state: 'Ended', result: 'Failed', reason: 'JobDeleted' })
  })

  it('fails as JobDeleted when somebody deletes its Job while our finalizer holds it', () => {
    const run = aRun(definition)
    const job = observed(run, step, 'running')
    job.job.metadata.deletionTimestamp = '2026-11-20T12:00:03.000Z'
    const first = plan(run, [job])
    expect(first.readLogs).toHaveLength(1)
    const second = plan({ ...run, status: first.status }, [{ ...job, pods: [] }])
    expect(second.status.steps[0]).toMatchObject({ result: 'Failed', reason: 'JobDeleted' })
  })

  it('is stopped again after such a crash also when somebody else has deleted its Job, whose pods go on', () => {
    const run = aRun(definition)
    const job = observed(run, step, 'running')
    job.job.metadata.deletionTimestamp = '2026-11-20T12:00:03.000Z'
    const { status } = plan(run, [job])
    expect(plan({ ...run, status }, [job]).stop).toHaveLength(1)
  })

  it('is Disrupted when some of five pods were lost before this process, and are gone', () => {
    const run = aRun(definition)
    const four = observed(run, step, 'lost', 'lost', 'lost', 'lost')
    const { status } = plan(run, [four])
    const fifth = { ...four, pods: observed(run, step, 0, 0, 0, 0, 'lost').pods.slice(4) }
    expect(plan({ ...run, status }, [fifth]).status.steps[0]).toMatchObject({ state: 'Stopping', stop: { reason: 'Disrupted' } })
  })

  it.each([
    { end: 'Error', want: { reason: 'ExitCode', message: 'exited with 3' } },
    { end: 'OOMKilled', want: { reason: 'OOMKilled', message: 'ended with OOMKilled' } },
  ])('says how its last pod ended ($end) also when that is gone by the time the Job gives up', ({ end, want }) => {
    const retried = aDefinition([aStep('a', { retries: 1 })])
    const run = aRun(retried)
    const seen = observed(run, retried.steps[0] as Step, 3)
    const { terminated = undefined } = seen.pods[0]?.status.containerStatuses?.[0]?.state ?? {}
    Object.assign(terminated ?? {}, { reason: end })
    const { status } = plan(run, [seen])
    expect(results(status)).toEqual({ a: 'Running' })
    const given = { type: 'Failed', status: 'True', reason: 'BackoffLimitExceeded', message: '', lastTransitionTime: '' } as const
    const failed = { job: { ...seen.job, status: { conditions: [given] } }, pods: [] }
    expect(plan({ ...run, status }, [failed]).status.steps[0]).toMatchObject({ result: 'Failed', ...want })
  })

  it('waits for the Job to say whether a pod that was deleted counts: it does not when the Job was suspended', () => {
    const run = aRun(definition)
    const ended = observed(run, step, 143)
    Object.assign(ended.pods[0]?.metadata ?? {}, { deletionTimestamp: '2026-11-20T12:00:03.000Z' })
    const first = plan(run, [{ ...ended, job: { ...ended.job, spec: { ...ended.job.spec, suspend: true } } }])
    expect(results(first.status)).toEqual({ a: 'Running' })
    expect(results(plan({ ...run, status: first.status }, [ended]).status)).toEqual({ a: 'Running' })
  })

  it('is Disrupted after five lost pods', () => {
    const run = aRun(definition)
    const next = plan(run, [observed(run, step, 'lost', 'lost', 'lost', 'lost', 'lost')])
    expect(next.status.steps[0]).toMatchObject({ state: 'Stopping', stop: { reason: 'Disrupted' } })
    expect(next.stop).toHaveLength(1)
  })

  it('stays active while fewer pods are lost', () => {
    const run = aRun(definition)
    expect(plan(run, [observed(run, step, 'lost', 'lost', 'lost', 'lost', 'running')]).status.steps[0]).toMatchObject({ state: 'Running' })
  })
})

describe('failFast', () => {
  it('cancels what runs and skips what waits, but for what waits for the failure', () => {
    const definition = aDefinition(
      [
        aStep('broken'),
        aStep('long'),
        aStep('after', { needs: ['long'] }),
        aStep('alarm', { needs: [{ step: 'broken', when: 'Failed' }] }),
        aStep('report', { needs: [{ step: 'broken', when: 'Always' }] }),
      ],
      { failFast: true },
    )
    const run = aRun(definition)
    const [broken, long] = definition.steps as [Step, Step]
    const next = plan(run, [observed(run, broken, 1), observed(run, long, 'running')])
    expect(results(next.status)).toMatchObject({ broken: 'Failed', long: 'Stopping', after: 'Skipped' })
    expect(created(next)).toEqual(['alarm', 'report'])
  })

  it('lets a join go on from the approval that it has cancelled, in the same pass', () => {
    const gate = aStep('gate', { work: { kind: 'Approval', by: [], timeoutSeconds: null } })
    const both = aJoin('both', [
      { step: 'broken', when: 'Always' },
      { step: 'gate', when: 'Always' },
    ])
    const definition = aDefinition([aStep('broken'), gate, both, aStep('report', { needs: ['both'] })], { failFast: true })
    const [broken] = definition.steps as [Step]
    const run = aRun(definition)
    const begun = plan(run, [])
    expect(results(begun.status)).toMatchObject({ gate: 'Running' })
    const next = plan({ ...run, status: begun.status }, [observed(run, broken, 1)])
    expect(results(next.status)).toMatchObject({ broken: 'Failed', gate: 'Cancelled', both: 'Succeeded' })
  })

  it('does nothing after a failure that is allowed', () => {
    const definition = aDefinition([aStep('broken', { allowFailure: true }), aStep('long')], { failFast: true })
    const run = aRun(definition)
    const [broken, long] = definition.steps as [Step, Step]
    expect(results(plan(run, [observed(run, broken, 1), observed(run, long, 'running')]).status)).toEqual({ broken: 'Failed', long: 'Running' })
  })
})

describe('finally', () => {
  it('has ten minutes in all', () => {
    const definition = aDefinition([aStep('a')], { finally: [aStep('last'), aStep('later', { needs: ['last'] })] })
    const run = aRun(definition)
    const [a] = definition.steps as [Step]
    const last = observed(run, definition.finally[0] as Step, 'running')
    const begun = plan(run, [observed(run, a, 0)])
    const over = plan({ ...run, status: begun.status }, [last], { nowMs: NOON + 600_000 })
    expect(over.status.steps.slice(1)).toMatchObject([
      { state: 'Stopping', stop: { reason: 'Timeout' } },
      { state: 'Ended', result: 'Skipped', reason: 'Timeout' },
    ])
  })
})

describe('a Job is released', () => {
  it('along with the status that holds its result, and as long as it is held', () => {
    const definition = aDefinition([aStep('a'), aStep('b', { needs: ['a'] })])
    const run = aRun(definition)
    const job = observed(run, definition.steps[0] as Step, 0)
    expect(plan(run, [observed(run, definition.steps[0] as Step, 'running')]).release).toEqual([])
    const first = plan(run, [job])
    expect(first.status.steps[0]).toMatchObject({ state: 'Ended', result: 'Succeeded' })
    for (const next of [first, plan({ ...run, status: first.status }, [job])])
      expect(next.release.map((one) => one.metadata.name)).toEqual([job.job.metadata.name])
  })

  it('and never one of another run with the same name', () => {
    const definition = aDefinition([aStep('a')])
    const run = aRun(definition)
    const foreign = observed({ ...run, metadata: { ...run.metadata, uid: 'of an earlier life' } }, definition.steps[0] as Step, 0)
    const next = plan(run, [foreign])
    expect(next.release).toEqual([])
    expect(created(next)).toEqual(['a'])
  })
})

describe('retries', () => {
  it('keep each attempt with its exit code', () => {
    const definition = aDefinition([aStep('a', { retries: 2 })])
    const run = aRun(definition)
    const next = plan(run, [observed(run, definition.steps[0] as Step, 1, 'lost', 0)])
    expect(next.status.steps[0]).toMatchObject({ result: 'Succeeded', attempts: [{ exitCode: 1 }, { exitCode: null }, { exitCode: 0 }] })
  })

  it('keep an attempt whose pod is gone since', () => {
    const definition = aDefinition([aStep('a', { retries: 2 })])
    const run = aRun(definition)
    const step = definition.steps[0] as Step
    const first = plan(run, [observed(run, step, 1)])
    const both = observed(run, step, 1, 0)
    const next = plan({ ...run, status: first.status }, [{ ...both, pods: both.pods.slice(1) }])
    expect(next.status.steps[0]).toMatchObject({ result: 'Succeeded', attempts: [{ exitCode: 1 }, { exitCode: 0 }] })
  })

  it('are decided by the pod where lost pods alone do not count', () => {
    const definition = aDefinition([aStep('a')])
    const run = aRun(definition)
    const wantStates: [object, string][] = [
      [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget' }] }, 'Ended'],
      [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [3] } }, 'Running'],
    ]
    for (const [rule, wantState] of wantStates) {
      const observation = observed(run, definition.steps[0] as Step, 3)
      observation.job.spec = { ...observation.job.spec, backoffLimit: 0, podFailurePolicy: { rules: [rule] } }
      expect(plan(run, [observation]).status.steps[0]).toMatchObject({ state: wantState })
    }
  })

  it('go on while the Job has not failed', () => {
    const definition = aDefinition([aStep('a', { retries: 2 })])
    const run = aRun(definition)
    expect(plan(run, [observed(run, definition.steps[0] as Step, 1)]).status.steps[0]).toMatchObject({ state: 'Running' })
  })
})

describe('the vars of a run', () => {
  it('are those of when it was pinned, whatever the Repository says since', () => {
    const sites = aStep('each', { expansion: { kind: 'ForEach', items: 'vars.environment.split(",")' } })
    const run = aRun(aDefinition([sites]), { status: { vars: { environment: 'one,two' } } })
    expect(created(plan(run))).toEqual(['each/0', 'each/1'])
    expect(created(plan(aRun(aDefinition([sites]))))).toEqual(['each/0'])
  })
})

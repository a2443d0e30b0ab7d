import { describe, expect, it } from 'vitest'
import type { ContainerWork } from '../../../src/definitions/workflow.ts'
import type { Pod } from '../../../src/runs/objects.ts'
import { initialSteps, planRun } from '../../../src/runs/plan-run.ts'
import type { StoredRun } from '../../../src/runs/run.ts'
import { aDefinition, aRun, aStep, NOON, observed } from '../../support/builders.ts'
import { EXPRESSIONS, playRun } from '../../support/play-run.ts'

const step = aStep('a', { startTimeoutSeconds: 60, timeoutSeconds: 600 })
const run = aRun(aDefinition([step]))

function planAt(seconds: number, over: { pods?: Partial<Pod['status']>[]; suspend?: boolean; startTime?: string; of?: StoredRun }) {
  const { job } = observed(run, step)
  const pods = (over.pods ?? []).map((status, index): Pod => ({
    metadata: { name: `p${index}`, namespace: 'default', uid: `p${index}`, resourceVersion: '1', creationTimestamp: new Date(NOON).toISOString() },
    status: { phase: 'Pending', ...status },
  }))
  const status = over.startTime === undefined ? {} : { status: { startTime: over.startTime } }
  const seen = { job: { ...job, ...status, spec: { ...job.spec, suspend: over.suspend ?? false } }, pods }
  return planRun({ run: over.of ?? run, jobs: [seen], nowMs: NOON + seconds * 1000, freeSlots: 9, expressions: EXPRESSIONS })
}

describe('a pod that does not start', () => {
  const waiting = (reason: string, message = '') => ({ containerStatuses: [{ name: 'step', state: { waiting: { reason, message } } }] })

  it.each<{ name: string; pods: Partial<Pod['status']>[]; wantReason: string; wantMessage: string }>([
    {
      name: 'an image that cannot be had',
      pods: [waiting('ImagePullBackOff', 'no such image')],
      wantReason: 'ImagePullBackOff',
      wantMessage: 'could not start within 60s: no such image',
    },
    {
      name: 'no node for it',
      pods: [{ conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes' }] }],
      wantReason: 'Unschedulable',
      wantMessage: 'could not start within 60s: 0/3 nodes',
    },
    {
      name: 'nothing that is told',
      pods: [waiting('ContainerCreating')],
      wantReason: 'StartTimeout',
      wantMessage: 'could not start within 60s: its pod did not start',
    },
    { name: 'no pod at all', pods: [], wantReason: 'StartTimeout', wantMessage: 'could not start within 60s: no pod was made for it' },
  ])('fails with its reason: $name', ({ pods, wantReason, wantMessage }) => {
    expect(planAt(59, { pods }).status.steps[0]).toMatchObject({ state: 'Running' })
    expect(planAt(59, { pods }).requeueAtMs).toBe(NOON + 60_000)
    expect(planAt(60, { pods }).status.steps[0]).toMatchObject({
      state: 'Stopping',
      stop: { result: 'Failed', reason: wantReason, message: wantMessage },
    })
  })

  it.each<{ name: string; pods: Partial<Pod['status']>[]; suspend?: boolean }>([
    { name: 'whose init container runs', pods: [{ initContainerStatuses: [{ name: 'fetch', state: { running: {} } }] }] },
    { name: 'whose Job is suspended', pods: [], suspend: true },
    { name: 'that runs', pods: [{ phase: 'Running' }] },
  ])('is left alone: $name', (over) => {
    expect(planAt(600 - 1, over).status.steps[0]).toMatchObject({ state: 'Running' })
  })
})

describe('a pod whose init container ran for longer than a pod may take to start', () => {
  const at = (seconds: number): string => new Date(NOON + seconds * 1000).toISOString()
  const status = {
    initContainerStatuses: [{ name: 'fetch', state: { terminated: { exitCode: 0, startedAt: at(1), finishedAt: at(300) } } }],
    containerStatuses: [{ name: 'step', state: { waiting: { reason: 'PodInitializing' } } }],
  }

  it('has the same time again for the container that follows', () => {
    expect(planAt(359, { pods: [status] })).toMatchObject({ status: { steps: [{ state: 'Running' }] }, requeueAtMs: NOON + 360_000 })
    expect(planAt(360, { pods: [status] }).status.steps[0]).toMatchObject({ state: 'Stopping', stop: { reason: 'StartTimeout' } })
  })
})

describe('time for which a Job is suspended', () => {
  it('is none in which a pod could have started: it counts from when the Job begins again', () => {
    const of = { ...run, status: planAt(100, { suspend: true }).status }
    expect(planAt(500, { of }).status.steps[0]).toMatchObject({ state: 'Running' })
    const begun = planAt(501, { of, startTime: new Date(NOON + 500_000).toISOString() })
    expect(begun.status.steps[0]).toMatchObject({ state: 'Running' })
    expect(begun.requeueAtMs).toBe(NOON + 560_000)
  })

  it('is left out of its time-out', () => {
    const suspended = planAt(100, { suspend: true })
    expect(suspended.requeueAtMs).toBeNull()
    const of = { ...run, status: suspended.status }
    expect(planAt(10_000, { suspend: true, of }).status.steps[0]).toMatchObject({ state: 'Running' })
    const resumed = planAt(10_100, { pods: [{ phase: 'Running' }], of })
    expect(resumed.status.steps[0]).toMatchObject({ state: 'Running', suspended: { ms: 10_000_000 } })
    expect(resumed.requeueAtMs).toBe(NOON + 10_600_000)
    const later = { ...run, status: resumed.status }
    expect(planAt(10_600, { pods: [{ phase: 'Running' }], of: later }).status.steps[0]).toMatchObject({
      state: 'Stopping',
      stop: { reason: 'Timeout' },
    })
  })
})

describe('a run that is cancelled while it is undone', () => {
  it('leaves the other undos, and is Cancelled after its finally steps', () => {
    const work: ContainerWork = { kind: 'Container', container: { image: 'x', command: ['true'] }, pod: {}, job: {} }
    const definition = aDefinition([aStep('a', { undo: work }), aStep('b', { needs: ['a'], undo: work }), aStep('c', { needs: ['b'] })], {
      finally: [aStep('last')],
    })
    const { run: ended, started } = playRun({
      run: aRun(definition),
      outcomes: (key) => (key === 'c' ? { exitCodes: [1] } : key === 'b undo' ? { lasts: true } : {}),
      act: ({ spec, status }) =>
        spec.cancel === undefined && status?.steps.some(({ kind, state }) => kind === 'Undo' && state === 'Running') === true
          ? { cancel: { by: 'ann', reason: 'stop' } }
          : null,
    })
    expect(started).toEqual(['a', 'b', 'c', 'b undo', 'last'])
    expect(ended.status).toMatchObject({ result: 'Cancelled', reason: 'RunCancelled' })
    expect(ended.status?.steps.map(({ name, kind, result }) => `${name} ${kind} ${result}`)).toEqual([
      'a Step Succeeded',
      'a Undo Skipped',
      'b Step Succeeded',
      'b Undo Cancelled',
      'c Step Failed',
      'last Finally Succeeded',
    ])
  })
})

describe('a finally step that somebody cancels', () => {
  it.each([
    { when: 'while it runs', at: 'notify', want: 'notify Cancelled StepCancelled', wantStarted: ['a', 'notify', 'last'] },
    { when: 'before its turn', at: 'a', want: 'notify Skipped StepCancelled', wantStarted: ['a', 'last'] },
  ])('ends $when, and the others go on', ({ at, want, wantStarted }) => {
    const definition = aDefinition([aStep('a')], { finally: [aStep('notify'), aStep('last', { needs: [{ step: 'notify', when: 'Always' }] })] })
    const { run, started } = playRun({
      run: aRun(definition),
      outcomes: (key) => ({ lasts: key === 'notify' }),
      act: ({ spec, status }) =>
        spec.cancelSteps === undefined && status?.steps.some(({ name, state }) => name === at && state === 'Running') === true
          ? { cancelSteps: [{ step: 'notify', by: 'ann', reason: 'stuck' }] }
          : null,
    })
    expect(started).toEqual(wantStarted)
    expect(run.status).toMatchObject({ result: 'Succeeded' })
    expect(run.status?.steps.map(({ name, result, reason }) => `${name} ${result} ${reason ?? ''}`.trim())).toEqual([
      'a Succeeded',
      want,
      'last Succeeded',
    ])
  })
})

describe('what a run that fails leaves as it is', () => {
  const work: ContainerWork = { kind: 'Container', container: { image: 'x', command: ['true'] }, pod: {}, job: {} }

  it('a step whose list was empty: there is nothing to undo', () => {
    const definition = aDefinition([aStep('each', { undo: work, expansion: { kind: 'ForEach', items: [] } }), aStep('b')])
    const { run: ended, started } = playRun({ run: aRun(definition), outcomes: (key) => (key === 'b' ? { exitCodes: [1] } : {}) })
    expect(started).toEqual(['b'])
    expect(ended.status?.steps.map(({ name, kind, result }) => `${name} ${kind} ${result}`)).toEqual(['each Step Succeeded', 'b Step Failed'])
  })

  it('such a step also when it is taken over from another run', () => {
    const definition = aDefinition([aStep('each', { undo: work, expansion: { kind: 'ForEach', items: [] } }), aStep('b')])
    const spec = { rerunOf: 'first', carriedOver: [{ name: 'each' }] }
    const run = aRun(definition, { spec, status: { steps: initialSteps(definition, spec) } })
    const { run: ended, started } = playRun({ run, outcomes: () => ({ exitCodes: [1] }) })
    expect(started).toEqual(['b'])
    expect(ended.status?.steps.map(({ name, kind, result, reason }) => `${name} ${kind} ${result} ${reason}`)).toEqual([
      'each Step Succeeded CarriedOver',
      'b Step Failed ExitCode',
    ])
  })
})

describe('an approval that comes too late', () => {
  it('counts for nothing, so that a pass after a crash decides as the one before it', () => {
    const definition = aDefinition([aStep('gate', { work: { kind: 'Approval', by: [], timeoutSeconds: 60 } })])
    const late = { step: 'gate', by: 'ann', at: new Date(NOON + 60_000).toISOString() }
    const waiting = aRun(definition)
    const first = planRun({ run: waiting, jobs: [], nowMs: NOON, freeSlots: 1, expressions: EXPRESSIONS })
    const again: StoredRun = { ...waiting, spec: { ...waiting.spec, approvals: [late] }, status: first.status }
    const { status } = planRun({ run: again, jobs: [], nowMs: NOON + 61_000, freeSlots: 1, expressions: EXPRESSIONS })
    expect(status.steps[0]).toMatchObject({ result: 'Failed', reason: 'Timeout' })
  })
})

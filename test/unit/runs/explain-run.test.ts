import { describe, expect, it } from 'vitest'
import { explainRun } from '../../../src/runs/explain-run.ts'
import type { RunResult, StoredRun, Trigger } from '../../../src/runs/run.ts'
import { aDefinition, aRun, aStep } from '../../support/builders.ts'

const TICK = '2026-11-20T03:00:00Z'
const definition = aDefinition([aStep('load'), aStep('measure', { needs: ['load'] })])
const lines = (over: Parameters<typeof aRun>[1], of = definition): string[] => explainRun(aRun(of, over))

/** One of each kind: the type asks for a sentence of every kind that there is. */
const TRIGGERS: { [K in Trigger['kind']]: { trigger: Extract<Trigger, { kind: K }>; want: string } } = {
  Push: { trigger: { kind: 'Push', branch: 'main' }, want: 'a push to main brought the commit' },
  Schedule: { trigger: { kind: 'Schedule', schedule: 'nightly', tick: TICK }, want: `the schedule nightly ticked at ${TICK}` },
  Webhook: { trigger: { kind: 'Webhook', name: 'build', delivery: '7' }, want: 'the webhook build was called (delivery 7)' },
  Workflow: { trigger: { kind: 'Workflow', workflow: 'load', run: 'load-2' }, want: 'the run load-2 of load ended' },
  Api: { trigger: { kind: 'Api', key: 'k', by: 'ann' }, want: 'ann asked for it' },
  Manual: { trigger: { kind: 'Manual', key: 'k', by: 'ann', reason: 'a try' }, want: 'ann asked for it, because: a try' },
  Rerun: { trigger: { kind: 'Rerun', key: 'k', by: 'ann' }, want: 'ann asked for it to be run again' },
  Backfill: {
    trigger: { kind: 'Backfill', schedule: 'nightly', tick: TICK, by: 'ann', reason: 'it was away' },
    want: `ann asked for the tick ${TICK} of nightly to be made up for, because: it was away`,
  },
}

const RESULTS: Record<RunResult, { reason: string; message: string; want: string }> = {
  Succeeded: { reason: 'Completed', message: '', want: `It ended Succeeded at ${TICK}.` },
  Failed: { reason: 'StepFailed', message: 'load exited with 3', want: `It ended Failed at ${TICK} (StepFailed): load exited with 3.` },
  Cancelled: { reason: 'Replaced', message: 'replaced by b', want: `It ended Cancelled at ${TICK} (Replaced): replaced by b.` },
  TimedOut: { reason: 'RunTimedOut', message: 'too long', want: `It ended TimedOut at ${TICK} (RunTimedOut): too long.` },
  Skipped: { reason: 'Forbid', message: 'run a has not ended', want: `It ended Skipped at ${TICK} (Forbid): run a has not ended.` },
}

describe('why a run is as it is', () => {
  it.each(Object.values(TRIGGERS))('says what it was started by: $trigger.kind', ({ trigger, want }) => {
    expect(lines({ spec: { trigger } })[0]).toMatch(new RegExp(`was created at .*: ${want.replaceAll(/[()]/g, '\\$&')}\\.$`))
  })

  it.each(Object.entries(RESULTS))('says how it ended, and whether that is recorded: %s', (result, { want, ...end }) => {
    const status: Partial<NonNullable<StoredRun['status']>> = { phase: 'Finished', result: result as RunResult, finishedAt: TICK, ...end }
    const told = lines({ status })
    expect(told).toContain(want)
    expect(told.at(-1)).toBe('Its record is not on the status branch yet.')
    expect(lines({ status: { ...status, recorded: { commit: 'a'.repeat(40), at: TICK } } }).at(-1)).toBe(
      `Its record is on the status branch since ${TICK}.`,
    )
  })

  it('says what its steps wait for, what was asked, and what it repeats', () => {
    const told = lines({
      spec: { trigger: { kind: 'Schedule', schedule: 'nightly', tick: TICK }, fate: 'Late', rerunOf: 'old', cancel: { by: 'ann', reason: 'enough' } },
      status: { phase: 'Running', startedAt: TICK },
    })
    expect(told[0]).toContain(', and it was started late.')
    expect(told).toEqual(
      expect.arrayContaining([
        'It repeats old.',
        'ann has asked to cancel it: enough.',
        `It runs since ${TICK}.`,
        'The step load waits for its turn.',
        'The step measure waits for load (Succeeded).',
      ]),
    )
  })

  it.each([
    { name: 'nothing is known of it', status: undefined, want: 'It has not begun: its definition has not been read yet.' },
    {
      name: 'its workflow queues',
      status: {},
      want: 'It has not begun: the concurrency of nightly is Queue, and it waits until earlier runs of nightly have ended.',
    },
    {
      name: 'its group queues',
      status: { group: 'eu' },
      want: 'It has not begun: the concurrency of nightly is Queue, and it waits until earlier runs of nightly in the group "eu" have ended.',
    },
  ])('says why it has not begun when $name', ({ status, want }) => {
    const queued = aRun(aDefinition([aStep('load')], { concurrency: { policy: 'Queue', group: null, limit: 100 } }), {
      status: { phase: 'Pending', ...status },
    })
    const { status: _, ...unread } = queued
    expect(explainRun(status === undefined ? unread : queued).at(-1)).toBe(want)
  })
})

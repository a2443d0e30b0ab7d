import { describe, expect, it } from 'vitest'
import type { JobPlan, PodView } from '../../../../src/cluster/local/plan-job.ts'
import { planJob } from '../../../../src/cluster/local/plan-job.ts'
import type { Condition, JobSpec, StoredJob } from '../../../../src/runs/objects.ts'
import { aShellJob } from '../../../support/local-jobs.ts'

const CREATED = Date.parse('2026-11-20T12:00:00.000Z')
const at = (seconds: number): number => CREATED + seconds * 1000

function aJob(spec: Partial<JobSpec> = {}, over: { conditions?: Condition[]; deletedAt?: number } = {}): StoredJob {
  const job = aShellJob('true', { spec })
  return {
    ...job,
    metadata: {
      ...job.metadata,
      uid: 'u',
      resourceVersion: '1',
      creationTimestamp: new Date(CREATED).toISOString(),
      ...(over.deletedAt === undefined ? {} : { deletionTimestamp: new Date(over.deletedAt).toISOString() }),
    },
    ...(over.conditions === undefined ? {} : { status: { conditions: over.conditions } }),
  }
}

const live: PodView = { kind: 'Live' }
const succeeded = (seconds = 1): PodView => ({ kind: 'Succeeded', endedAtMs: at(seconds) })
const failed = (seconds = 1, exitCode = 1): PodView => ({
  kind: 'Failed',
  endedAtMs: at(seconds),
  disrupted: false,
  exitCodes: [{ container: 'step', exitCode }],
})
const lost = (seconds = 1): PodView => ({ kind: 'Failed', endedAtMs: at(seconds), disrupted: true, exitCodes: [] })
const held = (type: string, reason = 'x', seconds = 5): Condition => ({
  type,
  status: 'True',
  reason,
  message: 'm',
  lastTransitionTime: new Date(at(seconds)).toISOString(),
})
const ignoreOn3 = { rules: [{ action: 'Ignore', onExitCodes: { operator: 'In', values: [3] } }] }
const failOn3 = { rules: [{ action: 'FailJob', onExitCodes: { containerName: 'step', operator: 'In', values: [3] } }] }

/** A plan in short: condition, pods to start, since when to stop and when to look again, in seconds after creation. */
function short(plan: JobPlan): object {
  const seconds = (ms: number | null): number | null => (ms === null ? null : (ms - CREATED) / 1000)
  return {
    ...(plan.condition === null ? {} : { condition: `${plan.condition.type} ${plan.condition.reason}` }),
    ...(plan.start === 0 ? {} : { start: plan.start }),
    ...(plan.stopSinceMs === null ? {} : { stop: seconds(plan.stopSinceMs) }),
    ...(plan.wakeAtMs === null ? {} : { wake: seconds(plan.wakeAtMs) }),
  }
}

interface Case {
  what: string
  job?: StoredJob
  pods: PodView[]
  now?: number
  want: object
}

describe('the plan of a Job', () => {
  const cases: Case[] = [
    { what: 'starts the first pod', pods: [], want: { start: 1 } },
    { what: 'waits for a live pod', pods: [live], want: {} },
    { what: 'is complete with the pod that succeeded', pods: [succeeded()], want: { condition: 'Complete CompletionsReached' } },
    { what: 'has failed with the first failure when there is no retry', pods: [failed()], want: { condition: 'Failed BackoffLimitExceeded' } },
    {
      what: 'has six retries by default',
      job: aJob({ backoffLimit: undefined as never }),
      pods: Array<PodView>(6).fill(failed()),
      now: at(100),
      want: { start: 1 },
    },
    {
      what: 'has no seventh',
      job: aJob({ backoffLimit: undefined as never }),
      pods: Array<PodView>(7).fill(failed()),
      want: { condition: 'Failed BackoffLimitExceeded' },
    },
    { what: 'waits a second after the first failure', job: aJob({ backoffLimit: 9 }), pods: [failed(1)], now: at(1.5), want: { wake: 2 } },
    { what: 'tries again then', job: aJob({ backoffLimit: 9 }), pods: [failed(1)], now: at(2), want: { start: 1 } },
    { what: 'waits twice as long after the second', job: aJob({ backoffLimit: 9 }), pods: [failed(1), failed(3)], now: at(3), want: { wake: 5 } },
    {
      what: 'never waits longer than ten seconds',
      job: aJob({ backoffLimit: 9 }),
      pods: Array<PodView>(8).fill(failed(20)),
      now: at(20),
      want: { wake: 30 },
    },
    { what: 'does not count a lost pod, but waits', pods: [lost(1)], now: at(1), want: { wake: 2 } },
    { what: 'replaces a lost pod', pods: [lost(1)], now: at(2), want: { start: 1 } },
    { what: 'replaces four lost pods', pods: Array<PodView>(4).fill(lost(1)), now: at(100), want: { start: 1 } },
    { what: 'has failed with the fifth lost pod', pods: Array<PodView>(5).fill(lost(1)), want: { condition: 'Failed Disrupted' } },
    { what: 'wakes at its deadline', job: aJob({ activeDeadlineSeconds: 30 }), pods: [live], now: at(1), want: { wake: 30 } },
    {
      what: 'stops at its deadline',
      job: aJob({ activeDeadlineSeconds: 30 }),
      pods: [live],
      now: at(30),
      want: { condition: 'FailureTarget DeadlineExceeded', stop: 30 },
    },
    {
      what: 'is complete at its deadline when a pod succeeded',
      job: aJob({ activeDeadlineSeconds: 30 }),
      pods: [succeeded()],
      now: at(31),
      want: { condition: 'Complete CompletionsReached' },
    },
    {
      what: 'has failed at its deadline between two tries',
      job: aJob({ activeDeadlineSeconds: 30, backoffLimit: 9 }),
      pods: [failed(29.5)],
      now: at(30),
      want: { condition: 'Failed DeadlineExceeded' },
    },
    {
      what: 'wakes at its deadline rather than for a later try',
      job: aJob({ activeDeadlineSeconds: 30, backoffLimit: 9 }),
      pods: [failed(29.5)],
      now: at(29.6),
      want: { wake: 30 },
    },
    {
      what: 'goes on stopping what it has given up',
      job: aJob({}, { conditions: [held('FailureTarget')] }),
      pods: [live],
      now: at(9),
      want: { stop: 5 },
    },
    {
      what: 'has failed for the same reason once that is gone',
      job: aJob({}, { conditions: [held('FailureTarget', 'DeadlineExceeded')] }),
      pods: [succeeded()],
      now: at(9),
      want: { condition: 'Failed DeadlineExceeded' },
    },
    { what: 'rests when complete', job: aJob({}, { conditions: [held('Complete')] }), pods: [succeeded()], want: {} },
    { what: 'rests when failed', job: aJob({}, { conditions: [held('Failed')] }), pods: [failed()], want: {} },
    { what: 'stops a deleted Job', job: aJob({}, { deletedAt: at(7) }), pods: [failed(), live], want: { stop: 7 } },
    { what: 'starts nothing of a deleted Job', job: aJob({ backoffLimit: 9 }, { deletedAt: at(7) }), pods: [failed()], now: at(99), want: {} },
    { what: 'starts nothing of a suspended Job', job: aJob({ suspend: true, activeDeadlineSeconds: 1 }), pods: [], now: at(99), want: {} },
    { what: 'starts as many as may be active', job: aJob({ completions: 5, parallelism: 2 }), pods: [], want: { start: 2 } },
    {
      what: 'starts no more than are missing',
      job: aJob({ completions: 5, parallelism: 4 }),
      pods: [succeeded(), succeeded(), succeeded(), live],
      want: { start: 1 },
    },
    {
      what: 'is complete with all of them',
      job: aJob({ completions: 2, parallelism: 2 }),
      pods: [succeeded(), succeeded()],
      want: { condition: 'Complete CompletionsReached' },
    },
    {
      what: 'stops the others when it has failed',
      job: aJob({ completions: 2, parallelism: 2 }),
      pods: [failed(), live],
      want: { condition: 'FailureTarget BackoffLimitExceeded', stop: 10 },
    },
    { what: 'starts nothing with a parallelism of zero', job: aJob({ parallelism: 0 }), pods: [], want: {} },
    {
      what: 'does not count a failure that its policy ignores',
      job: aJob({ podFailurePolicy: ignoreOn3 }),
      pods: [failed(1, 3)],
      now: at(2),
      want: { start: 1 },
    },
    { what: 'counts others', job: aJob({ podFailurePolicy: ignoreOn3 }), pods: [failed(1, 4)], want: { condition: 'Failed BackoffLimitExceeded' } },
    {
      what: 'has failed at once when its policy says so',
      job: aJob({ podFailurePolicy: failOn3, backoffLimit: 9 }),
      pods: [failed(1, 3)],
      want: { condition: 'Failed PodFailurePolicy' },
    },
  ]
  it.each(cases)('$what', ({ job = aJob(), pods, now = at(10), want }) => {
    expect(short(planJob(job, pods, now))).toEqual(want)
  })
})

import { describe, expect, it } from 'vitest'
import type { Concurrency } from '../../../src/definitions/workflow.ts'
import type { Admission } from '../../../src/runs/admission.ts'
import { groupOf, planAdmission } from '../../../src/runs/admission.ts'
import type { RunSpec, RunStatus, StoredRun } from '../../../src/runs/run.ts'
import { aDefinition, aRun, aStep } from '../../support/builders.ts'

/** A run of the workflow `nightly`, created so many seconds after noon. */
function aRunAt(
  name: string,
  seconds: number,
  phase: RunStatus['phase'],
  over: { concurrency?: Partial<Concurrency>; group?: string; spec?: Partial<RunSpec> } = {},
): StoredRun {
  const concurrency: Concurrency = { policy: 'Forbid', group: null, limit: 2, ...over.concurrency }
  const run = aRun(aDefinition([aStep('a')], { concurrency }), {
    name,
    status: { phase, ...(over.group === undefined ? {} : { group: over.group }) },
    ...(over.spec && { spec: over.spec }),
  })
  return { ...run, metadata: { ...run.metadata, creationTimestamp: `2026-11-20T12:00:${String(seconds).padStart(2, '0')}Z` } }
}

function show(admission: Admission): string {
  switch (admission.kind) {
    case 'Begin':
    case 'Wait':
      return admission.kind
    case 'Skip':
      return `Skip ${admission.reason}`
    case 'Replace':
      return `Replace ${admission.replaced.map(({ metadata }) => metadata.name).join()} supersede ${admission.superseded.map(({ metadata }) => metadata.name).join()}`
  }
}

const active = (name: string, over = {}) => aRunAt(name, 0, 'Running', over)
const waiting = (name: string, seconds: number, over = {}) => aRunAt(name, seconds, 'Pending', over)

describe('whether a run may begin', () => {
  it.each<{ name: string; policy: Concurrency['policy']; others: StoredRun[]; spec?: Partial<RunSpec>; want: string }>([
    { name: 'Allow', policy: 'Allow', others: [active('a')], want: 'Begin' },
    { name: 'Forbid, alone', policy: 'Forbid', others: [], want: 'Begin' },
    { name: 'Forbid, after one that has finished', policy: 'Forbid', others: [aRunAt('a', 0, 'Finished')], want: 'Begin' },
    { name: 'Forbid, beside another', policy: 'Forbid', others: [active('a')], want: 'Skip Forbid' },
    { name: 'Forbid, a tick that was judged to run', policy: 'Forbid', others: [active('a')], spec: { fate: 'Fired' }, want: 'Wait' },
    { name: 'Forbid, a tick that was judged not to', policy: 'Forbid', others: [], spec: { fate: 'Skipped', fateReason: 'x' }, want: 'Skip Forbid' },
    { name: 'another group', policy: 'Forbid', others: [active('a', { group: 'fi' })], want: 'Begin' },
    { name: 'another workflow', policy: 'Forbid', others: [active('a', { spec: { workflow: 'hourly' } })], want: 'Begin' },
    { name: 'Queue, behind one', policy: 'Queue', others: [active('a')], want: 'Wait' },
    { name: 'Queue, its turn before a later one', policy: 'Queue', others: [waiting('later', 40)], want: 'Begin' },
    { name: 'Queue, behind an earlier one', policy: 'Queue', others: [waiting('earlier', 10)], want: 'Wait' },
    { name: 'Queue, full', policy: 'Queue', others: [active('a'), waiting('b', 10), waiting('c', 11)], want: 'Skip QueueFull' },
    { name: 'Replace, alone', policy: 'Replace', others: [], want: 'Begin' },
    { name: 'Replace', policy: 'Replace', others: [active('a'), waiting('b', 10), waiting('c', 40)], want: 'Replace a supersede b' },
    {
      name: 'Replace, already asked',
      policy: 'Replace',
      others: [active('a', { spec: { cancel: { by: 'fusee', reason: '' } } })],
      want: 'Replace  supersede ',
    },
    {
      name: 'Replace, a run of before the workflow was changed',
      policy: 'Replace',
      others: [active('a', { concurrency: { policy: 'Allow' } })],
      want: 'Replace a supersede ',
    },
  ])('$name: $want', ({ policy, others, spec, want }) => {
    const run = aRunAt('run', 30, 'Pending', { concurrency: { policy }, ...(spec && { spec }) })
    expect(show(planAdmission(run, groupOf(run, [run, ...others])))).toBe(want)
  })

  it.each<{ name: string; first: string | null; second: string | null }>([
    { name: 'by what Fusee noted between runs of the same second', first: '.100Z', second: '.900Z' },
    { name: 'with a Run that somebody else made at the start of its second', first: null, second: '.001Z' },
    { name: 'likewise with a Run whose note says no time', first: 'soon', second: '.001Z' },
  ])('goes $name, whatever their names', ({ first, second }) => {
    const noted = (name: string, at: string | null): StoredRun => {
      const run = waiting(name, 30, { concurrency: { policy: 'Replace' } })
      const annotations = at === null ? {} : { 'fusee.dev/created-at': at.replace(/^\./, '2026-11-20T12:00:30.') }
      return { ...run, metadata: { ...run.metadata, annotations } }
    }
    const [older, newer] = [noted('z', first), noted('a', second)]
    expect(show(planAdmission(older, groupOf(older, [older, newer])))).toBe('Begin')
    expect(show(planAdmission(newer, groupOf(newer, [older, newer])))).toBe('Replace  supersede z')
  })

  it("goes by the cluster's time before the note, which may be of another clock", () => {
    const annotations = { 'fusee.dev/created-at': '2026-11-20T12:59:00.000Z' }
    const first = waiting('z', 30, { concurrency: { policy: 'Queue' } })
    const ahead = { ...first, metadata: { ...first.metadata, annotations } }
    const second = waiting('a', 31, { concurrency: { policy: 'Queue' } })
    expect(show(planAdmission(ahead, groupOf(ahead, [ahead, second])))).toBe('Begin')
    expect(show(planAdmission(second, groupOf(second, [ahead, second])))).toBe('Wait')
  })

  it('goes by name between runs of the same moment', () => {
    const [one, other] = [waiting('a', 30, { concurrency: { policy: 'Queue' } }), waiting('b', 30, { concurrency: { policy: 'Queue' } })]
    expect(show(planAdmission(one, groupOf(one, [one, other])))).toBe('Begin')
    expect(show(planAdmission(other, groupOf(other, [one, other])))).toBe('Wait')
  })
})

describe('the hundred and first run that would wait', () => {
  const queue = { concurrency: { policy: 'Queue' as const, limit: 100 } }
  const others = (count: number): StoredRun[] => [
    active('first', queue),
    ...Array.from({ length: count }, (_, index) => waiting(`w${String(index).padStart(3, '0')}`, 1, queue)),
  ]

  it('ends Skipped, and says how many wait', () => {
    const newcomer = waiting('z', 2, queue)
    expect(planAdmission(newcomer, groupOf(newcomer, others(99)))).toEqual({ kind: 'Wait' })
    expect(planAdmission(newcomer, groupOf(newcomer, others(100)))).toEqual({ kind: 'Skip', reason: 'QueueFull', message: '100 runs wait already' })
  })
})

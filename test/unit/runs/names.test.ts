import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hashOf, jobName, runName, stepLabel } from '../../../src/runs/names.ts'

const repository = { namespace: 'data', name: 'data-jobs' }
const tick = (time: string) => ({ kind: 'Schedule', schedule: 'nightly', tick: time }) as const

describe('the name of a run', () => {
  it('never changes for the same trigger', () => {
    expect(runName(repository, 'nightly-report', tick('2026-11-20T01:00:00Z'), 'a'.repeat(40))).toBe('nightly-report-hvqghjqbtb')
  })

  it('of a tick does not depend on the commit that it runs at', () => {
    const names = ['a', 'b'].map((digit) => runName(repository, 'w', tick('2026-11-20T01:00:00Z'), digit.repeat(40)))
    expect(names[0]).toBe(names[1])
  })

  it.each([
    { what: 'tick', one: tick('2026-11-20T01:00:00Z'), other: tick('2026-11-20T02:00:00Z'), commits: ['a', 'a'] },
    {
      what: 'commit of a push',
      one: { kind: 'Push', branch: 'main' } as const,
      other: { kind: 'Push', branch: 'main' } as const,
      commits: ['a', 'b'],
    },
    {
      what: 'kind of trigger',
      one: tick('2026-11-20T01:00:00Z'),
      other: { kind: 'Backfill', schedule: 'nightly', tick: '2026-11-20T01:00:00Z', by: 'ada' } as const,
      commits: ['a', 'a'],
    },
    {
      what: 'delivery of a webhook',
      one: { kind: 'Webhook', name: 'nightly', delivery: '1' } as const,
      other: { kind: 'Webhook', name: 'nightly', delivery: '2' } as const,
      commits: ['a', 'a'],
    },
    { what: 'branch', one: { kind: 'Push', branch: 'main' } as const, other: { kind: 'Push', branch: 'next' } as const, commits: ['a', 'a'] },
  ])('differs with the $what', ({ one, other, commits }) => {
    const [first = '', second = ''] = commits.map((digit) => digit.repeat(40))
    expect(runName(repository, 'w', one, first)).not.toBe(runName(repository, 'w', other, second))
  })

  it('of a Run that a person makes may hold dots, that of its Job has none, as Indexed ones ask for', () => {
    expect(jobName(`${'a'.repeat(45)}.b`, 'sort')).toMatch(/^a{45}-[a-z0-9]{10}$/)
    expect(jobName('a.b', 'sort')).not.toContain('.')
  })

  it('is a DNS label of at most 51 characters, as is that of a Job of at most 57', () => {
    const label = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/)
    fc.assert(
      fc.property(label, label, (workflow, step) => {
        const run = runName(repository, workflow, { kind: 'Push', branch: 'main' }, 'a'.repeat(40))
        expect(run).toMatch(/^[a-z0-9](?:[-a-z0-9]{0,49}[a-z0-9])?$/)
        expect(jobName(run, `${step}/part.of.it`)).toMatch(/^[a-z0-9](?:[-a-z0-9]{0,55}[a-z0-9])?$/)
      }),
    )
  })
})

describe("a step's label", () => {
  it('is its name, a point before the index of an expansion', () => {
    expect(stepLabel('load')).toBe('load')
    expect(stepLabel('load/12')).toBe('load.12')
    expect(stepLabel('a'.repeat(63))).toBe('a'.repeat(63))
  })

  it('is cut where it would be longer than Kubernetes takes, and tells expansions apart still', () => {
    const labels = Array.from({ length: 12 }, (_, index) => stepLabel(`${'a'.repeat(51)}-${'b'.repeat(11)}/${index}`))
    expect(new Set(labels).size).toBe(12)
    for (const label of labels) expect(label).toMatch(/^[a-z0-9](?:[-.a-z0-9]{0,61}[a-z0-9])?$/)
  })
})

describe('the hash', () => {
  it('keeps parts apart', () => {
    expect(hashOf(['ab', 'c'])).not.toBe(hashOf(['a', 'bc']))
  })
})

import { describe, expect, it } from 'vitest'
import { emptyOverview, encodeOverview, parseOverview, updateOverview } from '../../../src/history/overview.ts'
import { planHistory, type OldFiles } from '../../../src/history/plan.ts'
import { emptyState, withRuns } from '../../../src/history/state.ts'
import { COMMIT, cursorsWith, finishedRun, REPOSITORY } from '../../support/history-builders.ts'

const withRun = withRuns(emptyState('recorded'), [finishedRun({ workflow: 'recorded' })])
const cursorsFor = (...workflows: string[]) => cursorsWith({ validCommits: Object.fromEntries(workflows.map((workflow) => [workflow, COMMIT])) })

describe('the overview', () => {
  it('has a row for every workflow in force and for every one with records', () => {
    const first = updateOverview(emptyOverview(), [withRun], cursorsFor('idle', 'leaving', 'recorded'), [])
    expect(first.workflows.map(({ workflow, hasPage }) => [workflow, hasPage])).toEqual([
      ['idle', false],
      ['leaving', false],
      ['recorded', true],
    ])
    const later = updateOverview(first, [], cursorsFor('idle'), [])
    expect(later.workflows.map(({ workflow }) => workflow)).toEqual(['idle', 'recorded'])
  })

  it('tells the earliest next tick of several schedules, and none for one that is gone', () => {
    const notes = [
      { name: 'a', workflow: 'recorded', nextTickAt: '2026-11-21T00:00:00Z' },
      { name: 'b', workflow: 'recorded', nextTickAt: '2026-11-20T12:00:00Z' },
      { name: 'c', workflow: 'recorded', nextTickAt: null },
    ]
    const overview = updateOverview(emptyOverview(), [withRun], cursorsFor(), notes)
    expect(overview.workflows[0]?.nextTickAt).toBe('2026-11-20T12:00:00Z')
    expect(updateOverview(overview, [], cursorsFor(), []).workflows[0]?.nextTickAt).toBeNull()
  })

  it('leaves the row of another workflow alone whose tick has come, until its run is recorded', () => {
    const note = (nextTickAt: string) => [{ name: 'a', workflow: 'recorded', nextTickAt }]
    const judged = (judgedUpTo: string) => ({ ...cursorsFor(), schedules: { a: { judgedUpTo, form: 'x' } } })
    const before = updateOverview(emptyOverview(), [withRun], judged('2026-11-20T01:00:00Z'), note('2026-11-20T02:00:00Z'))
    const after = judged('2026-11-20T02:00:00Z')
    expect(updateOverview(before, [], after, note('2026-11-20T03:00:00Z')).workflows[0]?.nextTickAt).toBe('2026-11-20T02:00:00Z')
    expect(updateOverview(before, [withRun], after, note('2026-11-20T03:00:00Z')).workflows[0]?.nextTickAt).toBe('2026-11-20T03:00:00Z')
    const changed = judged('2026-11-20T01:30:00.000Z')
    expect(updateOverview(before, [], changed, note('2027-01-01T00:00:00Z')).workflows[0]?.nextTickAt).toBe('2027-01-01T00:00:00Z')
  })

  it('is read as it was written', () => {
    const overview = updateOverview(emptyOverview(), [withRun], cursorsFor('idle', 'recorded'), [])
    expect(parseOverview(encodeOverview(overview))).toEqual(overview)
  })

  it('takes pages away that it no longer needs', () => {
    const many = updateOverview(emptyOverview(), [], cursorsFor(...Array.from({ length: 201 }, (_, index) => `w${index}`)), [])
    const old: OldFiles = new Map([['history/state/overview.json', encodeOverview(many)]])
    const plan = planHistory(
      { repository: REPOSITORY, runs: [finishedRun()], cursors: cursorsFor(), started: [], schedules: [], refill: null },
      { name: 'us', nowMs: 0 },
      old,
    )
    const pages = [...(plan?.changes ?? [])].filter(([path]) => path.startsWith('history/README')).map(([path, content]) => [path, content !== null])
    expect(pages).toEqual([
      ['history/README.md', true],
      ['history/README-2.md', false],
      ['history/README-3.md', false],
    ])
  })
})

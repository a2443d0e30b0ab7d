import { expect, it } from 'vitest'
import { scheduleNotes } from '../../../src/history/schedule-notes.ts'
import { cursorsWith, everyHour, inForce, REPOSITORY } from '../../support/history-builders.ts'

const NOW_MS = Date.parse('2026-11-20T05:30:00Z')
const nine = Date.parse('2026-11-20T09:00:00Z')

const table = [
  { name: 'after the newest judged one', schedule: 'nightly-nordics', suspend: null, wantNext: '2026-11-20T02:00:00Z' },
  { name: 'from now on for a schedule that was never judged', schedule: 'new', suspend: null, wantNext: '2026-11-20T06:00:00Z' },
  {
    name: 'when the suspension ends, which itself is no longer suspended',
    schedule: 'new',
    suspend: { untilMs: nine, reason: null },
    wantNext: '2026-11-20T09:00:00Z',
  },
  { name: 'never while suspended for good', schedule: 'new', suspend: { untilMs: null, reason: null }, wantNext: null },
]
it.each(table)('the next tick comes $name', ({ schedule, suspend, wantNext }) => {
  expect(scheduleNotes(REPOSITORY, inForce(schedule, 'w', suspend), everyHour, cursorsWith(), NOW_MS)).toEqual([
    { name: schedule, workflow: 'w', nextTickAt: wantNext },
  ])
})

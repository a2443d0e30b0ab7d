import { expect, it } from 'vitest'
import type { TickFate } from '../../../src/runs/run.ts'
import { createCronTicks } from '../../../src/triggers/cron.ts'
import type { ScheduleFacts } from '../../../src/triggers/explain-schedule.ts'
import { explainSchedule } from '../../../src/triggers/explain-schedule.ts'
import { at, COMMIT, schedule } from './tick-plans.ts'

const TICK = '2026-11-20T03:00:00Z'

function why(over: Partial<ScheduleFacts> = {}): string[] {
  const ticks = createCronTicks({ cron: schedule().cron, timeZone: schedule().timeZone, seed: '' })
  const facts = { schedule: schedule(), ticks, workflowCommit: COMMIT, cursor: null, fates: [], runs: [], suspensions: [], obstacle: null }
  return explainSchedule({ ...facts, nowMs: at('20T03:30'), ...over })
}

/** One of each: the type asks for a sentence of every fate that there is. */
const FATES: Record<TickFate['fate'], { fate: Partial<TickFate>; want: string }> = {
  Fired: { fate: { run: 'report-1' }, want: `The tick ${TICK} is Fired with the run report-1.` },
  Late: { fate: { run: 'report-1' }, want: `The tick ${TICK} is Late with the run report-1.` },
  Skipped: { fate: { reason: 'site moves' }, want: `The tick ${TICK} is Skipped: site moves.` },
  Missed: {
    fate: { reason: 'passed while nothing ran', until: '2026-11-20T05:00:00Z', count: 3 },
    want: `3 ticks from ${TICK} to 2026-11-20T05:00:00Z are Missed: passed while nothing ran.`,
  },
  Backfilled: { fate: { run: 'report-2', reason: 'by ann' }, want: `The tick ${TICK} is Backfilled with the run report-2: by ann.` },
  Lost: { fate: { reason: 'it had started', run: 'report-3' }, want: `The tick ${TICK} is Lost with the run report-3: it had started.` },
}

it.each(Object.entries(FATES))('a schedule tells of a tick that is %s', (fate, { fate: over, want }) => {
  const given: TickFate = { schedule: 'nightly', workflow: 'report', at: TICK, fate: fate as TickFate['fate'], reason: null, run: null, ...over }
  expect(why({ fates: [given] })).toContain(want)
})

it('a schedule tells what keeps it from running, how far it is judged, and what comes next', () => {
  const told = why({
    workflowCommit: null,
    obstacle: 'paused by ann',
    cursor: { judgedUpTo: TICK, form: 'x' },
    runs: [
      { tick: TICK, run: 'report-1', result: 'Failed' },
      { tick: TICK, run: 'report-2', result: null },
    ],
  })
  expect(told).toEqual(
    expect.arrayContaining([
      'Nothing runs: no commit has a valid workflow report.',
      'Nothing starts now: paused by ann.',
      `Its ticks are judged up to ${TICK}.`,
      `The tick ${TICK} has the run report-1, which ended Failed.`,
      `The tick ${TICK} has the run report-2, which goes on.`,
    ]),
  )
  expect(told.find((line) => line.startsWith('The next ticks are 2026-11-20T04:00:00Z, '))).toBeDefined()
})

it('a schedule tells until when it is suspended, and how late it may start', () => {
  const suspensions = [{ subject: 'schedule nightly', suspension: { untilMs: Date.parse('2026-12-01T00:00:00Z'), reason: 'site moves' } }]
  const told = why({ suspensions, schedule: schedule({ startingDeadlineSeconds: 600 }) })
  expect(told).toContain('Its ticks are Skipped until 2026-12-01T00:00:00Z: site moves.')
  expect(told).toContain('What could not start within 10m of its tick is Missed.')
})

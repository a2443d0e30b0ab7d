import { expect, it } from 'vitest'
import { formatEvent } from '../../../src/cli/print-event.ts'
import type { TickFate } from '../../../src/runs/run.ts'

const plain = (text: string): string => text

const missed: TickFate = { schedule: 'nightly', workflow: 'report', at: '2026-11-20T01:00:00Z', fate: 'Missed', reason: 'too late', run: null }

it.each([
  { fate: missed, want: 'tick 2026-11-20T01:00:00Z of nightly: Missed (too late)' },
  { fate: { ...missed, fate: 'Late' as const, reason: null, run: 'report-a' }, want: 'tick 2026-11-20T01:00:00Z of nightly: Late' },
  {
    fate: { ...missed, until: '2026-11-20T05:00:00Z', count: 5 },
    want: '5 ticks from 2026-11-20T01:00:00Z to 2026-11-20T05:00:00Z of nightly: Missed (too late)',
  },
])('$want', ({ fate, want }) => {
  expect(formatEvent({ kind: 'TickJudged', repository: 'data/jobs', fate }, { good: plain, bad: plain, dim: plain, bold: plain })).toBe(want)
})

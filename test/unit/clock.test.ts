import { expect, it } from 'vitest'
import { formatTick, parseWrittenTime } from '../../src/clock.ts'

it.each([
  { text: '2026-11-20', want: '2026-11-20T00:00:00Z' },
  { text: '2026-11-20T03:00', want: '2026-11-20T03:00:00Z' },
  { text: '2026-11-20 03:00', want: '2026-11-20T03:00:00Z' },
  { text: '2026-11-20T03:00:05Z', want: '2026-11-20T03:00:05Z' },
  { text: '2026-11-20T03:00:00+02:00', want: '2026-11-20T01:00:00Z' },
  { text: '2028-02-29', want: '2028-02-29T00:00:00Z' },
  { text: '2026-02-29', want: null },
  { text: '2026-11-31T00:00:00Z', want: null },
  { text: '2026-11-20T25:00', want: null },
  { text: '2026-13-01', want: null },
  { text: '20 November 2026', want: null },
  { text: '', want: null },
])('a written time $text is $want', ({ text, want }) => {
  const ms = parseWrittenTime(text)
  expect(Number.isNaN(ms) ? null : formatTick(ms)).toBe(want)
})

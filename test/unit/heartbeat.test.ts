import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { startHeartbeat } from '../../src/heartbeat.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse('2026-11-20T01:00:30Z') })
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

it('beats each minute, and after the machine has slept, without a word for each minute that passed', async () => {
  const printed = [vi.spyOn(console, 'warn'), vi.spyOn(console, 'log'), vi.spyOn(console, 'error')]
  const heartbeat = vi.fn()
  const stop = startHeartbeat({ heartbeat })
  await vi.advanceTimersByTimeAsync(90_000)
  expect(heartbeat).toHaveBeenCalledTimes(2)
  vi.setSystemTime(Date.parse('2026-11-20T09:00:30Z'))
  await vi.advanceTimersByTimeAsync(60_000)
  expect(heartbeat.mock.calls.length).toBeGreaterThan(2)
  for (const one of printed) expect(one).not.toHaveBeenCalled()
  await stop()
  await stop()
})

import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createSystemClock } from '../../src/system-clock.ts'

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000_000 })
})
afterEach(() => {
  vi.useRealTimers()
})

it('fires when the time has come, and not when it is cancelled', async () => {
  const clock = createSystemClock()
  const fired: string[] = []
  clock.setTimer(clock.now() + 90_000, () => fired.push('due'))
  clock.setTimer(clock.now() + 10, () => fired.push('cancelled'))()
  await vi.advanceTimersByTimeAsync(89_999)
  expect(fired).toEqual([])
  await vi.advanceTimersByTimeAsync(1)
  expect(fired).toEqual(['due'])
})

it('fires before any time passes when it is due, never at once, and not when it is cancelled', async () => {
  const clock = createSystemClock()
  const fired: string[] = []
  clock.setTimer(clock.now(), () => fired.push('due'))
  clock.setTimer(clock.now() - 1, () => fired.push('cancelled'))()
  expect(fired).toEqual([])
  await vi.advanceTimersByTimeAsync(0)
  expect(fired).toEqual(['due'])
})

it('is not held up by a clock that is set back by an hour', async () => {
  const clock = createSystemClock()
  let fired = false
  clock.setTimer(clock.now() + 60_000, () => (fired = true))
  await vi.advanceTimersByTimeAsync(1000)
  vi.setSystemTime(Date.now() - 3_600_000)
  await vi.advanceTimersByTimeAsync(59_000)
  expect(fired).toBe(true)
})

it('notices within half a minute that the clock was set forward', async () => {
  const clock = createSystemClock()
  let fired = false
  clock.setTimer(clock.now() + 3_600_000, () => (fired = true))
  vi.setSystemTime(Date.now() + 7_200_000)
  await vi.advanceTimersByTimeAsync(30_000)
  expect(fired).toBe(true)
})

it('pauses long work once it has held the thread for long, and not again at once', async () => {
  const { pause } = createSystemClock()
  expect(pause?.()).toBeNull()
  vi.advanceTimersByTime(21)
  const paused = pause?.()
  expect(paused).toBeInstanceOf(Promise)
  await vi.advanceTimersByTimeAsync(0)
  await paused
  expect(pause?.()).toBeNull()
})

import { describe, expect, it } from 'vitest'
import { createSeededRandom } from '../../../src/simulation/seeded-random.ts'
import { createVirtualClock } from '../../../src/simulation/virtual-clock.ts'

describe('createVirtualClock', () => {
  it('fires timers in the order of their times, equal ones as they were set', async () => {
    const clock = createVirtualClock(1_000)
    const fired: string[] = []
    const note = (name: string) => () => fired.push(`${name}@${clock.now()}`)
    clock.setTimer(1_200, note('late'))
    clock.setTimer(1_100, note('first'))
    clock.setTimer(1_100, note('second'))
    clock.setTimer(500, note('past'))
    await clock.runUntil(1_150)
    expect({ fired, now: clock.now(), next: clock.nextTimerAt() }).toEqual({
      fired: ['past@1000', 'first@1100', 'second@1100'],
      now: 1_150,
      next: 1_200,
    })
  })

  it('agrees with a sorted list, whatever is set, cancelled and set again from a timer', async () => {
    const random = createSeededRandom('heap')
    const clock = createVirtualClock(0)
    const fired: { atMs: number; order: number }[] = []
    let order = 0
    let cancelled = 0
    const cancels: (() => void)[] = []
    const add = (): void => {
      const timer = { atMs: clock.now() + random.integer(0, 50), order: order++ }
      cancels.push(
        clock.setTimer(timer.atMs, () => {
          fired.push(timer)
          if (order < 2_000) add()
          if (random.chance(0.3)) add()
        }),
      )
    }
    for (let count = 0; count < 300; count++) add()
    for (const cancel of cancels.slice(0, 100)) cancel()
    cancelled = 100
    await clock.runUntil(1_000_000)
    const wanted = fired.toSorted((left, right) => left.atMs - right.atMs || left.order - right.order)
    expect(fired).toEqual(wanted)
    expect(fired).toHaveLength(order - cancelled)
    expect(clock.nextTimerAt()).toBeNull()
  })

  it('lets everything settle before time moves on', async () => {
    const clock = createVirtualClock(0)
    const seen: number[] = []
    clock.setTimer(10, () => {
      void (async () => {
        for (let turn = 0; turn < 50; turn++) await Promise.resolve()
        seen.push(clock.now())
      })()
    })
    clock.setTimer(11, () => seen.push(-1))
    await clock.runUntil(20)
    expect(seen).toEqual([10, -1])
  })

  it('never fires a timer synchronously, nor one that was cancelled', async () => {
    const clock = createVirtualClock(0)
    const fired: string[] = []
    clock.setTimer(-5, () => fired.push('past'))
    const cancel = clock.setTimer(0, () => fired.push('cancelled'))
    cancel()
    expect(fired).toEqual([])
    await clock.runUntil(0)
    expect(fired).toEqual(['past'])
  })

  it('stops early once it is done', async () => {
    const clock = createVirtualClock(0)
    let ticks = 0
    const tick = (): void => {
      ticks++
      clock.setTimer(clock.now() + 1, tick)
    }
    tick()
    await clock.runUntil(1_000, () => ticks === 5)
    expect({ ticks, now: clock.now() }).toEqual({ ticks: 5, now: 4 })
  })
})

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ConflictError } from '../../../src/cluster/ports.ts'
import { createWorkQueue, UnfinishedError } from '../../../src/controller/work-queue.ts'
import { createSystemClock } from '../../../src/system-clock.ts'

const random = { fraction: () => 0.5, uuid: () => '' }

function createQueue(reconcile: (key: string) => Promise<number | null>) {
  const failures: string[] = []
  const queue = createWorkQueue({ clock: createSystemClock(), random, reconcile, onError: (key) => failures.push(key) })
  return { queue, failures }
}

describe('the work queue', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 0 })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('does a key once, however often it is asked for', async () => {
    const done: string[] = []
    const { queue } = createQueue((key) => Promise.resolve(void done.push(key)).then(() => null))
    for (const key of ['a', 'b', 'a', 'a']) queue.add(key)
    await vi.advanceTimersByTimeAsync(10)
    expect(done).toEqual(['a', 'b'])
  })

  it('does an unfinished key again when it wants to be, if that comes before its next try', async () => {
    const starts: number[] = []
    const { queue, failures } = createQueue(() => {
      starts.push(Date.now())
      return Promise.reject(new UnfinishedError(new Error('refused'), starts.length === 1 ? 100 : null))
    })
    queue.add('a')
    await vi.advanceTimersByTimeAsync(1200)
    expect(starts).toEqual([0, 100, 1100])
    expect(failures).toEqual(['a', 'a', 'a'])
  })

  it('does a key again that was asked for while it was being done, and never twice at a time', async () => {
    let running = 0
    let most = 0
    let passes = 0
    const { queue } = createQueue(async () => {
      most = Math.max(most, ++running)
      if (++passes === 1) queue.add('a')
      await new Promise((resolve) => setTimeout(resolve, 5))
      running--
      return null
    })
    queue.add('a')
    await vi.advanceTimersByTimeAsync(50)
    expect({ passes, most }).toEqual({ passes: 2, most: 1 })
  })

  it('takes the earliest of several wishes', async () => {
    const at: number[] = []
    const { queue } = createQueue(() => Promise.resolve(void at.push(Date.now())).then(() => null))
    queue.add('a', 1000)
    queue.add('a', 200)
    queue.add('a', 5000)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(at).toEqual([200])
  })

  it('comes back when the reconcile says so', async () => {
    const at: number[] = []
    const { queue } = createQueue(() => {
      at.push(Date.now())
      return Promise.resolve(at.length < 3 ? Date.now() + 100 : null)
    })
    queue.add('a')
    await vi.advanceTimersByTimeAsync(1000)
    expect(at).toEqual([0, 100, 200])
  })

  it('backs off from a key that fails, longer each time, and goes on with the others', async () => {
    const at: number[] = []
    const done: string[] = []
    const { queue, failures } = createQueue((key) => {
      if (key === 'good') return Promise.resolve(void done.push(key)).then(() => null)
      at.push(Date.now())
      return Promise.reject(new Error('no'))
    })
    queue.add('bad')
    queue.add('good')
    await vi.advanceTimersByTimeAsync(4000)
    expect(at).toEqual([0, 500, 1500, 3500])
    expect(failures).toHaveLength(4)
    expect(done).toEqual(['good'])
  })

  it('tries a conflict again at once and does not call it a failure', async () => {
    let passes = 0
    const { queue, failures } = createQueue(() => (++passes < 3 ? Promise.reject(new ConflictError('newer')) : Promise.resolve(null)))
    queue.add('a')
    await vi.advanceTimersByTimeAsync(10)
    expect({ passes, failures }).toEqual({ passes: 3, failures: [] })
  })

  it('drains: waits for what is being done and starts nothing more', async () => {
    let ended = false
    const { queue } = createQueue(async (key) => {
      if (key === 'later') throw new Error('must not start')
      await new Promise((resolve) => setTimeout(resolve, 100))
      ended = true
      return Date.now()
    })
    queue.add('a')
    queue.add('later', 50)
    await vi.advanceTimersByTimeAsync(10)
    const drained = queue.drain()
    await vi.advanceTimersByTimeAsync(1000)
    await drained
    expect(ended).toBe(true)
  })
})

import type { Clock } from '../clock.ts'

/** A clock that stands still until it is told to go on. Time only moves from one timer to the next. */
export interface VirtualClock extends Clock {
  /** When the next timer is due, in ms since the epoch; null when there is none. */
  nextTimerAt(): number | null
  /**
   * Fires every timer up to and including `untilMs`, in the order of their times (equal times: as they were set), and
   * then stands at `untilMs`. Before each, everything that can go on without time passing has gone on. Stops early, at
   * the time of the last timer fired, as soon as `isDone` says so.
   */
  runUntil(untilMs: number, isDone?: () => boolean): Promise<void>
}

interface Timer {
  atMs: number
  order: number
  fire: () => void
  cancelled: boolean
}

/** A virtual clock that stands at `startMs`. */
export function createVirtualClock(startMs: number): VirtualClock {
  let nowMs = startMs
  let order = 0
  const timers = createTimerHeap()

  return {
    now: () => nowMs,
    setTimer(atMs, fire) {
      const timer = { atMs: Math.max(atMs, nowMs), order: order++, fire, cancelled: false }
      timers.push(timer)
      return () => {
        timer.cancelled = true
      }
    },
    nextTimerAt: () => timers.peek()?.atMs ?? null,
    async runUntil(untilMs, isDone = () => false) {
      for (;;) {
        await settle()
        if (isDone()) return
        const timer = timers.peek()
        if (timer === undefined || timer.atMs > untilMs) break
        timers.pop()
        nowMs = timer.atMs
        timer.fire()
      }
      nowMs = Math.max(nowMs, untilMs)
    },
  }
}

/** Resolves when no promise has anything left to do: microtasks, also those that they make, run before an immediate. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

interface TimerHeap {
  push(timer: Timer): void
  /** The earliest timer that is not cancelled. */
  peek(): Timer | undefined
  /** Removes what `peek` returns. */
  pop(): void
}

function createTimerHeap(): TimerHeap {
  const heap: Timer[] = []

  const sinkLast = (): void => {
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let index = 0
    for (;;) {
      const child = earlierChild(heap, index)
      if (child === null || !isEarlier(child.timer, last)) break
      heap[index] = child.timer
      index = child.index
    }
    heap[index] = last
  }

  return {
    push(timer) {
      let index = heap.length
      while (index > 0) {
        const above = (index - 1) >> 1
        const parent = heap[above]
        if (parent === undefined || !isEarlier(timer, parent)) break
        heap[index] = parent
        index = above
      }
      heap[index] = timer
    },
    peek() {
      while (heap[0]?.cancelled === true) sinkLast()
      return heap[0]
    },
    pop: sinkLast,
  }
}

function earlierChild(heap: readonly Timer[], index: number): { timer: Timer; index: number } | null {
  const left = heap[2 * index + 1]
  const right = heap[2 * index + 2]
  if (left === undefined) return null
  if (right === undefined || isEarlier(left, right)) return { timer: left, index: 2 * index + 1 }
  return { timer: right, index: 2 * index + 2 }
}

function isEarlier(left: Timer, right: Timer): boolean {
  return left.atMs === right.atMs ? left.order < right.order : left.atMs < right.atMs
}

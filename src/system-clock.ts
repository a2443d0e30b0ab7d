import { randomUUID } from 'node:crypto'
import type { Clock, Random } from './clock.ts'

/** A step of the machine's clock is noticed this soon, forward or back. */
const LONGEST_SLEEP_MS = 30_000
/** Long work gives the thread away after this long. */
const LONGEST_HOLD_MS = 20

/**
 * The machine's clock. A timer is due when the clock says so, or when as much time has really passed as lay before it: a clock that is
 * set back must not hold up what only waits. Who asked for a time of day looks at the clock again anyway.
 */
export function createSystemClock(): Clock {
  let heldSinceMs = performance.now()
  return {
    pause() {
      if (performance.now() - heldSinceMs < LONGEST_HOLD_MS) return null
      return new Promise((resolve) => {
        setImmediate(() => {
          heldSinceMs = performance.now()
          resolve()
        })
      })
    },
    now: () => Date.now(),
    setTimer(atMs, fire) {
      if (atMs <= Date.now()) {
        // A timer of zero would take a millisecond, which lies between a step's end and the next step's beginning.
        const handle = setImmediate(fire)
        return () => {
          clearImmediate(handle)
        }
      }
      const passedAt = performance.now() + atMs - Date.now()
      let handle: NodeJS.Timeout
      const remainingMs = (): number => Math.min(atMs - Date.now(), passedAt - performance.now())
      const arm = (): void => {
        handle = setTimeout(
          () => {
            if (remainingMs() <= 0) fire()
            else arm()
          },
          Math.min(Math.max(0, Math.ceil(remainingMs())), LONGEST_SLEEP_MS),
        )
      }
      arm()
      return () => {
        clearTimeout(handle)
      }
    },
  }
}

/** The machine's randomness. */
export function createSystemRandom(): Random {
  return { fraction: () => Math.random(), uuid: () => randomUUID() }
}

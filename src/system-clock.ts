import { randomUUID } from 'node:crypto'
import type { Clock, Random } from './clock.ts'

/** Longest delay that `setTimeout` takes; a later timer is set again on the way. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1

/** The machine's clock. */
export function createSystemClock(): Clock {
  return {
    now: () => Date.now(),
    setTimer(atMs, fire) {
      let handle: NodeJS.Timeout
      const arm = (): void => {
        const delay = Math.max(0, atMs - Date.now())
        handle = setTimeout(() => (Date.now() >= atMs ? fire() : arm()), Math.min(delay, LONGEST_TIMEOUT_MS))
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

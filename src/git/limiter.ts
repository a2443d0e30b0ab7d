/** Runs a task when one of a fixed number of places is free. */
export type Limiter = <T>(task: () => Promise<T>) => Promise<T>

/** At most `places` tasks at once, the others in order; with one place it is a lock. */
export function createLimiter(places: number): Limiter {
  let free = places
  const waiting: (() => void)[] = []
  return async (task) => {
    if (free > 0) free--
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await task()
    } finally {
      const next = waiting.shift()
      if (next === undefined) free++
      else next()
    }
  }
}

/** Timers that end together. */
export interface Timers {
  /** Does it later, once; returns what prevents it. */
  after(ms: number, act: () => void): () => void
  close(): void
}

/** No timers yet. */
export function createTimers(): Timers {
  const open = new Set<NodeJS.Timeout>()
  return {
    after(ms, act) {
      const timer = setTimeout(() => {
        open.delete(timer)
        act()
      }, ms)
      open.add(timer)
      return () => {
        clearTimeout(timer)
        open.delete(timer)
      }
    },
    close() {
      for (const timer of open) clearTimeout(timer)
      open.clear()
    },
  }
}

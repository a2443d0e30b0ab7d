/** How many steps are active, over all runs of a Repository: derived from the Runs, kept so that a pass need not read them all. */
export interface Slots {
  /** Steps that may still become active. */
  free(): number
  /** Notes how many steps of a run are active now. */
  note(run: string, active: number): void
  /** Notes that a run could start a step but for the limit; it is woken when a slot may be free. */
  wait(run: string): void
}

/** Slots of one Repository. `wake` asks for a run to be looked at again. */
export function createSlots(limit: number, wake: (run: string) => void): Slots {
  const activeByRun = new Map<string, number>()
  const waiting = new Set<string>()
  let active = 0
  return {
    free: () => Math.max(0, limit - active),
    note(run, count) {
      const before = activeByRun.get(run) ?? 0
      if (count === 0) activeByRun.delete(run)
      else activeByRun.set(run, count)
      active += count - before
      if (count >= before) return
      const woken = [...waiting]
      waiting.clear()
      for (const one of woken) wake(one)
    },
    wait(run) {
      waiting.add(run)
    },
  }
}

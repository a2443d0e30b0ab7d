/** Whoever wants to start steps. */
export interface Claimant {
  run: string
  workflow: string
}

/** How many steps are active, over all runs of a Repository: derived from the Runs, kept so that a pass need not read them all. */
export interface Slots {
  /**
   * Steps that may become active in a pass over this run. Where other workflows wait too, what is left goes to the one that has the fewest, one by
   * one: so one with many steps does not keep a small one out, and all come to have as many.
   */
  free(claimant: Claimant): number
  /** Notes how many steps of a run are active now. */
  note(claimant: Claimant, active: number): void
  /** Notes that a run could start a step but for the limit; it is woken whenever a slot may be free, until its next pass. */
  wait(claimant: Claimant): void
  /** Notes that a run is looked at again in a while, whatever is free: until then it is not woken. */
  rest(claimant: Claimant): void
  /** The run is gone. */
  forget(run: string): void
}

/** Slots of one Repository. `wake` asks for a run to be looked at again. */
export function createSlots(limit: number, wake: (run: string) => void): Slots {
  const activeByRun = new Map<string, { workflow: string; count: number }>()
  const waiting = new Map<string, string>()

  /** What each workflow that waits would get of what is left; `asking` comes first among those that have as many. */
  function shareOut(asking: readonly string[] = []): Map<string, number> {
    const activeOf = new Map<string, number>()
    let left = limit
    for (const { workflow: of, count } of activeByRun.values()) {
      activeOf.set(of, (activeOf.get(of) ?? 0) + count)
      left -= count
    }
    if (left <= 0) return new Map()
    return fillUp(left, new Map([...asking, ...new Set(waiting.values())].map((one) => [one, activeOf.get(one) ?? 0])))
  }

  /**
   * Whoever was woken before and wants no more, or had less end than it has begun, has left something for others, or for itself. As many are woken as
   * there are slots for: one that then wants none notes that in its pass, which wakes the next.
   */
  function note(run: string, workflow: string, count: number): void {
    if (count === 0) activeByRun.delete(run)
    else activeByRun.set(run, { workflow, count })
    const shares = shareOut()
    for (const [one, of] of waiting) {
      const share = shares.get(of) ?? 0
      shares.set(of, share - 1)
      if (share > 0) wake(one)
    }
  }

  return {
    free({ run, workflow }) {
      waiting.delete(run)
      return shareOut([workflow]).get(workflow) ?? 0
    },
    note: ({ run, workflow }, count) => note(run, workflow, count),
    wait({ run, workflow }) {
      waiting.set(run, workflow)
    },
    rest({ run }) {
      waiting.delete(run)
    },
    forget(run) {
      waiting.delete(run)
      note(run, '', 0)
    },
  }
}

/** Shares out so many among those that have so many already, one by one to whoever has the fewest; in their order where several have. */
function fillUp(slots: number, contenders: ReadonlyMap<string, number>): Map<string, number> {
  const shares = new Map<string, number>()
  if (contenders.size === 0) return shares
  let left = slots
  for (let level = Math.min(...contenders.values()); left > 0; level++) {
    for (const [workflow, count] of contenders) {
      if (left === 0 || count > level) continue
      shares.set(workflow, (shares.get(workflow) ?? 0) + 1)
      left--
    }
  }
  return shares
}

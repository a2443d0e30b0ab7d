/** Whoever wants to start steps. */
export interface Claimant {
  run: string
  workflow: string
}

/** How many steps are active, over all runs of a Repository: derived from the Runs, kept so that a pass need not read them all. */
export interface Slots {
  /**
   * Steps that may become active in a pass over this run. Where other workflows wait too, each gets an equal share of what the others do not
   * use, so that one with many steps does not keep a small one out.
   */
  free(claimant: Claimant): number
  /** Notes how many steps of a run are active now. */
  note(claimant: Claimant, active: number): void
  /** Notes that a run could start a step but for the limit; it is woken whenever a slot may be free, until its next pass. */
  wait(claimant: Claimant): void
  /** The run is gone. */
  forget(run: string): void
}

/** Slots of one Repository. `wake` asks for a run to be looked at again. */
export function createSlots(limit: number, wake: (run: string) => void): Slots {
  const activeByRun = new Map<string, { workflow: string; count: number }>()
  const waiting = new Map<string, string>()

  const activeOf = (isCounted: (workflow: string) => boolean): number =>
    [...activeByRun.values()].reduce((sum, { workflow, count }) => sum + (isCounted(workflow) ? count : 0), 0)

  function note(run: string, workflow: string, count: number): void {
    const before = activeByRun.get(run)?.count ?? 0
    if (count === 0) activeByRun.delete(run)
    else activeByRun.set(run, { workflow, count })
    if (count < before) for (const one of waiting.keys()) wake(one)
  }

  return {
    free({ run, workflow }) {
      waiting.delete(run)
      const left = Math.max(0, limit - activeOf(() => true))
      const contenders = new Set([...waiting.values(), workflow])
      if (contenders.size === 1) return left
      const share = Math.ceil((limit - activeOf((other) => !contenders.has(other))) / contenders.size)
      return Math.max(0, Math.min(left, share - activeOf((other) => other === workflow)))
    },
    note: ({ run, workflow }, count) => note(run, workflow, count),
    wait({ run, workflow }) {
      waiting.set(run, workflow)
    },
    forget(run) {
      waiting.delete(run)
      note(run, '', 0)
    },
  }
}

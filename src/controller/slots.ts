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

  const activeOf = (isCounted: (workflow: string) => boolean): number =>
    [...activeByRun.values()].reduce((sum, { workflow, count }) => sum + (isCounted(workflow) ? count : 0), 0)
  const left = (): number => Math.max(0, limit - activeOf(() => true))

  /** What a workflow that asks gets of so many. */
  function shareOf(workflow: string, slots: number): number {
    const contenders = new Map([...waiting.values(), workflow].map((one) => [one, activeOf((other) => other === one)]))
    const before = contenders.get(workflow) ?? 0
    for (let slot = 0; slot < slots; slot++) giveOne(contenders, workflow)
    return (contenders.get(workflow) ?? 0) - before
  }

  /** Whoever was woken before and wants no more, or had less end than it has begun, has left something for others, or for itself. */
  function note(run: string, workflow: string, count: number): void {
    if (count === 0) activeByRun.delete(run)
    else activeByRun.set(run, { workflow, count })
    const slots = left()
    if (slots > 0) for (const [one, of] of waiting) if (shareOf(of, slots) > 0) wake(one)
  }

  return {
    free({ run, workflow }) {
      waiting.delete(run)
      return shareOf(workflow, left())
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

/** Counts one more for the workflow that has the fewest; where several have, for the one that asks. */
function giveOne(contenders: Map<string, number>, asking: string): void {
  const fewest = Math.min(...contenders.values())
  const next = contenders.get(asking) === fewest ? asking : [...contenders].find(([, count]) => count === fewest)?.[0]
  if (next !== undefined) contenders.set(next, fewest + 1)
}

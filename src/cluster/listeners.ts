/** Hears of what goes wrong outside of any call: a constant message and what it is about. For people; must not throw. */
export type ReportProblem = (message: string, about: Record<string, unknown>) => void

/** Those who want to hear of events. */
export interface Listeners<E> {
  /** Returns the end of it. */
  add(listener: (event: E) => void): () => void
  /** Tells everybody at once; one that throws is reported and keeps none from hearing. */
  tell(event: E): void
}

/** An empty list of listeners. */
export function createListeners<E>(report: ReportProblem): Listeners<E> {
  const listeners = new Set<{ hear: (event: E) => void }>()
  return {
    add(hear) {
      const entry = { hear }
      listeners.add(entry)
      return () => {
        listeners.delete(entry)
      }
    },
    tell(event) {
      for (const entry of listeners) {
        try {
          entry.hear(event)
        } catch (error) {
          report('A listener to cluster events failed', { error: String(error) })
        }
      }
    },
  }
}

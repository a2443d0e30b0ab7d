/** Which keys fail, and why: a full disk makes all of them fail, and is worth one line. */
export interface FailureNotes {
  /** Notes a failure of a key. Returns whether it is news: no other key is failing with that message, nor has this one before. */
  note(key: string, error: unknown): boolean
  /** The key has gone well. */
  forget(key: string): void
}

/** Notes without failures. */
export function createFailureNotes(): FailureNotes {
  const messages = new Map<string, string>()
  return {
    note(key, error) {
      const message = error instanceof Error ? error.message : String(error)
      const isNews = ![...messages.values()].includes(message)
      messages.set(key, message)
      return isNews
    },
    forget(key) {
      messages.delete(key)
    },
  }
}

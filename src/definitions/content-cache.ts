/** Values by the id, or the text, that they were made of; it holds what was used last. */
export interface ContentCache<Value> {
  get(id: string): Value | undefined
  set(id: string, value: Value): void
  readonly size: number
}

/** `maxEntries` bounds it. */
export function createContentCache<Value>(maxEntries: number): ContentCache<Value> {
  const values = new Map<string, Value>()
  return {
    get(id) {
      const value = values.get(id)
      // Long before anything has to go it does not matter what was used last.
      if (value !== undefined && values.size > maxEntries / 2) renew(id, value)
      return value
    },
    set(id, value) {
      if (values.size > maxEntries / 2) renew(id, value)
      else values.set(id, value)
      for (const oldest of values.keys()) {
        if (values.size <= maxEntries) break
        values.delete(oldest)
      }
    },
    get size() {
      return values.size
    },
  }

  /** A Map keeps the order of insertion, so the first is the one that was not used for longest. */
  function renew(id: string, value: Value): void {
    values.delete(id)
    values.set(id, value)
  }
}

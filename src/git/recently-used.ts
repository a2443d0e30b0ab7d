/** Keeps what was used last, up to a sum of sizes. */
export interface RecentlyUsed<T> {
  get(key: string): T | undefined
  /** A value that is larger than a quarter of the whole is not kept. */
  set(key: string, value: T, bytes: number): void
}

/** Empty. */
export function createRecentlyUsed<T>(mostBytes: number): RecentlyUsed<T> {
  const entries = new Map<string, { value: T; bytes: number }>()
  let total = 0
  return {
    get(key) {
      const entry = entries.get(key)
      if (entry === undefined) return undefined
      entries.delete(key)
      entries.set(key, entry)
      return entry.value
    },
    set(key, value, bytes) {
      if (bytes > mostBytes / 4 || entries.has(key)) return
      entries.set(key, { value, bytes })
      total += bytes
      for (const [oldest, entry] of entries) {
        if (total <= mostBytes) break
        entries.delete(oldest)
        total -= entry.bytes
      }
    },
  }
}

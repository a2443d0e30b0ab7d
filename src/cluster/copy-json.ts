/**
 * A frozen copy as if the value had travelled as JSON: fields that are undefined are left out. What is frozen is taken to be
 * so all the way down, and is shared instead of copied: most of what a cluster holds never changes once it is written.
 */
export function sealedCopy<T>(value: T): T {
  return copy(value) as T
}

/** Freezes the value and all that it holds, and returns it. What is frozen already is not looked into. */
export function freezeJson<T>(value: T): T {
  // No recursion: somebody's object may be nested more deeply than a stack is, and all others are read along with it.
  const rest: unknown[] = [value]
  while (rest.length > 0) {
    const next = rest.pop()
    if (typeof next !== 'object' || next === null || Object.isFrozen(next)) continue
    for (const inner of Object.values(next)) rest.push(inner)
    Object.freeze(next)
  }
  return value
}

function copy(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  if (Array.isArray(value)) return Object.freeze(value.map((item) => (item === undefined ? null : copy(item))))
  const result: Record<string, unknown> = {}
  for (const key of Object.keys(value)) {
    const field: unknown = (value as Record<string, unknown>)[key]
    if (field !== undefined) result[key] = copy(field)
  }
  return Object.freeze(result)
}

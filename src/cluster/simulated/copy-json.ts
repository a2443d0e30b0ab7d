/** A copy that shares nothing, as if the value had travelled as JSON: fields that are undefined are left out. Several times quicker than structuredClone. */
export function copyJson<T>(value: T): T {
  return copy(value) as T
}

function copy(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item) => (item === undefined ? null : copy(item)))
  const result: Record<string, unknown> = {}
  for (const key of Object.keys(value)) {
    const field: unknown = (value as Record<string, unknown>)[key]
    if (field !== undefined) result[key] = copy(field)
  }
  return result
}

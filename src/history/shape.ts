/**
 * Reads JSON that others may have written: every value is checked, objects are built anew with their fields in the order
 * declared, so that what was read is encoded again byte by byte. A mistake names the field by its path.
 */
export type Reader<T> = (value: unknown, at: string) => T

/** The JSON is not of the shape wanted; `message` begins with the path of the field. */
export class ShapeError extends Error {
  override name = 'ShapeError'
}

const LONGEST_EXCERPT = 60

/** Parses text as JSON and reads it; throws ShapeError, also when it is no JSON. */
export function parseJson<T>(text: string, read: Reader<T>): T {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new ShapeError(`not JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
  return read(value, '')
}

/** Any text. */
export function text(value: unknown, at: string): string {
  return typeof value === 'string' ? value : fail(at, 'text', value)
}

/** An integer from 0. */
export function count(value: unknown, at: string): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : fail(at, 'a whole number', value)
}

/** An integer. */
export function integer(value: unknown, at: string): number {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : fail(at, 'an integer', value)
}

/** True or false. */
export function truth(value: unknown, at: string): boolean {
  return typeof value === 'boolean' ? value : fail(at, 'true or false', value)
}

/** True; where it is not, the field is left out. */
export function justTrue(value: unknown, at: string): true {
  return value === true ? value : fail(at, 'true', value)
}

/** RFC 3339 in UTC, as in `2026-11-20T01:00:00Z`. */
export function timestamp(value: unknown, at: string): string {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(value) || Number.isNaN(Date.parse(value))) {
    return fail(at, 'a time in UTC such as 2026-11-20T01:00:00Z', value)
  }
  return value
}

/** Id of a commit. */
export function commitId(value: unknown, at: string): string {
  return typeof value === 'string' && /^[0-9a-f]{40}$/.test(value) ? value : fail(at, 'a commit id of 40 hexadecimal digits', value)
}

/** Any JSON value, as it is. */
export function anything(value: unknown, at: string): unknown {
  return value === undefined ? fail(at, 'a value', value) : value
}

/** One of some words. */
export function oneOf<const T extends string>(...words: readonly T[]): Reader<T> {
  return (value, at) =>
    words.find((word) => word === value) ?? fail(at, words.length === 1 ? JSON.stringify(words[0]) : `one of ${words.join(', ')}`, value)
}

/** Null or what `read` takes. */
export function nullable<T>(read: Reader<T>): Reader<T | null> {
  return (value, at) => (value === null ? null : read(value, at))
}

/** Absent or what `read` takes; only as a field of `object`. */
export function optional<T>(read: Reader<T>): Reader<T | undefined> {
  return (value, at) => (value === undefined ? undefined : read(value, at))
}

/** Absent counts as `value`: a field that older versions did not write. */
export function orElse<T>(value: T, read: Reader<T>): Reader<T> {
  return (given, at) => (given === undefined ? value : read(given, at))
}

/** A list of at most `most` items. */
export function list<T>(read: Reader<T>, most = Number.POSITIVE_INFINITY): Reader<T[]> {
  return (value, at) => {
    if (!Array.isArray(value)) return fail(at, 'a list', value)
    if (value.length > most) throw new ShapeError(`${at}: ${value.length} items, at most ${most} are allowed`)
    return value.map((item: unknown, index) => read(item, `${at}[${index}]`))
  }
}

/** An object with any keys. */
export function dictionary<T>(read: Reader<T>): Reader<Record<string, T>> {
  return (value, at) => Object.fromEntries(Object.entries(asObject(value, at)).map(([key, item]) => [key, read(item, join(at, key))]))
}

/** An object with these fields and no others. */
export function object<T extends object>(fields: { readonly [K in keyof T]-?: Reader<T[K] | undefined> }): Reader<T> {
  return (value, at) => {
    const given = asObject(value, at)
    const unknown = Object.keys(given).find((key) => !Object.hasOwn(fields, key))
    if (unknown !== undefined) throw new ShapeError(`${join(at, unknown)}: unknown field`)
    const result: Partial<T> = {}
    for (const key of Object.keys(fields) as (keyof T & string)[]) {
      const read = fields[key](Object.hasOwn(given, key) ? given[key] : undefined, join(at, key))
      if (read !== undefined) result[key] = read
    }
    return result as T
  }
}

/** An object of the kind that its field `kind` names. */
export function tagged<T extends { kind: string }>(kinds: { readonly [K in T['kind']]: Reader<Extract<T, { kind: K }>> }): Reader<T> {
  const kindOf = oneOf(...(Object.keys(kinds) as T['kind'][]))
  return (value, at) => {
    const kind = kindOf(asObject(value, at)['kind'], join(at, 'kind'))
    return kinds[kind](value, at)
  }
}

function asObject(value: unknown, at: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return fail(at, 'an object', value)
  return value as Record<string, unknown>
}

function join(at: string, key: string): string {
  return at === '' ? key : `${at}.${key}`
}

function fail(at: string, wanted: string, value: unknown): never {
  const where = at === '' ? '' : `${at}: `
  if (value === undefined) throw new ShapeError(`${where}missing, expected ${wanted}`)
  const found = JSON.stringify(value) ?? typeof value
  throw new ShapeError(`${where}expected ${wanted}, found ${found.length > LONGEST_EXCERPT ? `${found.slice(0, LONGEST_EXCERPT)}…` : found}`)
}

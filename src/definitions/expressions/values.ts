import { Duration } from '@marcbachmann/cel-js/evaluator'
import type { Json } from '../container.ts'
import type { ExpressionType } from './expression-type.ts'

/** A value that expressions cannot hand on. */
export class NoJsonError extends Error {
  override name = 'NoJsonError'
}

/**
 * A JSON value as CEL wants it: whole numbers are bigint there, unless the type says that fractions are possible; fields are a Map, since the
 * library judges objects by a field called `constructor`. A field that a record lacks is null.
 */
export function toCel(value: unknown, type: ExpressionType): unknown {
  if (typeof value === 'number') return type.kind !== 'Number' && Number.isSafeInteger(value) ? BigInt(value) : value
  if (Array.isArray(value)) return value.map((item) => toCel(item, type.kind === 'List' ? type.of : { kind: 'Any' }))
  if (typeof value !== 'object' || value === null) return value
  if (type.kind !== 'Record') {
    const of: ExpressionType = type.kind === 'Map' ? type.of : { kind: 'Any' }
    return new Map(Object.entries(value).map(([name, field]) => [name, toCel(field, of)] as const))
  }
  const own = value as Record<string, unknown>
  return new Map(Object.entries(type.fields).map(([name, field]) => [name, toCel(Object.hasOwn(own, name) ? own[name] : null, field)] as const))
}

/** A value of CEL's as JSON; times become text. Throws NoJsonError. */
export function toJson(value: unknown): Json {
  if (typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'bigint') {
    if (Number.isSafeInteger(Number(value))) return Number(value)
    throw new NoJsonError(`the number ${value} is too large for JSON; use string()`)
  }
  if (typeof value !== 'number') return objectToJson(value)
  if (Number.isFinite(value)) return value
  throw new NoJsonError(`${value} is no number of JSON`)
}

function objectToJson(value: unknown): Json {
  if (value === null) return null
  if (Array.isArray(value)) return value.map(toJson)
  if (value instanceof Date) return value.toISOString().replace('.000Z', 'Z')
  if (value instanceof Duration) return value.toString()
  if (value instanceof Map) return Object.fromEntries([...value].map(([name, field]) => [String(name), toJson(field)]))
  if (typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype)
    throw new NoJsonError('the value has no JSON form; use string()')
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, toJson(field)]))
}

/** Where text is wanted, everything else becomes compact JSON. */
export function textOfJson(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

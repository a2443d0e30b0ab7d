import type { Json, JsonObject } from '../../definitions/container.ts'

/** A text field of raw JSON; '' when it is absent or no text. */
export function textField(object: JsonObject, field: string): string {
  const value = object[field]
  return typeof value === 'string' ? value : ''
}

/** An object field of raw JSON; null when it is absent or no object. */
export function objectField(object: JsonObject, field: string): JsonObject | null {
  return asObject(object[field])
}

/** The objects in a list field of raw JSON. */
export function listField(object: Readonly<Record<string, unknown>>, field: string): JsonObject[] {
  const value = object[field]
  return Array.isArray(value) ? (value as Json[]).map(asObject).filter((entry) => entry !== null) : []
}

function asObject(value: Json | undefined): JsonObject | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null
}

/** Way to a value within an object: names of fields, and numbers of items. */
export type Path = readonly (string | number)[]

/** A value within an object, and the way to it. Whatever is there may be of the wrong type: nothing is taken for granted. */
export interface Place {
  value: unknown
  path: Path
}

/** Nothing; the way to it matters to nobody. */
const NOTHING: Place = { value: undefined, path: [] }

/** What lies below by these fields; `value` is undefined when there is nothing, which is so for most of what is asked. */
export function below({ value, path }: Place, ...fields: string[]): Place {
  let found = value
  for (const field of fields) found = fieldOf(found, field)
  return found === undefined ? NOTHING : { value: found, path: [...path, ...fields] }
}

/** The items of the list below by these fields; none when there is no list. */
export function itemsBelow(place: Place, ...fields: string[]): Place[] {
  const list = below(place, ...fields)
  return Array.isArray(list.value) ? list.value.map((value: unknown, index) => ({ value, path: [...list.path, index] })) : []
}

/** The fields of the map below by these fields; none when there is no map. */
export function fieldsBelow(place: Place, ...fields: string[]): { field: string; place: Place }[] {
  const map = below(place, ...fields)
  if (typeof map.value !== 'object' || map.value === null || Array.isArray(map.value)) return []
  return Object.entries(map.value).map(([field, value]: [string, unknown]) => ({ field, place: { value, path: [...map.path, field] } }))
}

/** Whether a field says something: null is as good as absent. */
export function isSet({ value }: Place): boolean {
  return value !== undefined && value !== null
}

/** The way as people write it: `containers[0].securityContext`. */
export function formatPath(path: Path): string {
  return path.map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${part}`)).join('')
}

function fieldOf(value: unknown, field: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, field)) return undefined
  return (value as Record<string, unknown>)[field]
}

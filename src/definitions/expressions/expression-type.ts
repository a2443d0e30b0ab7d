/**
 * What an expression may come to, as far as it is known before a run.
 * - `Any`: decided at run time; null is possible.
 * - `Record`: named fields, each of its own type; `noun` names one of them in messages. `others` are names that exist and cannot be used here;
 *   `whyNot` says why, null for names that do not exist.
 */
export type ExpressionType =
  | { kind: 'Any' | 'Boolean' | 'Integer' | 'Null' | 'Number' | 'Text' }
  | { kind: 'List'; of: ExpressionType }
  | { kind: 'Map'; of: ExpressionType }
  | RecordType

/** See `ExpressionType`. */
export interface RecordType {
  kind: 'Record'
  noun: string
  fields: Readonly<Record<string, ExpressionType>>
  others?: readonly string[]
  whyNot?: (name: string) => string | null
}

/** The variables that an expression may use, by name, and why not others. */
export type ExpressionScope = Omit<RecordType, 'kind' | 'noun'>

/** What nothing is known of before the run. */
export const ANY: ExpressionType = { kind: 'Any' }
/** A string. */
export const TEXT: ExpressionType = { kind: 'Text' }
/** A whole number. */
export const INTEGER: ExpressionType = { kind: 'Integer' }

const VALUE_TYPES: Readonly<Record<string, ExpressionType>> = {
  string: TEXT,
  integer: INTEGER,
  number: { kind: 'Number' },
  boolean: { kind: 'Boolean' },
  array: { kind: 'List', of: ANY },
  object: { kind: 'Map', of: ANY },
}

/** The type of a parameter or a result that is declared by this word. */
export function typeOfDeclared(word: string): ExpressionType {
  return (Object.hasOwn(VALUE_TYPES, word) ? VALUE_TYPES[word] : undefined) ?? ANY
}

const CEL_NAMES = { Any: 'dyn', Boolean: 'bool', Integer: 'int', Null: 'null', Number: 'double', Text: 'string' } as const

/** Names of fields that the library's own type names cannot be confused by. */
const SAFE_NAME = /^[\w./-]+$/

/** A type in CEL's words; a Record is an object of such. */
export type CelType = string | { [field: string]: CelType }

/** The type for CEL's checker. */
export function celType(type: ExpressionType): CelType {
  switch (type.kind) {
    case 'List':
      return `list<${celName(type.of)}>`
    case 'Map':
      return `map<string, ${celName(type.of)}>`
    case 'Record':
      if (Object.keys(type.fields).some((name) => !SAFE_NAME.test(name))) return 'map<string, dyn>'
      return Object.fromEntries(Object.entries(type.fields).map(([name, field]) => [name, celType(field)]))
    case 'Any':
    case 'Boolean':
    case 'Integer':
    case 'Null':
    case 'Number':
    case 'Text':
      return CEL_NAMES[type.kind]
  }
}

function celName(type: ExpressionType): string {
  const name = celType(type)
  return typeof name === 'string' ? name : 'dyn'
}

/** The type that CEL's checker calls so. */
export function typeOfCel(name: string): ExpressionType {
  const scalar = Object.entries(CEL_NAMES).find(([, celName]) => celName === name)?.[0]
  if (scalar !== undefined) return { kind: scalar as keyof typeof CEL_NAMES }
  const list = /^list(?:<(.*)>)?$/.exec(name)
  if (list) return { kind: 'List', of: list[1] === undefined ? ANY : typeOfCel(list[1]) }
  const map = /^map(?:<string, (.*)>)?$/.exec(name)
  return map ? { kind: 'Map', of: map[1] === undefined ? ANY : typeOfCel(map[1]) } : ANY
}

/** The type of a value that is written in a definition. */
export function typeOfValue(value: unknown): ExpressionType {
  if (typeof value === 'string') return TEXT
  if (typeof value === 'boolean') return { kind: 'Boolean' }
  if (typeof value === 'number') return Number.isSafeInteger(value) ? INTEGER : { kind: 'Number' }
  if (Array.isArray(value)) return { kind: 'List', of: commonType(value.map(typeOfValue)) }
  if (typeof value === 'object' && value !== null) return { kind: 'Map', of: commonType(Object.values(value).map(typeOfValue)) }
  return ANY
}

/** The type that all have; `Any` where they differ. */
export function commonType(types: readonly ExpressionType[]): ExpressionType {
  const [first = ANY] = types
  const form = JSON.stringify(first)
  return types.every((type) => JSON.stringify(type) === form) ? first : ANY
}

import type { ErrorObject } from 'ajv/dist/2020.js'
import kubernetesSchema from '../../../schemas/kubernetes.schema.json' with { type: 'json' }
import workflowSchema from '../../../schemas/workflow.schema.json' with { type: 'json' }
import type { Json } from '../container.ts'

/**
 * Checks what is Kubernetes' own against schemas/kubernetes.schema.json, by the few keywords that it uses. A compiled validator would do the
 * same and take most of a second to compile, at each start of the command line.
 */

interface Schema {
  $ref?: string
  type?: string | string[]
  enum?: unknown[]
  pattern?: string
  minLength?: number
  maxLength?: number
  minimum?: number
  maximum?: number
  minItems?: number
  maxItems?: number
  anyOf?: Schema[]
  items?: Schema
  properties?: Record<string, Schema>
  propertyNames?: Schema
  required?: string[]
  additionalProperties?: boolean | Schema
}

/** The way to a value, innermost first: it becomes a text only where something is wrong. */
interface Trail {
  key: string | number
  up: Trail | null
}

const DEFINITIONS = kubernetesSchema.$defs as unknown as Record<string, Schema>
const STEP_FIELDS = new Map(
  Object.entries(workflowSchema.$defs.step.properties as Record<string, Schema>).filter(([, schema]) => isKubernetes(schema)),
)
/** Definitions by reference, and patterns by text: each is looked at again and again. */
const RESOLVED = new Map<string, Schema>()
const PATTERNS = new Map<string, RegExp>()
const VARIABLE_SOURCE: Schema = { $ref: 'kubernetes.schema.json#/$defs/V1EnvVarSource' }

/** What is wrong with a batch/v1 Job. */
export function checkJobSchema(job: Json): ErrorObject[] {
  return new Checker('').check(job, { $ref: '#/$defs/V1Job' })
}

/** What is wrong with the fields of Kubernetes of a step, of defaults, or of an undo. `path` is where it lies in its document. */
export function checkStepSchema(step: Json | undefined, path: string): ErrorObject[] {
  if (!isMap(step)) return []
  const found: ErrorObject[] = []
  for (const [name, value] of Object.entries(step)) {
    const schema = STEP_FIELDS.get(name)
    if (schema) found.push(...new Checker(`${path}/${name}`).check(value, schema))
    else if (name === 'env' && Array.isArray(value)) found.push(...value.flatMap((variable, index) => checkSource(variable, `${path}/env/${index}`)))
    else if (name === 'undo') found.push(...checkStepSchema(value, `${path}/undo`))
  }
  return found
}

function checkSource(variable: Json, path: string): ErrorObject[] {
  const source = isMap(variable) ? variable['valueFrom'] : undefined
  return source === undefined ? [] : new Checker(`${path}/valueFrom`).check(source, VARIABLE_SOURCE)
}

function isKubernetes(schema: Schema): boolean {
  return [schema, schema.items].some((part) => part?.$ref?.startsWith('kubernetes.schema.json'))
}

class Checker {
  readonly #path: string
  readonly #errors: ErrorObject[] = []

  /** `path` leads to the value. */
  constructor(path: string) {
    this.#path = path
  }

  check(value: Json, schema: Schema): ErrorObject[] {
    this.#value(value, schema, null)
    return this.#errors
  }

  #value(value: Json, written: Schema, trail: Trail | null): void {
    const isOptional = written.anyOf !== undefined
    if (isOptional && value === null) return
    const schema = resolve(isOptional ? (written.anyOf?.[0] ?? {}) : written)
    const fault = faultOf(value, schema)
    if (fault) this.#add(fault.keyword, fault.params, schema, trail)
    else if (Array.isArray(value)) {
      const { items } = schema
      if (items) for (const [index, item] of value.entries()) this.#value(item, items, { key: index, up: trail })
    } else if (isMap(value)) this.#map(value, schema, trail)
  }

  #map(value: { [key: string]: Json }, schema: Schema, trail: Trail | null): void {
    const { properties = {}, additionalProperties = true, propertyNames, required = [] } = schema
    for (const missingProperty of required) if (!Object.hasOwn(value, missingProperty)) this.#add('required', { missingProperty }, schema, trail)
    for (const [key, child] of Object.entries(value)) {
      const own = Object.hasOwn(properties, key) ? properties[key] : undefined
      const fault = propertyNames ? faultOf(key, propertyNames) : null
      if (fault) this.#add('propertyNames', { propertyName: key, of: propertyNames }, schema, trail)
      if (own) this.#value(child, own, { key, up: trail })
      else if (additionalProperties === false) this.#add('additionalProperties', { additionalProperty: key }, schema, trail)
      else if (typeof additionalProperties === 'object') this.#value(child, additionalProperties, { key, up: trail })
    }
  }

  #add(keyword: string, params: Record<string, unknown>, parentSchema: Schema, trail: Trail | null): void {
    this.#errors.push({ keyword, params, instancePath: `${this.#path}${pointerOf(trail)}`, schemaPath: '', parentSchema })
  }
}

function resolve(schema: Schema): Schema {
  if (schema.$ref === undefined) return schema
  const known = RESOLVED.get(schema.$ref)
  if (known) return known
  const found = DEFINITIONS[schema.$ref.split('/').at(-1) ?? ''] ?? {}
  RESOLVED.set(schema.$ref, found)
  return found
}

function pointerOf(trail: Trail | null): string {
  return trail === null ? '' : `${pointerOf(trail.up)}/${String(trail.key).replaceAll('~', '~0').replaceAll('/', '~1')}`
}

function faultOf(value: Json, schema: Schema): Pick<ErrorObject, 'keyword' | 'params'> | null {
  const { type, enum: allowed } = schema
  if (type !== undefined && !(typeof type === 'string' ? isOfType(value, type) : type.some((name) => isOfType(value, name))))
    return { keyword: 'type', params: { type } }
  if (allowed && !allowed.includes(value)) return { keyword: 'enum', params: { allowedValues: allowed } }
  if (typeof value === 'string') return faultOfText(value, schema)
  if (typeof value === 'number') return faultOfSize(value, schema.minimum, schema.maximum, ['minimum', 'maximum'])
  return Array.isArray(value) ? faultOfSize(value.length, schema.minItems, schema.maxItems, ['minItems', 'maxItems']) : null
}

function faultOfText(value: string, { pattern, minLength, maxLength }: Schema) {
  const fault = faultOfSize(value.length, minLength, maxLength, ['minLength', 'maxLength'])
  return fault ?? (pattern !== undefined && !patternOf(pattern).test(value) ? { keyword: 'pattern', params: { pattern } } : null)
}

function faultOfSize(size: number, least: number | undefined, most: number | undefined, [tooLow, tooHigh]: readonly [string, string]) {
  if (least !== undefined && size < least) return { keyword: tooLow, params: { limit: least } }
  return most !== undefined && size > most ? { keyword: tooHigh, params: { limit: most } } : null
}

function patternOf(text: string): RegExp {
  const known = PATTERNS.get(text)
  if (known) return known
  const made = new RegExp(text)
  PATTERNS.set(text, made)
  return made
}

function isOfType(value: Json, type: string): boolean {
  switch (type) {
    case 'null':
      return value === null
    case 'array':
      return Array.isArray(value)
    case 'object':
      return isMap(value)
    case 'integer':
      return Number.isInteger(value)
    default:
      return typeof value === type
  }
}

function isMap(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

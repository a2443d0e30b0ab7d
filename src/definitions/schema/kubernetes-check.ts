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
  anyOf?: Schema[]
  items?: Schema
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: boolean | Schema
}

type Fault = Pick<ErrorObject, 'keyword' | 'params' | 'message'>

const DEFINITIONS = kubernetesSchema.$defs as unknown as Record<string, Schema>
const STEP_FIELDS = Object.entries(workflowSchema.$defs.step.properties as Record<string, Schema>).filter(([, schema]) => isKubernetes(schema))
const VARIABLE_SOURCE: Schema = { $ref: 'kubernetes.schema.json#/$defs/V1EnvVarSource' }

/** What is wrong with a batch/v1 Job. */
export function checkJobSchema(job: Json): ErrorObject[] {
  return check(job, { $ref: '#/$defs/V1Job' }, '')
}

/** What is wrong with the fields of Kubernetes of a step, of defaults, or of an undo. `path` is where it lies in its document. */
export function checkStepSchema(step: Json | undefined, path: string): ErrorObject[] {
  if (!isMap(step)) return []
  const fields = STEP_FIELDS.flatMap(([name, schema]) => (Object.hasOwn(step, name) ? check(step[name] ?? null, schema, `${path}/${name}`) : []))
  const variables = Array.isArray(step['env']) ? step['env'] : []
  const sources = variables.flatMap((variable, index) =>
    isMap(variable) && variable['valueFrom'] !== undefined ? check(variable['valueFrom'], VARIABLE_SOURCE, `${path}/env/${index}/valueFrom`) : [],
  )
  return [...fields, ...sources, ...checkStepSchema(step['undo'], `${path}/undo`)]
}

function isKubernetes(schema: Schema): boolean {
  return [schema, schema.items].some((part) => part?.$ref?.startsWith('kubernetes.schema.json'))
}

function check(value: Json, schema: Schema, path: string): ErrorObject[] {
  if (schema.$ref !== undefined) return check(value, DEFINITIONS[schema.$ref.split('/').at(-1) ?? ''] ?? {}, path)
  if (schema.anyOf) return value === null ? [] : check(value, schema.anyOf[0] ?? {}, path)
  const fault = faultOf(value, schema)
  if (fault) return [{ ...fault, instancePath: path, schemaPath: '', parentSchema: schema }]
  if (Array.isArray(value)) return schema.items ? value.flatMap((item, index) => check(item, schema.items ?? {}, `${path}/${index}`)) : []
  return isMap(value) ? checkMap(value, schema, path) : []
}

function checkMap(value: { [key: string]: Json }, schema: Schema, path: string): ErrorObject[] {
  const { properties = {}, additionalProperties = true, required = [] } = schema
  const error = (keyword: string, params: Record<string, unknown>): ErrorObject => ({
    keyword,
    params,
    instancePath: path,
    schemaPath: '',
    parentSchema: schema,
  })
  const missing = required.filter((name) => !Object.hasOwn(value, name)).map((missingProperty) => error('required', { missingProperty }))
  const below = Object.entries(value).flatMap(([name, child]) => {
    const own = Object.hasOwn(properties, name) ? properties[name] : undefined
    if (!own && additionalProperties === false) return [error('additionalProperties', { additionalProperty: name })]
    const of = own ?? (typeof additionalProperties === 'object' ? additionalProperties : {})
    return check(child, of, `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`)
  })
  return [...missing, ...below]
}

function faultOf(value: Json, { type, enum: allowed, pattern }: Schema): Fault | null {
  if (type !== undefined && ![type].flat().some((name) => isOfType(value, name))) return { keyword: 'type', params: { type } }
  if (allowed && !allowed.includes(value)) return { keyword: 'enum', params: { allowedValues: allowed } }
  if (pattern !== undefined && typeof value === 'string' && !new RegExp(pattern).test(value)) return { keyword: 'pattern', params: { pattern } }
  return null
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

import type { Json, JsonObject } from '../definitions/container.ts'

/** Words of JSON Schema that a CustomResourceDefinition may use as they are. */
const KEPT = ['description', 'type', 'enum', 'pattern', 'minLength', 'maxLength', 'minimum', 'maximum', 'minItems', 'maxItems', 'required', 'format']

/**
 * A JSON schema as the structural schema that CustomResourceDefinitions ask for: references are written out, constants are enums, every
 * value has one type, and maps that take anything say so in Kubernetes' way. Unknown fields of the others are pruned by the server.
 */
export function structuralSchema(root: JsonObject): JsonObject {
  const definitions = mapOf(root['$defs'])

  function convert(written: JsonObject): JsonObject {
    const { $ref, ...own } = written
    const schema = typeof $ref === 'string' ? { ...mapOf(definitions[$ref.replace('#/$defs/', '')]), ...own } : own
    const result: JsonObject = {}
    for (const word of KEPT) if (schema[word] !== undefined) result[word] = schema[word]
    if (schema['const'] !== undefined) result['enum'] = [schema['const']]
    if (result['type'] === undefined) result['type'] = typeOfEnum(result['enum'])
    if (Array.isArray(result['type'])) {
      result['nullable'] = result['type'].includes('null')
      result['type'] = result['type'].find((type) => type !== 'null') ?? 'string'
    }
    if (schema['items'] !== undefined) result['items'] = convert(mapOf(schema['items']))
    if (schema['properties'] !== undefined) {
      result['properties'] = Object.fromEntries(Object.entries(mapOf(schema['properties'])).map(([field, value]) => [field, convert(mapOf(value))]))
    }
    const others = schema['additionalProperties']
    if (others === true) result['x-kubernetes-preserve-unknown-fields'] = true
    else if (typeof others === 'object') result['additionalProperties'] = convert(mapOf(others))
    return result
  }
  return convert(root)
}

function typeOfEnum(values: Json | undefined): string {
  const [first] = Array.isArray(values) ? values : []
  return first === undefined ? 'object' : typeof first
}

function mapOf(value: Json | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}

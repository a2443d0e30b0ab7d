import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import * as client from '@kubernetes/client-node'
import { FORMATS } from './kubernetes-formats.ts'
import { ENUMS, OPTIONAL, QUANTITY, QUANTITY_FIELDS, REQUIRED, type Schema } from './kubernetes-values.ts'

/**
 * The JSON schema of batch/v1 Job and all below it, from the types of @kubernetes/client-node: fields, their types, what is required, and a
 * sentence on each. What those types do not tell stands in kubernetes-values.ts (which texts are allowed, what a quantity is) and kubernetes-formats.ts.
 */

interface Model {
  getAttributeTypeMap: () => { name: string; baseName: string; type: string }[]
}

interface ObjectSchema extends Schema {
  properties: Record<string, Schema>
}

const models = join(dirname(createRequire(import.meta.url).resolve('@kubernetes/client-node')), 'gen/models')

/** Parts of a Job that Fusee has fields of its own for: rules say what to do instead. */
const FREE_IN_POD = ['containers']
const FREE_IN_JOB = ['template', 'selector']

/** Makes the schema, as a value. */
export async function generateKubernetesSchema(): Promise<Schema> {
  const definitions: Record<string, ObjectSchema> = {}
  const queue = ['V1Job']
  for (const name of queue) definitions[name] ??= await describeModel(name, queue)
  definitions['StepPod'] = withFree(definitions['V1PodSpec'], FREE_IN_POD)
  definitions['StepJob'] = withFree(definitions['V1JobSpec'], FREE_IN_JOB)
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'https://fusee.dev/schemas/v1alpha1/kubernetes.schema.json',
    title: 'Kubernetes Job',
    description: 'A batch/v1 Job and all that may stand in it. Generated from the types of @kubernetes/client-node.',
    $ref: '#/$defs/V1Job',
    $defs: Object.fromEntries(Object.entries(definitions).sort(([one], [other]) => (one < other ? -1 : 1))),
  }
}

async function describeModel(name: string, queue: string[]): Promise<ObjectSchema> {
  const model = modelOf(name)
  if (!model) throw new Error(`the type ${name} is not known`)
  const declared = await readDeclaration(name)
  const properties: Record<string, Schema> = {}
  const required: string[] = []
  for (const { name: attribute, baseName, type } of model.getAttributeTypeMap()) {
    const field = `${name}.${baseName}`
    const { text, ...written } = declared.get(attribute) ?? { isOptional: true, text: '' }
    const isOptional = OPTIONAL.has(field) || (written.isOptional && !REQUIRED.has(field))
    const schema = QUANTITY_FIELDS.has(field) ? quantity(type) : describeType(type, queue)
    const values = ENUMS[field]
    const { items, ...format } = FORMATS[field] ?? {}
    properties[baseName] = {
      ...(isOptional ? orNull(schema) : schema),
      ...format,
      ...(items !== undefined && { items: { ...(schema.items as Schema), ...(items as Schema) } }),
      ...(values && { enum: isOptional ? [...values, null] : values }),
      ...(text && { description: text }),
    }
    if (!isOptional) required.push(baseName)
  }
  return { type: 'object', additionalProperties: false, ...(required.length > 0 && { required }), properties }
}

function modelOf(name: string): Model | null {
  const found = (client as unknown as Record<string, Partial<Model> | undefined>)[name]
  return found?.getAttributeTypeMap ? (found as Model) : null
}

/** Which attributes may be left out, and the first sentence on each, from the declaration file. */
async function readDeclaration(name: string): Promise<Map<string, { isOptional: boolean; text: string }>> {
  const text = await readFile(join(models, `${name}.d.ts`), 'utf8')
  const body = text.slice(text.indexOf('export declare class'))
  const found = new Map<string, { isOptional: boolean; text: string }>()
  for (const [, comment = '', attribute = '', mark] of body.matchAll(/(?:\/\*\*((?:(?!\*\/)[^])*)\*\/\s*)?^\s+'([^']+)'(\??): /gm)) {
    found.set(attribute, { isOptional: mark === '?', text: firstSentence(comment) })
  }
  return found
}

function firstSentence(comment: string): string {
  const text = comment
    .replace(/^\s*\* ?/gm, '')
    .replace(/\s+/g, ' ')
    .trim()
  const sentence = /^.*?[.](?= [A-Z]|$)/.exec(text)?.[0] ?? text
  return sentence.length <= 300 ? sentence : `${sentence.slice(0, 297)}...`
}

function describeType(type: string, queue: string[]): Schema {
  const list = /^(?:Array|Set)<(.+)>$/.exec(type)
  if (list) return { type: 'array', items: describeType(list[1] ?? '', queue) }
  const map = /^\{ \[key: string\]: (.+); \}$/.exec(type)
  if (map) return { type: 'object', additionalProperties: describeType(map[1] ?? '', queue) }
  switch (type) {
    case 'string':
    case 'boolean':
      return { type }
    case 'number':
      return { type: 'integer' }
    case 'any':
    case 'object':
      return {}
    case 'Date':
    case 'V1MicroTime':
      return { type: 'string' }
    case 'IntOrString':
      return { type: ['string', 'integer'] }
    default:
      queue.push(type)
      return { $ref: `#/$defs/${type}` }
  }
}

function quantity(type: string): Schema {
  return type === 'string' ? QUANTITY : { type: 'object', additionalProperties: QUANTITY }
}

/** Kubernetes takes null for a field that is not there. */
function orNull(schema: Schema): Schema {
  if (schema.$ref !== undefined) return { anyOf: [schema, { type: 'null' }] }
  return schema.type === undefined ? schema : { ...schema, type: [schema.type, 'null'].flat() }
}

function withFree(schema: ObjectSchema | undefined, names: readonly string[]): ObjectSchema {
  if (!schema) throw new Error('a type that Fusee has fields for is gone')
  const { required: _, properties, ...rest } = schema
  return { ...rest, properties: { ...properties, ...Object.fromEntries(names.map((name) => [name, {}])) } }
}

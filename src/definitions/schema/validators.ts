import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import scheduleSchema from '../../../schemas/schedule.schema.json' with { type: 'json' }
import templateSchema from '../../../schemas/step-template.schema.json' with { type: 'json' }
import workflowSchema from '../../../schemas/workflow.schema.json' with { type: 'json' }
import type { Json } from '../container.ts'
import { checkStepSchema } from './kubernetes-check.ts'

/** A document that the schemas describe. */
export type DefinitionKind = 'Workflow' | 'Schedule' | 'StepTemplate'

/** What the schema of a kind of document says against a value, in no order. */
export type SchemaCheck = (kind: DefinitionKind, value: Json) => ErrorObject[]

const SCHEMAS = { Workflow: workflowSchema, Schedule: scheduleSchema, StepTemplate: templateSchema }

/**
 * Compiles each schema when it is first needed, which takes some tens of milliseconds: keep the result. Nothing is checked or improved
 * that makes that longer: tests hold the schemas to the language of schemas.
 */
export function createSchemaCheck(): SchemaCheck {
  const ajv = new Ajv2020({
    allErrors: true,
    verbose: true,
    validateSchema: false,
    code: { optimize: false },
    allowUnionTypes: true,
    schemas: Object.values(SCHEMAS).map(withoutKubernetes),
    keywords: ['tsType'],
  })
  const known = new Map<DefinitionKind, ValidateFunction>()
  return (kind, value) => {
    const validate = known.get(kind) ?? ajv.getSchema(SCHEMAS[kind].$id)
    if (!validate) throw new Error(`there is no schema of a ${kind}`)
    known.set(kind, validate)
    return [...(validate(value) ? [] : (validate.errors ?? [])), ...checkSteps(kind, value)]
  }
}

/** What is Kubernetes' own has a check of its own. */
function withoutKubernetes(schema: object): object {
  return JSON.parse(JSON.stringify(schema), (_key, value: unknown) => {
    const isForeign = typeof value === 'object' && value !== null && '$ref' in value && String(value.$ref).startsWith('kubernetes.schema.json')
    return isForeign ? {} : value
  }) as object
}

function checkSteps(kind: DefinitionKind, value: Json): ErrorObject[] {
  const spec = fieldOf(value, 'spec')
  if (kind === 'StepTemplate') return checkStepSchema(fieldOf(spec, 'step'), '/spec/step')
  if (kind === 'Schedule') return []
  const lists = ['steps', 'finally'].flatMap((name) => {
    const list = fieldOf(spec, name)
    return Array.isArray(list) ? list.flatMap((step, index) => checkStepSchema(step, `/spec/${name}/${index}`)) : []
  })
  return [...checkStepSchema(fieldOf(spec, 'defaults'), '/spec/defaults'), ...lists]
}

function fieldOf(value: Json | undefined, name: string): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.hasOwn(value, name) ? value[name] : undefined
}

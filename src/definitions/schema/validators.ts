import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js'
import scheduleSchema from '../../../schemas/schedule.schema.json' with { type: 'json' }
import workflowSchema from '../../../schemas/workflow.schema.json' with { type: 'json' }
import type { Json } from '../container.ts'

/** A document that the schemas describe. */
export type DefinitionKind = 'Workflow' | 'Schedule'

/** What the schema of a kind of document says against a value, in no order. */
export type SchemaCheck = (kind: DefinitionKind, value: Json) => ErrorObject[]

/** Compiles the schemas, which takes some ten milliseconds: keep the result. */
export function createSchemaCheck(): SchemaCheck {
  const ajv = new Ajv2020({
    allErrors: true,
    verbose: true,
    validateSchema: false,
    allowUnionTypes: true,
    schemas: [scheduleSchema],
    keywords: ['tsType'],
  })
  const validators = { Workflow: ajv.compile(workflowSchema), Schedule: ajv.compile(scheduleSchema) }
  return (kind, value) => {
    const validate = validators[kind]
    return validate(value) ? [] : (validate.errors ?? [])
  }
}

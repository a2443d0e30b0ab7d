import { Ajv2020, type CodeOptions } from 'ajv/dist/2020.js'
import repositorySchema from '../../../schemas/repository.schema.json' with { type: 'json' }
import scheduleSchema from '../../../schemas/schedule.schema.json' with { type: 'json' }
import templateSchema from '../../../schemas/step-template.schema.json' with { type: 'json' }
import workflowSchema from '../../../schemas/workflow.schema.json' with { type: 'json' }

/** A document that our schemas describe. */
export type SchemaKind = 'Workflow' | 'Schedule' | 'StepTemplate' | 'Repository'

const SCHEMAS = { Workflow: workflowSchema, Schedule: scheduleSchema, StepTemplate: templateSchema, Repository: repositorySchema }

/** What the schema of each kind is known by. */
export const SCHEMA_IDS: Readonly<Record<SchemaKind, string>> = {
  Workflow: workflowSchema.$id,
  Schedule: scheduleSchema.$id,
  StepTemplate: templateSchema.$id,
  Repository: repositorySchema.$id,
}

/** Knows our schemas, and compiles each when it is first asked for. That they are schemas, tests see to: looking costs as much as compiling. */
export function createAjv(code: CodeOptions = {}): Ajv2020 {
  return new Ajv2020({
    allErrors: true,
    verbose: true,
    validateSchema: false,
    code: { optimize: false, ...code },
    allowUnionTypes: true,
    schemas: Object.values(SCHEMAS).map(withoutKubernetes),
    keywords: ['tsType'],
  })
}

/** What is Kubernetes' own has a check of its own. */
function withoutKubernetes(schema: object): object {
  return JSON.parse(JSON.stringify(schema), (_key, value: unknown) => {
    const isForeign = typeof value === 'object' && value !== null && '$ref' in value && String(value.$ref).startsWith('kubernetes.schema.json')
    return isForeign ? {} : value
  }) as object
}

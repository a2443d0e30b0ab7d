import type { ErrorObject } from 'ajv/dist/2020.js'
import type { Json } from '../container.ts'
import { validatorOf } from './compiled-schemas.ts'
import { checkStepSchema } from './kubernetes-check.ts'

/** A document that the schemas describe. */
export type DefinitionKind = 'Workflow' | 'Schedule' | 'StepTemplate'

/** What the schema of a kind of document says against a value, in no order. */
export type SchemaCheck = (kind: DefinitionKind, value: Json) => ErrorObject[]

/** The check, which is the same whoever asks. */
export function createSchemaCheck(): SchemaCheck {
  return (kind, value) => {
    const validate = validatorOf(kind)
    return [...(validate(value) ? [] : (validate.errors ?? [])), ...checkSteps(kind, value)]
  }
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

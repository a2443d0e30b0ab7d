import { VERSION } from '../version.ts'
import type { JsonSchema, Operation } from './operation.ts'

const ERROR: JsonSchema = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['reason', 'message'],
      properties: {
        reason: { type: 'string', description: 'One word that programs can match.' },
        message: { type: 'string', description: 'What is wrong and what to do.' },
      },
    },
  },
}

/** The OpenAPI 3.1 description of the operations. */
export function describeOperations(operations: readonly Operation[]): JsonSchema {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const operation of operations) (paths[`/api/v1${operation.path}`] ??= {})[operation.method] = describe(operation)
  return {
    openapi: '3.1.0',
    info: { title: 'Fusee', version: VERSION, description: 'Workflows of Git repositories, their schedules and their runs.' },
    components: {
      schemas: { Error: ERROR },
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', description: 'A token of the cluster; not asked for on the loopback address.' } },
    },
    security: [{}, { bearer: [] }],
    paths,
  }
}

/** The names in a path, in their order. */
export function pathParameters(path: string): string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].flatMap(([, name]) => name ?? [])
}

function describe(operation: Operation): JsonSchema {
  const { id, summary, path, query = {}, body, answer } = operation
  const text = { type: 'string' }
  return {
    operationId: id,
    summary,
    parameters: [
      ...pathParameters(path).map((name) => ({ name, in: 'path', required: true, schema: text })),
      ...Object.entries(query).map(([name, description]) => ({ name, in: 'query', required: false, description, schema: text })),
    ],
    ...(body === undefined ? {} : { requestBody: { required: true, content: { 'application/json': { schema: body } } } }),
    responses: {
      '2XX': { description: 'Done.', content: { 'application/json': { schema: answer } } },
      default: { description: 'Refused.', content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } } },
    },
  }
}

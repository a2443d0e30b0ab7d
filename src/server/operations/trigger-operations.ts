import { randomUUID } from 'node:crypto'
import type { RepositoryState } from '../../controller/repository.ts'
import { startOnRequest } from '../../controller/start-on-request.ts'
import { parseParamWords } from '../../triggers/params.ts'
import type { Api } from '../api.ts'
import { repositoryOf } from '../api.ts'
import { ApiError } from '../api-error.ts'
import type { Operation } from '../operation.ts'
import { ok } from '../operation.ts'
import { refusalOf, startedRun } from '../started-run.ts'

interface TriggerBody {
  workflow: string
  params?: Record<string, unknown>
  paramWords?: string[]
  key?: string
  reason?: string
  kind?: 'Api' | 'Manual'
}

/** Starting a run by hand or by program. */
export function triggerOperations(api: Api): Operation[] {
  const { context, controller } = api
  return [
    {
      id: 'triggerWorkflow',
      method: 'post',
      path: '/repositories/{namespace}/{name}/trigger',
      summary: 'Starts one run of a workflow, at the newest commit at which it was valid. The Run exists before the answer.',
      access: { verb: 'create', resource: 'runs' },
      body: {
        type: 'object',
        required: ['workflow'],
        additionalProperties: false,
        properties: {
          workflow: { type: 'string', maxLength: 63 },
          params: { type: 'object', description: 'Values by name; defaults fill in the others.' },
          paramWords: {
            type: 'array',
            items: { type: 'string' },
            description: 'Instead of params: name=value each, read by the declared types.',
          },
          key: {
            type: 'string',
            minLength: 1,
            maxLength: 200,
            description: 'Idempotency key: the same key for the same workflow is one run, for ever.',
          },
          reason: { type: 'string', maxLength: 500, description: 'Lands in the record.' },
          kind: { enum: ['Api', 'Manual'], description: 'Manual when a person asks; default Api.' },
        },
      },
      answer: { type: 'object', required: ['run', 'created'], properties: { run: { type: 'string' }, created: { type: 'boolean' } } },
      handle: async ({ path, body, identity }) => {
        const state = repositoryOf(api, path)
        const { workflow, key, reason, kind = 'Api' } = body as TriggerBody
        const trigger = { kind, key: key ?? randomUUID(), by: identity.name, ...(reason === undefined || reason === '' ? {} : { reason }) }
        const params = paramsOf(state, body as TriggerBody)
        const answer = await startOnRequest(context, state, { workflow, params, trigger, isUnique: key === undefined }, controller.wake)
        if (answer.kind === 'Refused') throw refusalOf(answer)
        return ok(startedRun(answer), answer.kind === 'Created' ? 201 : 200)
      },
    },
  ]
}

/** The values that were given. A workflow that is not there is refused later. */
function paramsOf(state: RepositoryState, { workflow, params, paramWords }: TriggerBody): Record<string, unknown> {
  if (paramWords === undefined) return params ?? {}
  if (params !== undefined) throw new ApiError('BadRequest', 'give params or paramWords, not both')
  const parsed = parseParamWords(state.versions?.workflows.get(workflow)?.definition.params ?? {}, paramWords)
  if (parsed.kind === 'Invalid' && state.versions?.workflows.has(workflow) === true) throw new ApiError('Invalid', parsed.problems.join('; '))
  return parsed.kind === 'Invalid' ? {} : parsed.values
}

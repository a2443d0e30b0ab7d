import type { Request, RequestHandler, Response, Router } from 'express'
import express from 'express'
import { isTrial, mayMoveBranch, verifyHook } from '../forge/verify-hook.ts'
import type { RepositoryState } from '../controller/repository.ts'
import { startOnRequest } from '../controller/start-on-request.ts'
import type { Api } from './api.ts'
import { repositoryOf } from './api.ts'
import { ApiError, refuseOtherMethods } from './api-error.ts'
import type { StartedRun } from './started-run.ts'
import { refusalOf, startedRun } from './started-run.ts'

/** Largest body: pushes of many commits are long, and a hook that is refused costs only the wait for the next look. */
const LARGEST_BODY = '5mb'

/** The routes below `/hooks`: `/<namespace>/<repository>` asks for an early look, `/…/<name>` starts the workflows with that webhook. */
export function createHooksRouter(api: Api): Router {
  const router = express.Router({ caseSensitive: true, strict: true })
  // Compressed bodies are refused: what is signed is what was sent.
  const readRaw = express.raw({ type: () => true, limit: LARGEST_BODY, inflate: false })
  router.post('/:namespace/:repository', findRepository(api), readRaw, async (request, response) => {
    const { event } = await verify(api, request, response)
    const asks = mayMoveBranch(event)
    if (asks) api.controller.askToLook(stateOf(response).followed.settings.ref)
    response.status(asks ? 202 : 200).json({ look: asks })
  })
  router.post('/:namespace/:repository/:name', findRepository(api), readRaw, async (request, response) => {
    const { delivery, event } = await verify(api, request, response)
    if (isTrial(event)) response.status(200).json({ runs: [], refused: [] })
    else await startNamed(api, response, String(request.params['name']), event === null ? paramsOf(bytesOf(request)) : {}, delivery)
  })
  router.all(['/:namespace/:repository', '/:namespace/:repository/:name'], refuseOtherMethods(['POST']))
  return router
}

/** Unknown repositories are answered before anything of the body is read. */
function findRepository(api: Api): RequestHandler {
  return (request, response, next) => {
    response.locals['state'] = repositoryOf(api, { namespace: String(request.params['namespace']), name: String(request.params['repository']) })
    next()
  }
}

function stateOf(response: Response): RepositoryState {
  return response.locals['state'] as RepositoryState
}

function bytesOf(request: Request): Uint8Array {
  return Buffer.isBuffer(request.body) ? request.body : new Uint8Array()
}

/** Throws ApiError unless one of the Repository's secrets has signed the request. */
async function verify(api: Api, request: Request, response: Response): Promise<{ delivery: string; event: string | null }> {
  const secrets = await secretsOf(stateOf(response))
  if (secrets.length === 0) throw new ApiError('Unauthenticated', 'this repository has no secret for hooks: name one in webhookSecretRef')
  const hook = verifyHook({ header: (name) => request.get(name) ?? null, body: bytesOf(request) }, secrets, api.context.clock.now())
  if ('kind' in hook) throw new ApiError('Unauthenticated', hook.message)
  return hook
}

async function secretsOf(state: RepositoryState): Promise<string[]> {
  try {
    return (await state.followed.webhookSecrets?.()) ?? []
  } catch (error) {
    throw new ApiError('Unavailable', 'the secret for hooks cannot be read at the moment: send it again', { cause: error })
  }
}

/** The params that a sender gives: the fields of its JSON object; nothing is none. */
function paramsOf(body: Uint8Array): Record<string, unknown> {
  if (body.length === 0) return {}
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch (error) {
    throw new ApiError('BadRequest', 'the body is no JSON: send an object with the params, or nothing', { cause: error })
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw new ApiError('BadRequest', 'the body is no JSON object: send one with the params, or nothing')
}

/** All workflows with that webhook get the same params; the answer lists their runs. Refused only when none of them runs. */
async function startNamed(api: Api, response: Response, name: string, params: Record<string, unknown>, delivery: string): Promise<void> {
  const state = stateOf(response)
  const notYet = (): ApiError => new ApiError('Unavailable', `${state.key} is not followed yet: its first look has not ended`)
  if (state.versions === null) throw notYet()
  const workflows = [...state.versions.workflows.values()].map(({ definition }) => definition).filter(({ webhooks }) => webhooks.includes(name))
  // What a start has found is what was in force before; more may have come since.
  if (workflows.length === 0 && state.look === 'Pending') throw notYet()
  if (workflows.length === 0) throw new ApiError('NotFound', `no workflow of ${state.key} has the webhook ${JSON.stringify(name)}`)
  const runs: StartedRun[] = []
  const refusals: { workflow: string; error: ApiError }[] = []
  for (const { name: workflow } of workflows) {
    const answer = await startOnRequest(api.context, state, { workflow, params, trigger: { kind: 'Webhook', name, delivery } }, api.controller.wake)
    if (answer.kind === 'Refused') refusals.push({ workflow, error: refusalOf(answer) })
    else runs.push(startedRun(answer))
  }
  const [first] = refusals
  if (first !== undefined && runs.length === 0) throw first.error
  const refused = refusals.map(({ workflow, error: { reason, message } }) => ({ workflow, reason, message }))
  response.status(runs.some(({ created }) => created) ? 201 : 200).json({ runs, refused })
}

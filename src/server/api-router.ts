import type { Ajv2020, ErrorObject } from 'ajv/dist/2020.js'
import type { Request, RequestHandler, Response, Router } from 'express'
import express from 'express'
import { ApiError, refuseOtherMethods, sendError } from './api-error.ts'
import type { Authenticator, Credentials, Identity } from './authenticate.ts'
import { describeOperations, pathParameters } from './openapi.ts'
import type { Answer, Operation } from './operation.ts'

/** Largest body of a request to the API. */
const LARGEST_BODY = '256kb'

/** What `/api/v1` is made of. */
export interface ApiOptions {
  operations: readonly Operation[]
  authenticator: Authenticator
}

/** The routes of the operations, and `openapi.json` about them. Mount at `/api/v1`. */
export function createApiRouter({ operations, authenticator }: ApiOptions): Router {
  const router = express.Router({ caseSensitive: true, strict: true })
  let known: Promise<Ajv2020> | undefined
  const ajv = (): Promise<Ajv2020> => {
    known ??= loadAjv().catch((error: unknown) => {
      known = undefined
      throw error
    })
    return known
  }
  router.get('/openapi.json', (_request, response) => {
    response.json(describeOperations(operations))
  })
  for (const operation of operations) {
    const readBody = operation.body === undefined ? [] : [requireJson, express.json({ limit: LARGEST_BODY, strict: false })]
    router[operation.method](routeOf(operation.path), authorize(operation, authenticator), ...readBody, async (request, response) => {
      await handle(operation, ajv, request, response)
    })
  }
  for (const path of new Set(operations.map((one) => one.path))) {
    const methods = operations.filter((one) => one.path === path).map(({ method }) => method)
    router.all(routeOf(path), refuseOtherMethods(methods))
  }
  return router
}

/** A path of operations as express writes it. */
function routeOf(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1')
}

function authorize(operation: Operation, authenticator: Authenticator): RequestHandler {
  return async (request, response, next) => {
    const { namespace, name } = pathOf(operation, request)
    let identity: Identity | null
    let allowed: boolean
    try {
      identity = await authenticator.authenticate(credentialsOf(request))
      allowed =
        identity !== null && (await authenticator.isAllowed(identity, operation.access, { ...(namespace && { namespace }), ...(name && { name }) }))
    } catch (error) {
      throw new ApiError('Unavailable', 'who asks cannot be checked at the moment: try again', { cause: error })
    }
    if (identity === null) {
      response.set('WWW-Authenticate', 'Bearer')
      sendError(
        response,
        'Unauthenticated',
        'say who asks with a bearer token of the cluster; without a cluster the API is served on a loopback address only',
      )
    } else if (!allowed) {
      const { verb, resource } = operation.access
      sendError(
        response,
        'Forbidden',
        `${identity.name} may not ${verb} ${resource} of fusee.dev${namespace === undefined ? '' : ` in ${namespace}`}`,
      )
    } else {
      response.locals['identity'] = identity
      next()
    }
  }
}

/** A body of another type could be sent by any page that a browser has open, without asking first. */
const requireJson: RequestHandler = (request, _response, next) => {
  if (request.is('application/json') === false) throw new ApiError('UnsupportedMediaType', 'send the body as application/json')
  next()
}

/** It compiles a schema when a body first needs it, and keeps it. Few are ever sent one: it is loaded for the first. */
async function loadAjv(): Promise<Ajv2020> {
  // In the bundle a CommonJS module has no names but `default`.
  const { default: module } = await import('ajv/dist/2020.js')
  return new module.Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true })
}

async function handle(operation: Operation, ajv: () => Promise<Ajv2020>, request: Request, response: Response): Promise<void> {
  const body: unknown = request.body ?? {}
  if (operation.body !== undefined) checkBody(await ajv(), operation.body, body)
  const abort = new AbortController()
  response.on('close', () => {
    abort.abort()
  })
  const answer = await operation.handle({
    identity: response.locals['identity'] as Identity,
    path: pathOf(operation, request),
    query: queryOf(operation, request),
    body,
    signal: abort.signal,
  })
  await send(answer, response, abort.signal)
}

function checkBody(ajv: Ajv2020, schema: NonNullable<Operation['body']>, body: unknown): void {
  if (!ajv.validate(schema, body)) throw new ApiError('BadRequest', problemsOf(ajv.errors ?? []))
}

async function send(answer: Answer, response: Response, signal: AbortSignal): Promise<void> {
  response.set('Cache-Control', 'no-store')
  if (answer.kind === 'Json') {
    response.status(answer.status).json(answer.body)
    return
  }
  response.status(200).set('Content-Type', answer.contentType).set('Cache-Control', 'no-store, no-transform')
  response.flushHeaders()
  for await (const chunk of answer.chunks) {
    if (signal.aborted) break
    if (!response.write(chunk)) await drained(response, signal)
  }
  response.end()
}

/** A reader who is slower than the log is waited for. */
function drained(response: Response, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    response.once('drain', resolve)
    signal.addEventListener('abort', () => {
      resolve()
    })
  })
}

function pathOf(operation: Operation, request: Request): Record<string, string> {
  return Object.fromEntries(pathParameters(operation.path).map((name) => [name, String(request.params[name])]))
}

function queryOf(operation: Operation, request: Request): Record<string, string> {
  const known = operation.query ?? {}
  const entries = Object.entries(request.query).map(([name, value]): [string, string] => {
    if (!Object.hasOwn(known, name)) {
      const names = Object.keys(known)
      throw new ApiError('BadRequest', `there is no query parameter ${name}${names.length === 0 ? '' : `: write one of ${names.join(', ')}`}`)
    }
    if (typeof value !== 'string') throw new ApiError('BadRequest', `give the query parameter ${name} once`)
    return [name, value]
  })
  return Object.fromEntries(entries)
}

function credentialsOf(request: Request): Credentials {
  const token = /^Bearer +(\S+)$/i.exec(request.get('authorization') ?? '')?.[1]
  return { bearerToken: token ?? null, header: (name) => request.get(name) ?? null }
}

function problemsOf(errors: readonly ErrorObject[]): string {
  const texts = errors.map((error) => {
    const place = error.instancePath === '' ? 'the body' : error.instancePath.slice(1).replaceAll('/', '.')
    if (error.keyword === 'additionalProperties') return `${place} has no field ${String(error.params['additionalProperty'])}`
    if (error.keyword === 'enum') return `${place} must be one of ${(error.params['allowedValues'] as unknown[]).join(', ')}`
    return `${place} ${error.message ?? 'is wrong'}`
  })
  return [...new Set(texts)].join('; ')
}

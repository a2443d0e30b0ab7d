import type { ErrorRequestHandler, RequestHandler, Response } from 'express'
import { ClusterError, ConflictError, NotLeaderError } from '../cluster/ports.ts'
import { GitError } from '../git/ports.ts'

/** Why a request is refused, by the status that says so. */
export const STATUS_OF = {
  BadRequest: 400,
  Unauthenticated: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  Conflict: 409,
  TooLarge: 413,
  UnsupportedMediaType: 415,
  Invalid: 422,
  TooManyRequests: 429,
  Internal: 500,
  Unavailable: 503,
} as const

/** What is unavailable here is so for a short time: a leader is found within fifteen seconds. */
const RETRY_AFTER_SECONDS = '5'

/** One word that programs can match. */
export type ApiReason = keyof typeof STATUS_OF

/** A request that is refused; the message says what and what to do. */
export class ApiError extends Error {
  override name = 'ApiError'
  readonly reason: ApiReason

  constructor(reason: ApiReason, message: string, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
  }
}

/** Answers with `{"error": {"reason", "message"}}`. */
export function sendError(response: Response, reason: ApiReason, message: string): void {
  if (reason === 'Unavailable') response.set('Retry-After', RETRY_AFTER_SECONDS)
  response.status(STATUS_OF[reason]).json({ error: { reason, message } })
}

/** Answers for paths that something is at, with none of these methods. */
export function refuseOtherMethods(methods: readonly string[]): RequestHandler {
  const allowed = methods.map((one) => one.toUpperCase()).join(', ')
  return (request, response) => {
    response.set('Allow', allowed)
    sendError(response, 'MethodNotAllowed', `${request.originalUrl.split('?')[0] ?? ''} takes ${allowed}, not ${request.method}`)
  }
}

/** Answers for paths that nothing is at. */
export const notFound: RequestHandler = (request, response) => {
  sendError(response, 'NotFound', `there is nothing at ${request.method} ${request.path}`)
}

/** Turns what was thrown into an answer; bugs go to `onBug` and tell a client nothing about themselves. */
export function createErrorHandler(onBug: (error: unknown) => void): ErrorRequestHandler {
  return (error: unknown, _request, response, next) => {
    if (response.headersSent) {
      next(error)
      return
    }
    const refusal = refusalOf(error)
    if (refusal.reason === 'Internal') onBug(error)
    sendError(response, refusal.reason, refusal.message)
  }
}

function refusalOf(error: unknown): { reason: ApiReason; message: string } {
  if (error instanceof ApiError) return error
  if (error instanceof NotLeaderError)
    return { reason: 'Unavailable', message: 'this controller stands by for another one: send it again in a few seconds' }
  if (error instanceof ClusterError && error.isPassing)
    return { reason: 'Unavailable', message: 'the cluster does not answer at the moment: send it again in a few seconds' }
  if (error instanceof GitError && error.kind === 'Unreachable') return { reason: 'Unavailable', message: `${error.message}: send it again later` }
  if (error instanceof ConflictError) return { reason: 'Conflict', message: 'somebody else changed this meanwhile: try again' }
  // What express and its body parsers throw carries the status that it means.
  const { status, type, message } = error as { status?: number; type?: string; message?: string }
  if (type === 'entity.too.large') return { reason: 'TooLarge', message: 'the body is too large' }
  if (status === 415) return { reason: 'UnsupportedMediaType', message: message ?? '' }
  if (status !== undefined && status >= 400 && status < 500) return { reason: 'BadRequest', message: message ?? 'the request cannot be read' }
  return { reason: 'Internal', message: 'something went wrong here: the log of the controller says what' }
}

import { ClusterError } from '../ports.ts'

/** The API server answered, and not with what was asked for. */
export class ApiError extends ClusterError {
  override name = 'ApiError'
  /** HTTP status; that of the event when a watch says it in band. */
  readonly status: number
  /** As in metav1.Status: `AlreadyExists`, `Conflict`, `Expired`; '' when the body is none. */
  readonly reason: string
  /** How long the server wants to be left alone, in ms; null when it does not say. */
  readonly retryAfterMs: number | null
  override readonly isPassing: boolean

  constructor(what: string, status: number, body: { reason?: string; message?: string }, retryAfterMs: number | null = null) {
    super(`${what}: ${status}${body.message === undefined ? '' : ` ${body.message}`}`)
    this.status = status
    this.isPassing = status === 429 || status >= 500
    this.reason = body.reason ?? ''
    this.retryAfterMs = retryAfterMs
  }
}

/** No whole answer came: the connection could not be made, was cut, fell silent, or what came is no JSON. What was asked for may have happened. */
export class UnansweredError extends ClusterError {
  override name = 'UnansweredError'
  override readonly isPassing = true
}

/** Whether the server says that what was asked for is not there. */
export function isNotFound(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404
}

/** Whether a write was based on an older version. A name that is taken answers 409 too, with another reason. */
export function isConflict(error: unknown): boolean {
  return error instanceof ApiError && error.status === 409 && error.reason !== 'AlreadyExists'
}

/** Whether the name is taken. */
export function isTaken(error: unknown): boolean {
  return error instanceof ApiError && error.status === 409 && error.reason === 'AlreadyExists'
}

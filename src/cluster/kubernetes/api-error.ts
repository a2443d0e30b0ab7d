import { ClusterError } from '../ports.ts'

/** What is read of a metav1.Status that says why not. */
export interface Refusal {
  reason?: string
  message?: string
  details?: { causes?: { reason?: string }[] }
}

/** The API server answered, and not with what was asked for. */
export class ApiError extends ClusterError {
  override name = 'ApiError'
  /** HTTP status; that of the event when a watch says it in band. */
  readonly status: number
  /** As in metav1.Status: `AlreadyExists`, `Conflict`, `Expired`; '' when the body is none. */
  readonly reason: string
  /** Of the details, as `NamespaceTerminating`. */
  readonly causes: readonly string[]
  /** How long the server wants to be left alone, in ms; null when it does not say. */
  readonly retryAfterMs: number | null
  override readonly isPassing: boolean

  constructor(what: string, status: number, body: Refusal, retryAfterMs: number | null = null) {
    super(`${what}: ${status}${body.message === undefined ? '' : ` ${body.message}`}`)
    this.status = status
    this.isPassing = status === 429 || status >= 500
    this.reason = body.reason ?? ''
    this.causes = (body.details?.causes ?? []).flatMap(({ reason }) => reason ?? [])
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

/** Whether the namespace is being deleted: nothing can be made in it any more. */
export function isInEndingNamespace(error: unknown): boolean {
  return error instanceof ApiError && error.causes.includes('NamespaceTerminating')
}

/**
 * Whether a webhook or a policy of admission says no. Its status may be any, often that of an object that is invalid; the API server says it in
 * these words: https://github.com/kubernetes/kubernetes, `ToStatusErr` of admission webhooks and the plugin of ValidatingAdmissionPolicy.
 */
export function isDenied(error: unknown): boolean {
  return error instanceof ApiError && /\bdenied (the )?request\b/.test(error.message)
}

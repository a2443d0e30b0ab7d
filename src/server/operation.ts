import type { Access, Identity } from './authenticate.ts'

/** A JSON schema, as OpenAPI 3.1 takes it. */
export type JsonSchema = Readonly<Record<string, unknown>>

/** A request that was let in: path and query as text, the body checked against its schema. */
export interface ApiRequest {
  identity: Identity
  /** Parts of the path by name. */
  path: Readonly<Record<string, string>>
  /** Only those that are declared. */
  query: Readonly<Record<string, string>>
  body: unknown
  /** Aborts when the client is gone or the server stops. */
  signal: AbortSignal
}

/** What comes back. A stream is sent piece by piece as it comes. */
export type Answer = { kind: 'Json'; status: 200 | 201 | 202; body: unknown } | { kind: 'Stream'; contentType: string; chunks: AsyncIterable<string> }

/** One operation of the API: the routes and `openapi.json` are both made from it. */
export interface Operation {
  /** Unique, as in `triggerWorkflow`. */
  id: string
  method: 'get' | 'post' | 'delete'
  /** Below `/api/v1`, with `{name}` for parts; `{namespace}` and `{name}` say which object authorization asks about. */
  path: string
  summary: string
  access: Access
  /** Parameters of the query: name, and what it means. */
  query?: Readonly<Record<string, string>>
  /** Schema of the body; without one there is none. */
  body?: JsonSchema
  /** Schema of a good answer. */
  answer: JsonSchema
  /** Refuses by throwing ApiError. */
  handle(request: ApiRequest): Promise<Answer>
}

/** A good answer. */
export function ok(body: unknown, status: 200 | 201 | 202 = 200): Answer {
  return { kind: 'Json', status, body }
}

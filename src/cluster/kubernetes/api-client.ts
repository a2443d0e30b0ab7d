import http from 'node:http'
import https from 'node:https'
import type { IncomingMessage } from 'node:http'
import { ApiError, UnansweredError, type Refusal } from './api-error.ts'
import type { Connection } from './connection.ts'

/** A request that the server does not answer within this time has failed. */
const ANSWER_TIMEOUT_MS = 30_000
/** How often a 429 is waited out; the work queue's backoff comes after that. */
const MOST_WAITS = 8
const DEFAULT_WAIT_MS = 1000
const LONGEST_WAIT_MS = 30_000
/** A log or an error that is longer than this is cut: nothing of a cluster may fill our memory. */
const LARGEST_BODY_BYTES = 256 * 1024 * 1024

/** Kinds of PATCH; a merge patch unless another is named. */
export type PatchType = 'application/merge-patch+json' | 'application/json-patch+json'

/** One request. `query` values that are undefined are left out. */
export interface ApiRequest {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  path: string
  query?: Record<string, string | undefined>
  body?: unknown
  contentType?: PatchType
  signal?: AbortSignal | undefined
}

/** The Kubernetes API as raw JSON: no field of any object is lost, since no model class stands between. */
export interface ApiClient {
  /** The answer's JSON. Waits out 429 as the server asks. Throws ApiError, UnansweredError, or the signal's reason. */
  request<T>(request: ApiRequest): Promise<T>
  /** The answer's text as it is, for logs. Throws as `request`. */
  text(request: ApiRequest): Promise<string>
  /** The answer's body as it comes; the caller reads it to its end or aborts the signal. Throws as `request`, and while it is read. */
  stream(request: ApiRequest): Promise<AsyncIterable<Buffer>>
  close(): void
}

/** Told of each request before it is sent; throws when no request may be sent, as by a leader that is none any more. */
export type Guard = (request: ApiRequest) => void

/** A client on a connection. */
export function createApiClient(connection: Connection, guard: Guard = () => undefined): ApiClient {
  const library = connection.server.protocol === 'http:' ? http : https

  async function open(request: ApiRequest): Promise<IncomingMessage> {
    let wasRefused = false
    for (let waits = 0; ;) {
      const response = await send(request, wasRefused)
      const status = response.statusCode ?? 0
      if (status >= 200 && status < 300) return response
      const error = await errorOf(request, response, status)
      if (status === 401 && !wasRefused) wasRefused = true
      else if (status === 429 && waits < MOST_WAITS) {
        waits++
        await pause(Math.min(error.retryAfterMs ?? DEFAULT_WAIT_MS, LONGEST_WAIT_MS) * (1 + Math.random() / 4), request.signal)
      } else throw error
    }
  }

  /** A kept connection that the server has closed meanwhile is no failure: whatever we ask may be asked twice, since names and versions are locks. */
  async function send(request: ApiRequest, isRefused: boolean): Promise<IncomingMessage> {
    const options = await connection.options(isRefused)
    try {
      return await sendOnce(request, options)
    } catch (error) {
      if (!(error instanceof StaleConnectionError)) throw error
      return sendOnce(request, options)
    }
  }

  function sendOnce(request: ApiRequest, options: Awaited<ReturnType<Connection['options']>>): Promise<IncomingMessage> {
    request.signal?.throwIfAborted()
    guard(request)
    const body = request.body === undefined ? undefined : Buffer.from(JSON.stringify(request.body))
    const what = describe(request)
    return new Promise((resolve, reject) => {
      const sent = library.request(urlOf(connection.server, request), {
        ...options,
        method: request.method ?? 'GET',
        headers: {
          ...options.headers,
          accept: 'application/json',
          'user-agent': 'fusee',
          ...(body === undefined ? {} : { 'content-type': contentTypeOf(request), 'content-length': body.length }),
        },
        ...(request.signal === undefined ? {} : { signal: request.signal }),
      })
      sent.setTimeout(ANSWER_TIMEOUT_MS, () => {
        sent.destroy(new Error(`no answer within ${ANSWER_TIMEOUT_MS / 1000}s`))
      })
      sent.setNoDelay(true)
      sent.on('response', (response) => {
        // From here on silence is the reader's affair: a watch may have nothing to say.
        sent.setTimeout(0)
        resolve(response)
      })
      sent.on('error', (error: NodeJS.ErrnoException) => {
        if (request.signal?.aborted === true) reject(abortReason(request.signal))
        else if (sent.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE')) reject(new StaleConnectionError())
        else reject(new UnansweredError(`${what}: ${error.message}`, { cause: error }))
      })
      sent.end(body)
    })
  }

  async function text(request: ApiRequest): Promise<string> {
    return (await readBody(request, await open(request))).toString('utf8')
  }

  return {
    text,
    async request<T>(request: ApiRequest) {
      const body = await text(request)
      try {
        return JSON.parse(body) as T
      } catch (error) {
        throw new UnansweredError(`${describe(request)}: what came is no JSON`, { cause: error })
      }
    },
    async stream(request) {
      return open(request)
    },
    close: () => {
      connection.close()
    },
  }
}

/** The server had closed the kept connection before the request reached it. */
class StaleConnectionError extends Error {}

function urlOf(server: URL, { path, query = {} }: ApiRequest): URL {
  const url = new URL(server)
  url.pathname = `${server.pathname.replace(/\/$/, '')}${path}`
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, value)
  return url
}

function contentTypeOf({ method, contentType }: ApiRequest): string {
  return contentType ?? (method === 'PATCH' ? 'application/merge-patch+json' : 'application/json')
}

function describe({ method = 'GET', path }: ApiRequest): string {
  return `${method} ${path}`
}

/** Reads an answer to its end; one that falls silent or is cut has not come. */
async function readBody(request: ApiRequest, response: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = []
  let length = 0
  response.setTimeout(ANSWER_TIMEOUT_MS, () => response.destroy(new Error('the answer was not finished')))
  try {
    for await (const piece of response as AsyncIterable<Buffer>) {
      pieces.push(piece)
      length += piece.length
      if (length > LARGEST_BODY_BYTES) throw new Error('the answer is too long')
    }
  } catch (error) {
    if (request.signal?.aborted === true) throw abortReason(request.signal)
    throw new UnansweredError(`${describe(request)}: ${(error as Error).message}`, { cause: error })
  }
  return Buffer.concat(pieces)
}

async function errorOf(request: ApiRequest, response: IncomingMessage, status: number): Promise<ApiError> {
  const body = (await readBody(request, response)).toString('utf8')
  const seconds = Number(response.headers['retry-after'] ?? Number.NaN)
  return new ApiError(describe(request), status, parseStatus(body), Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : null)
}

/** A metav1.Status; what proxies answer is text. */
function parseStatus(body: string): Refusal {
  try {
    return JSON.parse(body) as Refusal
  } catch {
    return { message: body.slice(0, 200) }
  }
}

/** Resolves after the time; rejects with the signal's reason when that comes first. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer)
      reject(signal === undefined ? new Error('aborted') : abortReason(signal))
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    }, ms)
    signal?.addEventListener('abort', onAbort, { once: true })
    if (signal?.aborted === true) onAbort()
  })
}

function abortReason(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new DOMException('aborted', 'AbortError')
}

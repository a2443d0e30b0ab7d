import http from 'node:http'
import https from 'node:https'
import { errorCode, oneLine, showUrl } from './failures.ts'
import type { HttpAgents } from './http-agents.ts'
import { createHttpAgents } from './http-agents.ts'
import { networkReason } from './network-reasons.ts'
import { CutStreamError } from './pkt-line.ts'
import { GitError } from './ports.ts'
import type { ProxyVariables } from './proxy.ts'
import { proxyFor } from './proxy.ts'

/** One request; redirects are the caller's. */
export interface HttpRequest {
  method: 'GET' | 'POST'
  url: string
  /** The repository, for messages. */
  where: string
  headers: Readonly<Record<string, string>>
  body?: Uint8Array
  signal?: AbortSignal | undefined
}

/** An answer whose body has not been read yet: read it to its end, or `discard` it. */
export interface HttpResponse {
  status: number
  headers: http.IncomingHttpHeaders
  /** Throws GitError: `Unreachable` when the connection is cut or idle, `TooLarge`. */
  body: AsyncIterable<Uint8Array>
  discard(): void
}

/** Speaks HTTP with one remote over kept connections. */
export interface HttpClient {
  /** Throws GitError `Unreachable`; when aborted, the signal's reason. */
  request(request: HttpRequest): Promise<HttpResponse>
  close(): void
}

/** Bounds of a client. */
export interface HttpClientOptions {
  /** Certificates in PEM that are trusted beside the usual ones. */
  caCert?: string | undefined
  /** Longest silence of the remote. */
  idleTimeoutMs: number
  /** Longest request as a whole. */
  totalTimeoutMs: number
  /** Largest answer. */
  maxBytes: number
  /** Which proxies to use. */
  proxies: ProxyVariables
}

/** Makes a client; `close` cuts off what is under way. */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  const agents = createHttpAgents(options.caCert)
  const underWay = new Set<http.ClientRequest>()
  let isClosed = false

  async function send(request: HttpRequest, way: ReturnType<HttpAgents['get']>, mayRepeat: boolean): Promise<http.IncomingMessage> {
    const sent = (request.url.startsWith('https:') ? https : http).request(request.url, {
      method: request.method,
      headers: { ...request.headers, ...(request.body === undefined ? {} : { 'content-length': request.body.length }) },
      ...way,
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    })
    underWay.add(sent)
    sent.setTimeout(options.idleTimeoutMs, () => sent.destroy(new IdleError(`no data for ${options.idleTimeoutMs / 1000} s`)))
    const tooLong = (): unknown => sent.destroy(new IdleError(`it has not answered whole within ${options.totalTimeoutMs / 1000} s`))
    const total = setTimeout(tooLong, options.totalTimeoutMs)
    sent.on('close', () => {
      underWay.delete(sent)
      clearTimeout(total)
    })
    try {
      return await new Promise((resolve, reject) => sent.on('response', resolve).on('error', reject).end(request.body))
    } catch (error) {
      // The remote closed a kept connection just as we used it again; all our requests bear being sent twice.
      const mayHelp = mayRepeat && !isClosed && request.signal?.aborted !== true
      if (mayHelp && sent.reusedSocket && errorCode(error) === 'ECONNRESET') return send(request, way, false)
      throw error
    }
  }

  return {
    async request(asked) {
      asked.signal?.throwIfAborted()
      const proxy = proxyFor(asked.url, options.proxies)
      const request = proxy === null ? asked : { ...asked, where: `${asked.where} by way of the proxy ${showUrl(proxy.href)}` }
      try {
        const response = await send(request, agents.get(request.url, proxy), true)
        const body = readBody(response, request, options.maxBytes)
        return { status: response.statusCode ?? 0, headers: response.headers, body, discard: () => response.destroy() }
      } catch (error) {
        throw networkError(error, request)
      }
    },
    close() {
      isClosed = true
      for (const sent of underWay) sent.destroy(new Error('it is not asked any more'))
      agents.close()
    },
  }
}

class IdleError extends Error {}

async function* readBody(response: http.IncomingMessage, request: HttpRequest, maxBytes: number): AsyncGenerator<Uint8Array> {
  let bytes = 0
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > maxBytes) {
        const bound = `${Math.floor(maxBytes / 2 ** 20)} MiB`
        throw new GitError('TooLarge', `${request.where} sends more than ${bound}: keep large files out of the repository, or raise the bound`)
      }
      yield chunk
    }
  } catch (error) {
    throw networkError(error, request)
  } finally {
    response.destroy()
  }
}

/** What went wrong below HTTP as GitError `Unreachable`; an abort as its reason. */
function networkError(error: unknown, request: Pick<HttpRequest, 'where' | 'signal'>): unknown {
  if (request.signal?.aborted === true) return request.signal.reason
  if (error instanceof GitError) return error
  return new GitError('Unreachable', `cannot reach ${request.where}: ${explain(error)}`, { cause: error })
}

function explain(error: unknown): string {
  if (error instanceof IdleError) return `it went silent (${error.message}); it is tried again`
  if (error instanceof CutStreamError) return 'the connection was cut in the middle of the answer; it is tried again'
  const code = errorCode(error)
  const reason = networkReason(code)
  if (reason !== null) return reason
  return oneLine(`${error instanceof Error ? error.message : String(error)} ${code === '' ? '' : `(${code})`}`)
}

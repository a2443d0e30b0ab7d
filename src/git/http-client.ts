import http from 'node:http'
import https from 'node:https'
import { rootCertificates } from 'node:tls'
import { errorCode, oneLine } from './failures.ts'
import { CutStreamError } from './pkt-line.ts'
import { GitError } from './ports.ts'

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
  /** Largest answer. */
  maxBytes: number
}

/** Makes a client; `close` lets go of its connections. */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  const ca = options.caCert === undefined ? {} : { ca: [...rootCertificates, options.caCert] }
  const plain = new http.Agent({ keepAlive: true })
  const secure = new https.Agent({ keepAlive: true, ...ca })

  async function send(request: HttpRequest, mayRepeat: boolean): Promise<http.IncomingMessage> {
    const isSecure = request.url.startsWith('https:')
    const sent = (isSecure ? https : http).request(request.url, {
      method: request.method,
      headers: { ...request.headers, ...(request.body === undefined ? {} : { 'content-length': request.body.length }) },
      agent: isSecure ? secure : plain,
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    })
    sent.setTimeout(options.idleTimeoutMs, () => sent.destroy(new IdleError(`no data for ${options.idleTimeoutMs / 1000} s`)))
    try {
      return await new Promise((resolve, reject) => sent.on('response', resolve).on('error', reject).end(request.body))
    } catch (error) {
      // The remote closed a kept connection just as we used it again; all our requests bear being sent twice.
      if (mayRepeat && sent.reusedSocket && errorCode(error) === 'ECONNRESET' && request.signal?.aborted !== true) return send(request, false)
      throw error
    }
  }

  return {
    async request(request) {
      request.signal?.throwIfAborted()
      try {
        const response = await send(request, true)
        const body = readBody(response, request, options.maxBytes)
        return { status: response.statusCode ?? 0, headers: response.headers, body, discard: () => response.destroy() }
      } catch (error) {
        throw networkError(error, request)
      }
    },
    close() {
      plain.destroy()
      secure.destroy()
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
  const reason = NETWORK_REASONS[code]
  if (reason !== undefined) return reason
  if (CERTIFICATE_CODES.test(code)) return `its certificate is not trusted (${code}); give the certificate of its authority as ca.crt`
  return oneLine(`${error instanceof Error ? error.message : String(error)} ${code === '' ? '' : `(${code})`}`)
}

const NETWORK_REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused; check that the server runs and that host and port are right',
  ECONNRESET: 'the connection was cut; it is tried again',
  EPIPE: 'the connection was cut; it is tried again',
  ENOTFOUND: 'its host name is unknown; check the URL and the name service',
  EAI_AGAIN: 'the name service does not answer; it is tried again',
  ETIMEDOUT: 'no answer; check the network and its firewalls',
  EHOSTUNREACH: 'no way to the host; check the network and its firewalls',
  ENETUNREACH: 'no way to the network; check the network and its firewalls',
  CERT_HAS_EXPIRED: 'its certificate has expired; renew it on the server',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host name; use the name in the certificate',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS; perhaps the URL should start with http://',
  EPROTO: 'TLS failed; check that the port speaks TLS and which versions it allows',
}
const CERTIFICATE_CODES = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER/

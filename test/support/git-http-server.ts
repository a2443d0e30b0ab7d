import http from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { GIT_ENVIRONMENT } from './git-program.ts'
import { runApart } from './run-apart.ts'

/** What a client sent. */
export interface SeenRequest {
  method: string
  url: string
  authorization: string | undefined
  /** Bytes of the body. */
  received: number
  /** Bytes of the answer's body. */
  sent: number
}

/** How the server misbehaves; all off at the start, to be changed at any time. */
export interface GitServerFaults {
  /** Answer each request with this status. */
  status?: number
  statusBody?: string
  /** Answer only requests whose URL matches. */
  onlyFor?: RegExp
  /** Misbehave only for requests whose body matches. */
  whenBody?: RegExp
  /** Cut the connection after that many bytes of an answer's body. */
  cutAfterBytes?: number
  /** Never answer. */
  silent?: boolean
  /** Send the request to this URL, as a status and a base. */
  redirect?: { status: number; to: string }
  /** Run the request, then cut the connection without an answer. */
  loseAnswer?: boolean
  /** Change the body of git's answer. */
  tamper?: (answer: Buffer) => Buffer
  /** Answer with a page, as a portal does. */
  page?: boolean
  /** Hide the protocol's version 2, as old servers and some proxies do. */
  versionZero?: boolean
  /** Answer a body with this function's bytes instead of git's; null lets git answer. */
  replace?: (url: string, body: Buffer) => Buffer | null
}

export interface GitServerOptions {
  /** Folder of the repositories. */
  root: string
  /** Default: loopback, any free port. */
  host?: string
  port?: number
  /** Header that a request must carry. */
  authorization?: string
  tls?: { key: string; cert: string }
}

/** A git server on loopback. */
export interface GitHttpServer {
  /** Without a slash at the end. */
  url: string
  faults: GitServerFaults
  requests: SeenRequest[]
  close(): Promise<void>
}

/** Starts a server that hands each request to `git http-backend`. */
export async function startGitHttpServer(options: GitServerOptions): Promise<GitHttpServer> {
  const faults: GitServerFaults = {}
  const requests: SeenRequest[] = []
  const handle = (request: http.IncomingMessage, response: http.ServerResponse): void => {
    const seen: SeenRequest = {
      method: request.method ?? '',
      url: request.url ?? '',
      authorization: request.headers.authorization,
      received: 0,
      sent: 0,
    }
    requests.push(seen)
    void answer(options, faults, seen, request, response).catch(() => response.destroy())
  }
  const server = options.tls === undefined ? http.createServer(handle) : https.createServer(options.tls, handle)
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, options.host ?? '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    faults,
    requests,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function answer(
  options: GitServerOptions,
  faults: GitServerFaults,
  seen: SeenRequest,
  request: http.IncomingMessage,
  response: http.ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  const body = Buffer.concat(chunks)
  seen.received = body.length
  const isMeant = (faults.onlyFor?.test(seen.url) ?? true) && (faults.whenBody?.test(body.toString('latin1')) ?? true)
  const active: GitServerFaults = isMeant ? faults : {}
  if (active.silent === true) return
  if (active.redirect !== undefined) return end(response, active.redirect.status, { location: active.redirect.to + seen.url })
  if (active.status !== undefined) return end(response, active.status, { 'content-type': 'text/plain' }, active.statusBody)
  if (active.page === true) return end(response, 200, { 'content-type': 'text/html' }, '<h1>Welcome</h1>')
  if (options.authorization !== undefined && request.headers.authorization !== options.authorization) {
    return end(response, 401, { 'www-authenticate': 'Basic realm="git"', 'content-type': 'text/plain' }, 'log in first')
  }
  const replaced = active.replace?.(seen.url, body) ?? null
  if (replaced !== null) return end(response, 200, { 'content-type': `application/x-${seen.url.split('/').at(-1) ?? ''}-result` }, replaced)
  const result = await runBackend(options.root, request, body, active.versionZero === true)
  if (active.loseAnswer === true) return void response.destroy()
  if (active.tamper !== undefined) result.body = active.tamper(result.body)
  const cut = active.cutAfterBytes
  seen.sent = cut === undefined ? result.body.length : Math.min(cut, result.body.length)
  response.writeHead(result.status, result.headers)
  if (cut === undefined || cut >= result.body.length) response.end(result.body)
  else response.write(result.body.subarray(0, cut), () => response.destroy())
}

function end(response: http.ServerResponse, status: number, headers: http.OutgoingHttpHeaders, body: string | Buffer = ''): void {
  response.writeHead(status, headers).end(body)
}

interface BackendAnswer {
  status: number
  headers: Record<string, string>
  body: Buffer
}

async function runBackend(root: string, request: http.IncomingMessage, body: Buffer, versionZero: boolean): Promise<BackendAnswer> {
  const url = new URL(request.url ?? '/', 'http://localhost')
  const env = {
    ...GIT_ENVIRONMENT,
    GIT_PROJECT_ROOT: root,
    GIT_HTTP_EXPORT_ALL: '1',
    REQUEST_METHOD: request.method ?? 'GET',
    PATH_INFO: decodeURIComponent(url.pathname),
    QUERY_STRING: url.search.slice(1),
    CONTENT_TYPE: request.headers['content-type'] ?? '',
    CONTENT_LENGTH: String(body.length),
    // Git packs a longer request.
    HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
    REMOTE_ADDR: '127.0.0.1',
    REMOTE_USER: 'tester',
    ...(versionZero ? {} : { GIT_PROTOCOL: String(request.headers['git-protocol'] ?? '') }),
  }
  const { stdout } = await runApart({ program: 'git', args: ['-c', 'safe.directory=*', 'http-backend'], env, input: body })
  return parseAnswer(stdout)
}

function parseAnswer(output: Buffer): BackendAnswer {
  const blank = output.indexOf('\r\n\r\n')
  const headers: Record<string, string> = {}
  for (const line of output.toString('latin1', 0, Math.max(0, blank)).split('\r\n')) {
    const colon = line.indexOf(':')
    if (colon > 0) headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim()
  }
  const status = Number(headers.status?.slice(0, 3) ?? (blank < 0 ? 500 : 200))
  delete headers.status
  return { status, headers, body: output.subarray(blank + 4) }
}

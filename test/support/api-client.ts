import { readFileSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import { parse } from 'yaml'

/** An API server as tests reach it: no library between them and its answers. */
export interface ApiClient {
  request(method: string, path: string, body?: unknown, contentType?: string): Promise<ApiAnswer>
  /** Events of a watch as they come, until `stop` or its end. */
  watch(path: string): WatchReader
}

/** An answer, its body read as JSON when it is some. */
export interface ApiAnswer {
  status: number
  body: unknown
}

/** A watch that is open. */
export interface WatchReader {
  events: {
    type: string
    object: { metadata: { name: string; uid: string; resourceVersion: string; labels?: Record<string, string> }; code?: number }
  }[]
  ended: Promise<void>
  stop(): void
}

interface Access {
  server: string
  ca?: Buffer | undefined
  cert?: Buffer | undefined
  key?: Buffer | undefined
  token?: string | undefined
}

/** A client of a server without authentication. */
export function plainClient(server: string): ApiClient {
  return createClient({ server })
}

/** A client by the current context of a kubeconfig, whose user has a token or a certificate in the file itself. */
export function kubeconfigClient(kubeconfig: string): ApiClient {
  const { contexts, clusters, users, ...rest } = parse(readFileSync(kubeconfig, 'utf8')) as Kubeconfig
  const context = contexts.find(({ name }) => name === rest['current-context'])?.context
  const cluster = clusters.find(({ name }) => name === context?.cluster)?.cluster
  const user = users.find(({ name }) => name === context?.user)?.user
  if (cluster === undefined || user === undefined) throw new Error(`${kubeconfig} has no cluster, or no user`)
  const decoded = (text: string | undefined): Buffer | undefined => (text === undefined ? undefined : Buffer.from(text, 'base64'))
  return createClient({
    server: cluster.server,
    ca: decoded(cluster['certificate-authority-data']),
    cert: decoded(user['client-certificate-data']),
    key: decoded(user['client-key-data']),
    token: user.token,
  })
}

interface Kubeconfig {
  'current-context': string
  contexts: { name: string; context: { cluster: string; user: string } }[]
  clusters: { name: string; cluster: { server: string; 'certificate-authority-data'?: string } }[]
  users: { name: string; user: { token?: string; 'client-certificate-data'?: string; 'client-key-data'?: string } }[]
}

function createClient({ server, token, ...tls }: Access): ApiClient {
  const { request: start } = server.startsWith('https:') ? https : http
  const open = (method: string, path: string, contentType: string): http.ClientRequest =>
    start(new URL(path, server), {
      method,
      ...tls,
      headers: { 'content-type': contentType, accept: 'application/json', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
    })
  return {
    request: (method, path, body, contentType = 'application/json') =>
      new Promise((resolve, reject) => {
        const request = open(method, path, contentType)
        request.on('error', reject)
        request.on('response', (response) => {
          readText(response).then((text) => resolve({ status: response.statusCode ?? 0, body: parsed(text) }), reject)
        })
        const text = body === undefined ? '' : JSON.stringify(body)
        if (text !== '') request.setHeader('content-length', Buffer.byteLength(text))
        request.end(text)
      }),
    watch(path) {
      const request = open('GET', path, 'application/json')
      const events: WatchReader['events'] = []
      const ended = new Promise<void>((resolve) => {
        request.on('error', () => resolve())
        request.on('close', () => resolve())
        request.on('response', (response) => {
          let rest = ''
          response.on('data', (chunk: Buffer) => {
            const lines = (rest + chunk.toString()).split('\n')
            rest = lines.pop() ?? ''
            for (const line of lines) events.push(JSON.parse(line) as WatchReader['events'][number])
          })
          response.on('close', () => resolve())
        })
      })
      request.end()
      return { events, ended, stop: () => request.destroy() }
    },
  }
}

async function readText(response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}

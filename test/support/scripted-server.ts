import http from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Connection } from '../../src/cluster/kubernetes/connection.ts'

/** An HTTP server that a test answers for, and a connection to it. */
export interface ScriptedServer {
  connection: Connection
  /** What was asked for, as `GET /path?query`. */
  asked: string[]
  close(): Promise<void>
}

/** Starts one; `answer` is given the path with its query parsed, and the body. */
export async function startScriptedServer(
  answer: (url: URL, response: ServerResponse, body: unknown, request: IncomingMessage) => void,
): Promise<ScriptedServer> {
  const asked: string[] = []
  const server = http.createServer((request, response) => {
    asked.push(`${request.method ?? ''} ${request.url ?? ''}`)
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      const text = Buffer.concat(pieces).toString()
      answer(new URL(request.url ?? '/', 'http://server'), response, text === '' ? null : JSON.parse(text), request)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const agent = new http.Agent({ keepAlive: true })
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  return {
    connection: { server: url, namespace: null, options: () => Promise.resolve({ headers: {}, agent }), close: () => undefined },
    asked,
    async close() {
      agent.destroy()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Answers with JSON. */
export function answerJson(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify(body))
}

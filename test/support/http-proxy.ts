import http from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { connect } from 'node:net'

/** A proxy of HTTP on loopback. */
export interface HttpProxy {
  url: string
  /** What it was asked for, as in `CONNECT 127.0.0.1:443`, oldest first. */
  asked: string[]
  close(): Promise<void>
}

/** Starts one; with `login` it wants these credentials, as `user:password`. */
export async function startHttpProxy({ login }: { login?: string } = {}): Promise<HttpProxy> {
  const asked: string[] = []
  const isWelcome = (request: http.IncomingMessage): boolean =>
    login === undefined || request.headers['proxy-authorization'] === `Basic ${Buffer.from(login).toString('base64')}`
  const server = http.createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    if (!isWelcome(request)) return void response.writeHead(407).end()
    const onward = http.request(request.url ?? '', { method: request.method ?? 'GET', headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.headers)
      answer.pipe(response)
    })
    request.pipe(onward.on('error', () => response.destroy()))
  })
  server.on('connect', (request: http.IncomingMessage, client) => {
    asked.push(`CONNECT ${request.url}`)
    client.on('error', () => undefined)
    if (!isWelcome(request)) return void client.end('HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n')
    const [host = '', port = ''] = (request.url ?? '').split(':')
    const upstream = connect(Number(port), host, () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      client.pipe(upstream).pipe(client)
    })
    upstream.on('error', () => client.destroy())
    client.on('close', () => upstream.destroy())
  })
  // Tunnels are no connections of the server's any more.
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

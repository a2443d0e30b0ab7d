import type { IncomingMessage } from 'node:http'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { once } from 'node:events'
import express from 'express'
import { afterEach, expect, it } from 'vitest'
import { forwardTo } from '../../../src/server/forward.ts'
import { listen, type Server } from '../../../src/server/listen.ts'

const servers: Server[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

/** A server that says what it was asked, unless it passes it on. */
async function serve(name: string, address: () => string | null): Promise<Server> {
  const app = express()
  app.use('/hooks', forwardTo(address), async (request, response) => {
    const body = Buffer.concat(await (request as IncomingMessage).toArray()).toString('hex')
    response.status(202).json({ name, body, path: request.originalUrl, method: request.method, signature: request.headers['x-signature'] ?? null })
  })
  const server = await listen({ host: '127.0.0.1', port: 0 }, app)
  servers.push(server)
  return server
}

async function ask(server: Server, at = '/hooks/data/jobs?x=1'): Promise<{ status: number; retryAfter: string | null; body: unknown }> {
  const body = Buffer.from([0, 255, 10, 13, 128])
  const response = await fetch(`${server.url}${at}`, { method: 'POST', headers: { 'x-signature': 'abc' }, body })
  return { status: response.status, retryAfter: response.headers.get('retry-after'), body: await response.json() }
}

it('passes a request on byte for byte, and brings the answer back', async () => {
  const leader = await serve('leader', () => null)
  const other = await serve('other', () => leader.url)
  const want = { name: 'leader', body: '00ff0a0d80', path: '/hooks/data/jobs?x=1', method: 'POST', signature: 'abc' }
  expect(await ask(other)).toEqual({ status: 202, retryAfter: null, body: want })
})

it('keeps one that was passed on already: two that take each other for the leader do not play with it', async () => {
  const both: Server[] = []
  both.push(await serve('one', () => both[1]?.url ?? null), await serve('two', () => both[0]?.url ?? null))
  expect((await ask(both[0] as Server)).body).toMatchObject({ name: 'two' })
})

it('says that it should be sent again while the leader cannot be reached', async () => {
  const gone = await serve('gone', () => null)
  const other = await serve('other', () => gone.url)
  await servers.shift()?.close()
  const error = { reason: 'Unavailable', message: 'the controller that is the leader cannot be reached: send it again in a few seconds' }
  expect(await ask(other)).toEqual({ status: 503, retryAfter: '5', body: { error } })
})

it.each([
  { what: 'hangs up', answer: (socket: Socket) => socket.destroy() },
  { what: 'breaks off', answer: (socket: Socket) => socket.end('HTTP/1.1 200') },
])('says so too when the leader takes the request and $what', async ({ answer }) => {
  const leader = createServer((socket) => {
    socket.once('data', () => {
      answer(socket)
    })
  })
  await once(leader.listen(0, '127.0.0.1'), 'listening')
  const { port } = leader.address() as AddressInfo
  const other = await serve('other', () => `http://127.0.0.1:${port}`)
  expect(await ask(other)).toMatchObject({ status: 503, retryAfter: '5' })
  leader.close()
})

it('asks nobody but the leader, whatever the path looks like', async () => {
  const leader = await serve('leader', () => null)
  const other = await serve('other', () => leader.url)
  const socket = connect(Number(new URL(other.url).port), '127.0.0.1')
  socket.write('POST /hooks//evil.example/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
  let answer = ''
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()))
  await once(socket, 'close')
  expect(answer).toContain('"name":"leader"')
  expect(answer).toContain('"path":"/hooks//evil.example/x"')
})

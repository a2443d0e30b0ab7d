import { once } from 'node:events'
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createSeededRandom, type SeededRandom } from '../../../src/simulation/seeded-random.ts'
import { ApiFailure } from './api-failure.ts'

/** What may go wrong between a client and an API server. */
export const FAULTS = [
  /** The connection ends before the server has heard anything. */
  'cut-before',
  /** The server has done it, and nobody hears of that. */
  'cut-after',
  'delay',
  'conflict',
  'gone',
  'too-many',
  'error',
  /** The answer breaks off within its JSON. */
  'truncated',
] as const

/** One of them. */
export type Fault = (typeof FAULTS)[number]

/** A proxy between a client and an API server that does harm as its seed says. */
export interface FaultProxy {
  /** `http://127.0.0.1:port`. */
  url: string
  /** How often each fault was done. */
  done: Readonly<Record<Fault, number>>
  /** Ends every connection, watches too. */
  cutAll(): void
  /** From now on nothing goes wrong. */
  heal(): void
  close(): Promise<void>
}

/** How much goes wrong. */
export interface FaultOptions {
  seed: string
  /** Share of requests that meet a fault. */
  rate: number
  /** Longest delay of one, and life of a watch that is cut. */
  longestMs: number
}

const IDLE_WATCH = /[?&]watch=(true|1)/

/** Starts one in front of `target`. Requests meet the same faults in the same order for the same seed; which request is next depends on the client. */
export async function startFaultProxy(target: string, { seed, rate, longestMs }: FaultOptions): Promise<FaultProxy> {
  const random = createSeededRandom(seed)
  const done = Object.fromEntries(FAULTS.map((fault) => [fault, 0])) as Record<Fault, number>
  const open = new Set<ServerResponse>()
  let isWell = false

  const server = http.createServer((request, response) => {
    open.add(response)
    response.on('close', () => open.delete(response))
    const fault = !isWell && random.chance(rate) ? random.pick([...FAULTS]) : null
    const applied = fault === null || !isFit(fault, request) ? null : fault
    if (applied !== null) done[applied]++
    pass(request, response, applied).catch(() => response.destroy())
  })

  async function pass(request: IncomingMessage, response: ServerResponse, fault: Fault | null): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    switch (fault) {
      case 'cut-before':
        response.destroy()
        return
      case 'conflict':
        return refuse(
          response,
          new ApiFailure(409, 'Conflict', 'the object has been modified; please apply your changes to the latest version and try again'),
        )
      case 'gone':
        return refuse(response, new ApiFailure(410, 'Expired', 'too old resource version'))
      case 'too-many':
        response.setHeader('retry-after', '1')
        return refuse(response, new ApiFailure(429, 'TooManyRequests', 'too many requests, please try again later'))
      case 'error':
        return refuse(response, new ApiFailure(random.pick([500, 503]), 'InternalError', 'etcdserver: request timed out'))
      case 'delay':
        await pause(random.integer(1, longestMs))
        break
      case 'cut-after':
      case 'truncated':
      case null:
    }
    await forward(request, response, Buffer.concat(chunks), fault, random)
  }

  async function forward(request: IncomingMessage, response: ServerResponse, body: Buffer, fault: Fault | null, chance: SeededRandom): Promise<void> {
    const { host: _, connection: _connection, ...headers } = request.headers
    const upstream = http.request(new URL(request.url ?? '/', target), { method: request.method, headers })
    response.on('close', () => upstream.destroy())
    upstream.end(body)
    const [answer] = (await once(upstream, 'response')) as [IncomingMessage]
    const isWatch = IDLE_WATCH.test(request.url ?? '')
    if (isWatch) {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      response.flushHeaders()
      if (fault === 'cut-after' || fault === 'truncated') {
        const timer = setTimeout(
          () => {
            if (fault === 'truncated') response.write('{"type":"MODIFIED","obj')
            setImmediate(() => response.destroy())
          },
          chance.integer(1, longestMs),
        )
        response.on('close', () => clearTimeout(timer))
      }
      answer.pipe(response)
      return
    }
    const parts: Buffer[] = []
    for await (const chunk of answer) parts.push(chunk as Buffer)
    const whole = Buffer.concat(parts)
    if (fault === 'cut-after') return void response.destroy()
    const { 'content-length': _length, 'transfer-encoding': _encoding, ...rest } = answer.headers
    if (fault === 'truncated') {
      response.writeHead(answer.statusCode ?? 502, rest)
      response.end(whole.subarray(0, Math.floor(whole.length / 2)))
      return
    }
    response.writeHead(answer.statusCode ?? 502, { ...rest, 'content-length': whole.length })
    response.end(whole)
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cutAll = (): void => {
    for (const response of open) response.destroy()
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    done,
    cutAll,
    heal() {
      isWell = true
    },
    async close() {
      cutAll()
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

/** A server says Conflict only to writes, and Expired only to lists and watches. */
function isFit(fault: Fault, { method, url = '' }: IncomingMessage): boolean {
  if (fault === 'conflict') return method === 'PUT' || method === 'PATCH'
  if (fault === 'gone') return method === 'GET' && (IDLE_WATCH.test(url) || /[?&]continue=/.test(url))
  return true
}

function refuse(response: ServerResponse, failure: ApiFailure): void {
  response.writeHead(failure.code, { 'content-type': 'application/json' })
  response.end(JSON.stringify(failure.toStatus()))
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

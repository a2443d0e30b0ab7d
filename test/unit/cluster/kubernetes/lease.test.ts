import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ApiClient } from '../../../../src/cluster/kubernetes/api-client.ts'
import { createApiClient } from '../../../../src/cluster/kubernetes/api-client.ts'
import type { Lease } from '../../../../src/cluster/kubernetes/lease.ts'
import { contendForLease } from '../../../../src/cluster/kubernetes/lease.ts'
import type { ScriptedServer } from '../../../support/scripted-server.ts'
import { answerJson, startScriptedServer } from '../../../support/scripted-server.ts'

interface Stored {
  metadata: { resourceVersion: string }
  spec: { holderIdentity: string; leaseTransitions: number }
}

describe('a lease', () => {
  let server: ScriptedServer
  let client: ApiClient
  let stored: Stored | null
  let isAway: boolean
  const leases: Lease[] = []

  beforeEach(async () => {
    stored = null
    isAway = false
    let version = 0
    server = await startScriptedServer((_url, response, body, { method }) => {
      const given = body as Stored
      if (isAway) return answerJson(response, 500, { message: 'away' })
      if (method === 'GET') return stored === null ? answerJson(response, 404, { reason: 'NotFound' }) : answerJson(response, 200, stored)
      if (method === 'POST' && stored !== null) return answerJson(response, 409, { reason: 'AlreadyExists' })
      if (method === 'PUT' && given.metadata.resourceVersion !== stored?.metadata.resourceVersion)
        return answerJson(response, 409, { reason: 'Conflict' })
      stored = { ...given, metadata: { ...given.metadata, resourceVersion: String(++version) } }
      answerJson(response, 200, stored)
    })
    client = createApiClient(server.connection)
  })

  afterEach(async () => {
    for (const lease of leases.splice(0)) await lease.release()
    await server.close()
  })

  function contend(identity: string, over: { leaseSeconds?: number; holdMs?: number } = {}): Lease {
    const options = {
      client,
      ref: { namespace: 'fusee', name: 'fusee' },
      identity,
      onError: () => undefined,
      renewMs: 10,
      // A busy machine does not lose it.
      leaseSeconds: 60,
      holdMs: 60_000,
    }
    const lease = contendForLease({ ...options, ...over })
    leases.push(lease)
    return lease
  }

  it('is held by one of many, and goes to another when it is given back', async () => {
    const [first, second] = [contend('one'), contend('two')]
    const winner = await Promise.race([first.acquired.then(() => first), second.acquired.then(() => second)])
    const other = winner === first ? second : first
    expect([winner.isHeld(), other.isHeld()]).toEqual([true, false])
    await winner.release()
    await other.acquired
    expect(other.isHeld()).toBe(true)
    expect(stored?.spec.leaseTransitions).toBe(1)
  })

  it('is lost to one that was away while another had it and gave it back', async () => {
    const first = contend('one')
    await first.acquired
    const { spec, metadata } = stored as unknown as Stored
    stored = { metadata: { ...metadata, resourceVersion: '77' }, spec: { ...spec, holderIdentity: '' } }
    expect(await first.lost).toBe('another controller holds the lease now')
    expect(first.isHeld()).toBe(false)
  })

  it('tells those that do not hold it where its holder listens', async () => {
    const first = contend('one')
    first.announce('http://10.0.0.1:8080')
    await first.acquired
    const second = contend('two')
    second.announce('http://10.0.0.2:8080')
    await expect.poll(() => [first.holderAddress(), second.holderAddress()]).toEqual([null, 'http://10.0.0.1:8080'])
    await first.release()
    await second.acquired
    expect(second.holderAddress()).toBe(null)
  })

  it('is taken from one that does not renew it, whose own clock has said so before', async () => {
    const short = { leaseSeconds: 1, holdMs: 500 }
    const first = contend('one', short)
    await first.acquired
    isAway = true
    expect(await first.lost).toMatch(/could not be renewed/)
    expect(first.isHeld()).toBe(false)
    isAway = false
    const second = contend('two', short)
    await second.acquired
    expect(stored?.spec.holderIdentity).toBe('two')
  })

  it('is lost at once to another that holds it', async () => {
    const first = contend('one')
    await first.acquired
    stored = { metadata: { resourceVersion: 'x' }, spec: { holderIdentity: 'two', leaseTransitions: 1 } }
    expect(await first.lost).toMatch(/another controller/)
    expect(first.isHeld()).toBe(false)
  })
})

describe('a client', () => {
  it('waits out 429 as it is asked to, and asks for new credentials after 401', async () => {
    const answers = [429, 401, 200]
    const server = await startScriptedServer((_url, response) => answerJson(response, answers.shift() ?? 500, { ok: true }, { 'retry-after': '0' }))
    const refused: boolean[] = []
    const connection = { ...server.connection, options: (isRefused = false) => (refused.push(isRefused), server.connection.options(isRefused)) }
    expect(await createApiClient(connection).request({ path: '/x' })).toEqual({ ok: true })
    expect(refused).toEqual([false, false, true])
    await server.close()
  })

  it('says what the server says, and sends nothing that its guard forbids', async () => {
    const server = await startScriptedServer((_url, response) => answerJson(response, 403, { reason: 'Forbidden', message: 'pods is forbidden' }))
    await expect(createApiClient(server.connection).request({ path: '/x' })).rejects.toMatchObject({
      status: 403,
      reason: 'Forbidden',
      message: 'GET /x: 403 pods is forbidden',
    })
    const guarded = createApiClient(server.connection, () => {
      throw new Error('not the leader')
    })
    await expect(guarded.request({ method: 'DELETE', path: '/x' })).rejects.toThrow('not the leader')
    expect(server.asked).toEqual(['GET /x'])
    await server.close()
  })

  it('fails clearly when an answer is cut or no JSON', async () => {
    const server = await startScriptedServer((url, response) => {
      response.writeHead(200, { 'content-length': '100' })
      if (url.pathname === '/cut') response.write('{"half"', () => response.destroy())
      else response.end('x'.repeat(100))
    })
    const client = createApiClient(server.connection)
    await expect(client.request({ path: '/cut' })).rejects.toThrow(/GET \/cut/)
    await expect(client.request({ path: '/text' })).rejects.toThrow(/no JSON/)
    await server.close()
  })
})

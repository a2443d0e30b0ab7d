import { Agent } from 'node:https'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApiClient, type ApiClient } from '../../src/cluster/kubernetes/api-client.ts'
import { connect } from '../../src/cluster/kubernetes/connection.ts'
import { createObjectCache, type ObjectCache } from '../../src/cluster/kubernetes/object-cache.ts'
import { startReflector, type ApiObject, type Reflector } from '../../src/cluster/kubernetes/reflector.ts'
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.ts'
import { eventually } from '../support/local-cluster.ts'
import { openTestNamespace, realApi, type TestNamespace } from '../support/real-cluster.ts'

/* What is followed stays in step with a real API server while connections to it are cut, refused or fall silent. */

interface Note extends ApiObject {
  data?: Record<string, string>
}

describe('a reflector on a real cluster', () => {
  const api = realApi()
  let namespace: TestNamespace
  let proxy: FaultProxy
  let client: ApiClient
  let reflector: Reflector
  let cache: ObjectCache<Note>
  const changes: string[] = []
  const problems: unknown[] = []
  const path = (rest = ''): string => `/api/v1/namespaces/${namespace.name}/configmaps${rest}`
  const put = (name: string, text: string) => api.request('POST', path(), { metadata: { name, labels: { note: 'true' } }, data: { text } })
  const change = (name: string, text: string) => api.request('PATCH', path(`/${name}`), { data: { text } }, 'application/merge-patch+json')
  const drop = (name: string) => api.request('DELETE', path(`/${name}`))
  const shown = () => [...cache.all()].map(({ metadata, data }) => `${metadata.name} ${data?.['text'] ?? ''}`).sort()
  const wait = (want: string[]) => eventually(want.join(', '), () => shown().join() === want.join())

  beforeAll(async () => {
    namespace = await openTestNamespace(api)
    const connection = await connect(process.env)
    proxy = await startFaultProxy(Number(connection.server.port || 443))
    const server = new URL(connection.server)
    server.port = String(proxy.port)
    client = createApiClient({ ...connection, server })
    cache = createObjectCache<Note>({
      onChange: (before, after) => changes.push(`${before?.data?.['text'] ?? '-'} > ${after?.data?.['text'] ?? '-'}`),
    })
    await put('a', 'one')
    const options = { client, path: path(), labelSelector: 'note=true', mirror: cache, silenceMs: 3000 }
    reflector = startReflector<Note>({ ...options, onError: (error) => problems.push(error) })
    await reflector.synced
  })
  afterAll(async () => {
    await reflector.stop()
    client.close()
    await proxy.close()
    await namespace.close()
  })

  it('goes on with the same list when its watch is cut', async () => {
    await wait(['a one'])
    await eventually('it watches', () => reflector.counts.watches === 1)
    proxy.cut()
    await change('a', 'two')
    await put('b', 'one')
    await wait(['a two', 'b one'])
    expect(reflector.counts.lists).toBe(1)
  })

  it('hears of what went and came again while it could not look', async () => {
    changes.length = 0
    proxy.faults.refuse = true
    proxy.cut()
    await drop('b')
    await put('b', 'again')
    await drop('a')
    await eventually('it has tried in vain', () => problems.length > 1)
    proxy.faults.refuse = false
    await wait(['b again'])
    expect(changes.sort()).toEqual(['- > again', 'one > -', 'two > -'])
    expect(reflector.counts.lists).toBe(1)
  })

  it('does not believe in a connection that is silent for long', async () => {
    await eventually('it watches again', async () => {
      await change('b', String(Math.random()))
      return changes.length > 4
    })
    const watches = reflector.counts.watches
    proxy.faults.silent = true
    await change('b', 'unheard')
    await eventually('it gives the watch up', () => String(problems.at(-1)).includes('the watch was silent for 3s'))
    proxy.faults.silent = false
    proxy.cut()
    await wait(['b unheard'])
    expect(reflector.counts.watches).toBeGreaterThan(watches)
  })
})

describe('a client of a real cluster', () => {
  const api = realApi()
  const FLOWS = '/apis/flowcontrol.apiserver.k8s.io/v1'
  let namespace: TestNamespace
  beforeAll(async () => {
    namespace = await openTestNamespace(api)
  })
  afterAll(async () => {
    await api.request('DELETE', `${FLOWS}/flowschemas/${namespace.name}`)
    await api.request('DELETE', `${FLOWS}/prioritylevelconfigurations/${namespace.name}`)
    await namespace.close()
  })

  it('waits as long as a server that has too much to do asks for, and is answered then', async () => {
    const { name } = namespace
    const limited = { nominalConcurrencyShares: 1, lendablePercent: 0, borrowingLimitPercent: 0, limitResponse: { type: 'Reject' } }
    const rules = [
      {
        subjects: [{ kind: 'ServiceAccount', serviceAccount: { namespace: name, name: 'default' } }],
        nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
      },
    ]
    const level = await api.request('POST', `${FLOWS}/prioritylevelconfigurations`, { metadata: { name }, spec: { type: 'Limited', limited } })
    const schema = await api.request('POST', `${FLOWS}/flowschemas`, {
      metadata: { name },
      spec: { matchingPrecedence: 2, priorityLevelConfiguration: { name }, distinguisherMethod: { type: 'ByUser' }, rules },
    })
    expect([level.status, schema.status]).toEqual([201, 201])
    const made = await api.request('POST', `/api/v1/namespaces/${name}/serviceaccounts/default/token`, { spec: { expirationSeconds: 600 } })
    const { token } = (made.body as { status: { token: string } }).status
    const connection = await connect(process.env)
    const agent = new Agent({ rejectUnauthorized: false })
    const options = () => Promise.resolve({ headers: { authorization: `Bearer ${token}` }, agent })
    let sent = 0
    const client = createApiClient({ ...connection, options }, () => sent++)
    const ask = () => client.request<{ gitVersion: string }>({ path: '/version' })
    // A few requests are let in at a time; the server takes a moment to obey its own objects.
    await eventually('one was refused', async () => {
      const before = sent
      const answers = await Promise.all(Array.from({ length: 100 }, ask))
      expect(answers.every(({ gitVersion }) => gitVersion.startsWith('v1.'))).toBe(true)
      return sent > before + 100
    })
    client.close()
  })
})

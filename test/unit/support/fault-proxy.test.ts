import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { plainClient } from '../../support/api-client.ts'
import { FAULTS, startFaultProxy } from '../../support/fake-api/fault-proxy.ts'
import { startFakeApi, type FakeApi } from '../../support/fake-api/server.ts'
import { scriptedPods } from '../../support/scripted-pods.ts'

describe('the proxy that does harm', () => {
  let api: FakeApi
  beforeEach(async () => {
    api = await startFakeApi(scriptedPods)
  })
  afterEach(() => api.close())

  it('does every kind of it, and none once it is healed', async () => {
    const proxy = await startFaultProxy(api.url, { seed: 'harm', rate: 1, longestMs: 3 })
    const client = plainClient(proxy.url)
    const path = '/api/v1/namespaces/data/configmaps'
    const answers: string[] = []
    const ask = (method: string, rest: string, body?: unknown) =>
      client.request(method, `${path}${rest}`, body, method === 'PATCH' ? 'application/merge-patch+json' : undefined).then(
        ({ status, body: answer }) => answers.push(`${status}${typeof answer === 'string' ? ' broken' : ''}`),
        () => answers.push('cut'),
      )
    for (let index = 0; index < 150; index++) {
      await ask('POST', '', { metadata: { name: `map-${index}` } })
      await ask('PATCH', `/map-${index}`, { data: { key: 'value' } })
      const reader = client.watch(`${path}?watch=true&resourceVersion=0`)
      setTimeout(reader.stop, 10)
      await reader.ended
    }
    expect(FAULTS.filter((fault) => proxy.done[fault] === 0)).toEqual([])
    expect([...new Set(answers)].sort()).toEqual(['200', '200 broken', '201', '201 broken', '404', '404 broken', '409', '429', '500', '503', 'cut'])
    proxy.heal()
    answers.length = 0
    for (let index = 0; index < 30; index++) await ask('GET', '')
    expect([...new Set(answers)]).toEqual(['200'])
    await proxy.close()
  })
})

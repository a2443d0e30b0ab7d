import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ApiAnswer, ApiClient, WatchReader } from '../support/api-client.ts'
import { eventually } from '../support/local-cluster.ts'

/** An API server to be looked at. */
export interface ApiServerUnderTest {
  client: ApiClient
  /** One that holds nothing yet. */
  namespace: string
  /** Makes it forget what has happened; null where nobody can. */
  forget: (() => void) | null
  close(): Promise<void>
}

interface Meta {
  name: string
  uid: string
  resourceVersion: string
  generation?: number
  finalizers?: string[]
  deletionTimestamp?: string
  ownerReferences?: unknown[]
}

interface Item {
  metadata: Meta
  spec?: Record<string, unknown>
  status?: { phase?: string; conditions?: { type: string; status: string }[]; succeeded?: number; active?: number }
  data?: Record<string, string>
}

/** What Fusee's adapters rely on: the real API server is held to it, and so is the one in memory that stands in for it. */
export function testApiServer(server: string, open: () => Promise<ApiServerUnderTest>): void {
  describe(`the API of ${server}`, () => {
    let api: ApiServerUnderTest
    const watches: WatchReader[] = []

    beforeEach(async () => {
      api = await open()
    })
    afterEach(async () => {
      for (const watch of watches.splice(0)) watch.stop()
      await api.close()
    })

    const maps = (rest = ''): string => `/api/v1/namespaces/${api.namespace}/configmaps${rest}`
    const jobs = (rest = ''): string => `/apis/batch/v1/namespaces/${api.namespace}/jobs${rest}`
    const pods = (rest = ''): string => `/api/v1/namespaces/${api.namespace}/pods${rest}`
    const call = (method: string, path: string, body?: unknown, contentType?: string): Promise<ApiAnswer> =>
      api.client.request(method, path, body, contentType)
    const itemOf = (answer: ApiAnswer): Item => answer.body as Item
    const aMap = (name: string, over: Record<string, unknown> = {}): Record<string, unknown> => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, labels: { set: 'mine' }, ...over },
      data: { key: 'value' },
    })
    const aJob = (
      name: string,
      words: string[],
      over: { metadata?: Record<string, unknown>; spec?: Record<string, unknown> } = {},
    ): Record<string, unknown> => ({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name, labels: { set: 'mine' }, ...over.metadata },
      spec: {
        backoffLimit: 0,
        ...over.spec,
        template: {
          spec: { restartPolicy: 'Never', terminationGracePeriodSeconds: 1, containers: [{ name: 'step', image: 'busybox:1.36', command: words }] },
        },
      },
    })
    const get = async (path: string): Promise<Item | null> => {
      const answer = await call('GET', path)
      return answer.status === 404 ? null : itemOf(answer)
    }
    const podsOf = async (job: string): Promise<Item[]> => {
      const answer = await call('GET', pods(`?labelSelector=batch.kubernetes.io%2Fjob-name%3D${job}`))
      return (answer.body as { items: Item[] }).items
    }
    const watch = (path: string): WatchReader => {
      const reader = api.client.watch(path)
      watches.push(reader)
      return reader
    }

    it('creates a name once', async () => {
      const first = await call('POST', maps(), aMap('one'))
      expect(first.status).toBe(201)
      expect(itemOf(first).metadata.uid).toMatch(/^[0-9a-f-]{36}$/)
      const second = await call('POST', maps(), aMap('one'))
      expect(second).toMatchObject({ status: 409, body: { kind: 'Status', status: 'Failure', reason: 'AlreadyExists', code: 409 } })
      expect(await call('GET', maps('/none'))).toMatchObject({ status: 404, body: { reason: 'NotFound' } })
    })

    it('writes only on top of the version that the writer has read', async () => {
      const created = itemOf(await call('POST', maps(), aMap('one')))
      const written = await call('PUT', maps('/one'), { ...created, data: { key: 'other' } })
      expect(written).toMatchObject({ status: 200, body: { data: { key: 'other' } } })
      expect(itemOf(written).metadata.resourceVersion).not.toBe(created.metadata.resourceVersion)
      expect(await call('PUT', maps('/one'), { ...created, data: {} })).toMatchObject({ status: 409, body: { reason: 'Conflict' } })
      const merge = (metadata: object) => call('PATCH', maps('/one'), { metadata, data: { key: 'third', more: 'x' } }, 'application/merge-patch+json')
      expect(await merge({ resourceVersion: created.metadata.resourceVersion })).toMatchObject({ status: 409, body: { reason: 'Conflict' } })
      expect(await merge({})).toMatchObject({ status: 200, body: { data: { key: 'third', more: 'x' } } })
      const again = await merge({})
      expect(await merge({})).toEqual(again)
      const uidOfAnother = { uid: '00000000-0000-4000-8000-000000000000' }
      expect(await merge(uidOfAnother)).toMatchObject({ status: 422, body: { reason: 'Invalid' } })
      expect((await call('PUT', maps('/one'), { ...itemOf(again), metadata: { name: 'one', ...uidOfAnother } })).status).toBe(409)
    })

    it('carries out JSON patches whole or not at all', async () => {
      await call('POST', maps(), aMap('one', { finalizers: ['example.com/a', 'example.com/b'] }))
      const patch = (...operations: object[]) => call('PATCH', maps('/one'), operations, 'application/json-patch+json')
      const guarded = (value: string) =>
        patch({ op: 'test', path: '/metadata/finalizers/0', value }, { op: 'remove', path: '/metadata/finalizers/0' })
      expect((await guarded('example.com/other')).status).toBe(422)
      expect(itemOf(await guarded('example.com/a')).metadata.finalizers).toEqual(['example.com/b'])
      await patch({ op: 'remove', path: '/metadata/finalizers' })
    })

    it('lists in pages, of one moment', async () => {
      for (const name of ['a', 'b', 'c', 'd', 'e']) await call('POST', maps(), aMap(name))
      const selector = 'labelSelector=set%3Dmine'
      type List = { items: Item[]; metadata: { continue?: string; resourceVersion: string } }
      const first = (await call('GET', maps(`?limit=2&${selector}`))).body as List
      expect(first.items.map(({ metadata }) => metadata.name)).toEqual(['a', 'b'])
      const second = (await call('GET', maps(`?limit=2&${selector}&continue=${encodeURIComponent(first.metadata.continue ?? '')}`))).body as List
      const third = (await call('GET', maps(`?limit=2&${selector}&continue=${encodeURIComponent(second.metadata.continue ?? '')}`))).body as List
      expect([...second.items, ...third.items].map(({ metadata }) => metadata.name)).toEqual(['c', 'd', 'e'])
      expect(third.metadata.continue ?? '').toBe('')
      expect(third.metadata.resourceVersion).toBe(first.metadata.resourceVersion)
      expect(((await call('GET', maps('?labelSelector=set%3Dother'))).body as List).items).toEqual([])
      expect(((await call('GET', maps('?labelSelector=!set'))).body as List).items.filter(({ metadata }) => metadata.name.length === 1)).toEqual([])
      expect(((await call('GET', maps('?labelSelector=set+in+(mine,yours)'))).body as List).items).toHaveLength(5)
    })

    it('tells a watch what happens after a version, in order', async () => {
      await call('POST', maps(), aMap('before'))
      const { metadata } = (await call('GET', maps('?labelSelector=set%3Dmine'))).body as { metadata: { resourceVersion: string } }
      await call('POST', maps(), aMap('one'))
      const reader = watch(maps(`?watch=true&labelSelector=set%3Dmine&allowWatchBookmarks=true&resourceVersion=${metadata.resourceVersion}`))
      await call('PATCH', maps('/one'), { data: { key: 'b' } }, 'application/merge-patch+json')
      await call('PATCH', maps('/before'), { metadata: { labels: { set: 'other' } } }, 'application/merge-patch+json')
      await call('DELETE', maps('/one'))
      const heard = () => reader.events.filter(({ type }) => type !== 'BOOKMARK').map(({ type, object }) => `${type} ${object.metadata.name}`)
      await eventually('all is told', () => heard().length >= 4)
      expect(heard()).toEqual(['ADDED one', 'MODIFIED one', 'DELETED before', 'DELETED one'])
      const versions = reader.events.map(({ object }) => Number(object.metadata.resourceVersion))
      expect(versions).toEqual([...versions].sort((one, other) => one - other))
    })

    it('ends a watch when its time is over', async () => {
      const reader = watch(maps('?watch=true&timeoutSeconds=1'))
      await reader.ended
    })

    it('says that a version is too old to watch from', async ({ skip }) => {
      if (api.forget === null) return skip('this server remembers all that has happened since it began')
      const { metadata } = itemOf(await call('POST', maps(), aMap('one')))
      await call('DELETE', maps('/one'))
      api.forget()
      const reader = watch(maps(`?watch=true&resourceVersion=${metadata.resourceVersion}`))
      await eventually('it says so', () => reader.events.length > 0)
      expect(reader.events[0]).toMatchObject({ type: 'ERROR', object: { kind: 'Status', code: 410 } })
    })

    it('keeps what has finalizers until they are lifted, and adds none to what is being deleted', async () => {
      const created = itemOf(await call('POST', maps(), aMap('one', { finalizers: ['example.com/hold'] })))
      const wrong = await call('DELETE', maps('/one'), { preconditions: { uid: '00000000-0000-4000-8000-000000000000' } })
      expect(wrong).toMatchObject({ status: 409, body: { reason: 'Conflict' } })
      const deleted = await call('DELETE', maps('/one'), { preconditions: { uid: created.metadata.uid } })
      expect(deleted.status).toBe(200)
      const held = await get(maps('/one'))
      expect(held?.metadata.deletionTimestamp).toMatch(/^\d{4}-.*Z$/)
      expect((await call('DELETE', maps('/one'))).status).toBe(200)
      const merge = (finalizers: string[]) => call('PATCH', maps('/one'), { metadata: { finalizers } }, 'application/merge-patch+json')
      expect((await merge(['example.com/hold', 'example.com/more'])).status).toBe(422)
      expect((await merge([])).status).toBe(200)
      expect(await get(maps('/one'))).toBeNull()
      expect((await call('DELETE', maps('/one'))).status).toBe(404)
    })

    it('makes nothing more in a namespace that is being deleted', async () => {
      const name = `ending-${randomBytes(4).toString('hex')}`
      const held = { metadata: { name, finalizers: ['example.com/hold'] } }
      expect((await call('POST', '/api/v1/namespaces', held)).status).toBe(201)
      expect((await call('DELETE', `/api/v1/namespaces/${name}`)).status).toBe(200)
      const refused = await call('POST', `/api/v1/namespaces/${name}/configmaps`, aMap('late'))
      expect(refused).toMatchObject({ status: 403, body: { reason: 'Forbidden', details: { causes: [{ reason: 'NamespaceTerminating' }] } } })
      await call('PATCH', `/api/v1/namespaces/${name}`, { metadata: { finalizers: null } }, 'application/merge-patch+json')
    })

    it('counts generations of what is meant, and keeps the status to its own way in', async () => {
      const created = itemOf(await call('POST', jobs(), { ...aJob('one', ['true'], { spec: { suspend: true } }), status: { succeeded: 7 } }))
      expect([created.metadata.generation, created.status?.succeeded]).toEqual([1, undefined])
      const suspended = await eventually('the controller has seen it', async () => {
        const job = await get(jobs('/one'))
        return job?.status?.conditions?.some(({ type }) => type === 'Suspended') === true ? job : null
      })
      expect(suspended.metadata.generation).toBe(1)
      const resumed = itemOf(
        await call('PATCH', jobs('/one'), { spec: { suspend: false }, status: { succeeded: 7 } }, 'application/merge-patch+json'),
      )
      expect(resumed.metadata.generation).toBe(2)
      expect(resumed.status?.succeeded).toBeUndefined()
      await eventually('it runs to its end', async () => ((await get(jobs('/one')))?.status?.succeeded === 1 ? true : null))
    })

    it('deletes a Job with its pods, or without them, as is asked', async () => {
      await call('POST', jobs(), aJob('with', ['sleep', '600']))
      await call('POST', jobs(), aJob('without', ['sleep', '600']))
      for (const job of ['with', 'without'])
        await eventually(`a pod of ${job} runs`, async () => ((await podsOf(job))[0]?.status?.phase === 'Running' ? true : null))
      await call('DELETE', jobs('/with?propagationPolicy=Background'))
      await call('DELETE', jobs('/without'))
      await eventually('the Job and its pod are gone', async () => (await get(jobs('/with'))) === null && (await podsOf('with')).length === 0)
      await eventually('the other Job is gone', async () => (await get(jobs('/without'))) === null)
      const [left] = await podsOf('without')
      expect(left?.status?.phase).toBe('Running')
      expect(left?.metadata.ownerReferences ?? []).toEqual([])
    })

    it('lets a Job that is deleted in the foreground wait for its pods, and hold on to its finalizer', async () => {
      await call('POST', jobs(), aJob('one', ['sleep', '600'], { metadata: { finalizers: ['example.com/hold'] } }))
      await eventually('its pod runs', async () => ((await podsOf('one'))[0]?.status?.phase === 'Running' ? true : null))
      await call('DELETE', jobs('/one'), { propagationPolicy: 'Foreground' })
      await eventually('its pod is gone', async () => (await podsOf('one')).length === 0)
      const held = await eventually('only the finalizer holds it', async () => {
        const job = await get(jobs('/one'))
        return job?.metadata.finalizers?.join() === 'example.com/hold' ? job : null
      })
      expect(held.metadata.deletionTimestamp).toBeDefined()
      await call('PATCH', jobs('/one'), { metadata: { finalizers: null } }, 'application/merge-patch+json')
      expect(await get(jobs('/one'))).toBeNull()
    })

    it('ends the pods of a Job that is suspended, and tells of the end of one that is over', async () => {
      await call('POST', jobs(), aJob('lasting', ['sleep', '600']))
      await call('POST', jobs(), aJob('failing', ['false']))
      await eventually('its pod runs', async () => ((await podsOf('lasting'))[0]?.status?.phase === 'Running' ? true : null))
      await call('PATCH', jobs('/lasting'), { spec: { suspend: true } }, 'application/merge-patch+json')
      await eventually('its pod is gone', async () => (await podsOf('lasting')).length === 0)
      const failed = await eventually('the other has failed', async () => {
        const job = await get(jobs('/failing'))
        return job?.status?.conditions?.some(({ type }) => type === 'Failed') === true ? job : null
      })
      // Since 1.31 there is FailureTarget before it.
      expect(failed.status?.conditions?.at(-1)?.type).toBe('Failed')
      expect((await podsOf('failing')).map(({ status }) => status?.phase)).toEqual(['Failed'])
    })

    it('reads logs by lines and bytes, and says why there are none yet', async () => {
      await call('POST', jobs(), aJob('one', ['sh', '-c', 'echo first; echo second; echo third']))
      const pod = await eventually('its pod has ended', async () => {
        const [found] = await podsOf('one')
        return found?.status?.phase === 'Succeeded' ? found : null
      })
      const log = async (query: string) => (await call('GET', pods(`/${pod.metadata.name}/log?container=step${query}`))).body
      expect(await log('')).toBe('first\nsecond\nthird\n')
      expect(await log('&tailLines=1')).toBe('third\n')
      expect(await log('&limitBytes=8')).toBe('first\nse')
      expect(await log('&timestamps=true&tailLines=1')).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z third\n$/)
      expect(await log('&follow=true')).toBe('first\nsecond\nthird\n')
      expect((await call('GET', pods('/none/log'))).status).toBe(404)
    })
  })
}

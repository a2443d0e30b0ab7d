import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { installObjects } from '../../../src/install/install-objects.ts'
import { uninstall } from '../../../src/install/uninstall.ts'
import { FINALIZER } from '../../../src/runs/objects.ts'
import { plainClient } from '../../support/api-client.ts'
import { JOBS, PODS, REPOSITORIES, RESOURCES, RUNS } from '../../support/fake-api/resources.ts'
import { startFakeApi, type FakeApi } from '../../support/fake-api/server.ts'
import { scriptedPods } from '../../support/scripted-pods.ts'

describe('fusee uninstall', () => {
  let api: FakeApi
  const said: string[] = []
  beforeEach(async () => {
    api = await startFakeApi(scriptedPods)
    said.length = 0
  })
  afterEach(() => api.close())

  async function takeAway(force: boolean, pause: () => void = () => undefined, namespace = 'fusee'): Promise<void> {
    const client = plainClient(api.url)
    const request = async <T>({ method = 'GET', path, query = {}, body, contentType }: Parameters<Parameters<typeof uninstall>[0]['request']>[0]) => {
      const words = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`]))
      const { status, body: answer } = await client.request(method, `${path}?${words.join('&')}`, body, contentType)
      return status === 404 ? null : (answer as T)
    }
    await uninstall({ request, pause: async () => pause(), say: (line) => said.push(line) }, { namespace, force })
  }

  function makeRun(name: string, finalizers: string[]): void {
    api.store.create(RUNS, 'data', { metadata: { name, namespace: 'data', finalizers }, spec: { repository: 'jobs', workflow: 'nightly' } })
  }

  it('changes nothing while a run waits for its record', async () => {
    makeRun('done', [])
    for (const name of ['a', 'b', 'c', 'd']) makeRun(name, [FINALIZER])
    const before = api.store.version()
    await expect(takeAway(false)).rejects.toThrow(/wait for their record: data\/a, data\/b, data\/c and 1 more\. Nothing was changed/)
    expect(api.store.version()).toBe(before)
  })

  it('waits for the controller to end, then lifts the finalizers, on request of runs without record too', async () => {
    makeRun('open', [FINALIZER])
    api.store.create(REPOSITORIES, 'data', { metadata: { name: 'jobs', namespace: 'data' }, spec: { url: 'https://git.example.com/a.git' } })
    const labels = { 'app.kubernetes.io/managed-by': 'fusee' }
    const finalizers = ['example.com/other', FINALIZER]
    const template = { spec: { containers: [{ name: 'step', command: ['true'] }] } }
    api.store.create(JOBS, 'data', { metadata: { name: 'mine', namespace: 'data', labels, finalizers }, spec: { suspend: true, template } })
    api.store.create(JOBS, 'data', { metadata: { name: 'foreign', namespace: 'data', finalizers: [FINALIZER] }, spec: { suspend: true, template } })
    const controller = { 'app.kubernetes.io/name': 'fusee', 'app.kubernetes.io/part-of': 'fusee', 'app.kubernetes.io/component': 'controller' }
    api.store.create(PODS, 'fusee', { metadata: { name: 'fusee-1', namespace: 'fusee', labels: controller }, spec: { containers: [] } })
    let waits = 0
    await takeAway(true, () => {
      expect(api.store.list(RUNS)[0]?.metadata.finalizers).toEqual([FINALIZER])
      if (++waits === 3) api.store.delete({ resource: PODS, namespace: 'fusee', name: 'fusee-1' }, { gracePeriodSeconds: 0 })
    })
    expect(api.store.list(JOBS).map(({ metadata }) => metadata.finalizers)).toEqual([[FINALIZER], ['example.com/other']])
    expect(api.store.list(RUNS)[0]?.metadata.finalizers).toBeUndefined()
    expect(said.slice(0, 2)).toEqual(['finalizers of 1 Jobs lifted', 'finalizers of 1 Runs lifted'])
  })

  it('takes Jobs that lie in another namespace than their Run, which no owner takes with it', async () => {
    const labels = { 'app.kubernetes.io/managed-by': 'fusee' }
    const annotations = { 'fusee.dev/run-namespace': 'data' }
    const metadata = { name: 'there', namespace: 'reports', labels, annotations, finalizers: [FINALIZER] }
    const template = { spec: { containers: [{ name: 'step', command: ['true'] }] } }
    api.store.create(JOBS, 'reports', { metadata, spec: { suspend: true, template } })
    await takeAway(false)
    expect(api.store.list(JOBS)).toEqual([])
    expect(said).toContain('Job reports/there deleted')
  })

  it('gives up on a controller that does not end', async () => {
    const labels = { 'app.kubernetes.io/name': 'fusee', 'app.kubernetes.io/part-of': 'fusee', 'app.kubernetes.io/component': 'controller' }
    api.store.create(PODS, 'fusee', { metadata: { name: 'fusee-1', namespace: 'fusee', labels }, spec: { containers: [] } })
    await expect(takeAway(false)).rejects.toThrow(/pods of the controller are still there in namespace fusee/)
  })

  /** What `fusee install` brings, as far as others may have it too. */
  function install(home: string, scope: 'Cluster' | 'Namespace'): void {
    for (const object of installObjects({ image: 'fusee', namespace: home, scope })) {
      const resource = RESOURCES.find(({ kind }) => kind === object.kind)
      if (resource === undefined || object.kind === 'Namespace') continue
      const namespace = object.metadata.namespace ?? ''
      const isThere = api.store.list(resource).some(({ metadata }) => metadata.namespace === namespace && metadata.name === object.metadata.name)
      if (!isThere) api.store.create(resource, namespace, { ...object, metadata: { ...object.metadata, namespace } })
    }
  }

  function whatIsInstalled(): string[] {
    const kinds = ['Deployment', 'CustomResourceDefinition', 'ClusterRoleBinding']
    return RESOURCES.filter(({ kind }) => kinds.includes(kind)).flatMap((resource) =>
      api.store
        .list(resource)
        .map(({ metadata }) => [resource.plural, metadata.namespace, metadata.name].filter((word) => word !== undefined && word !== '').join('/')),
    )
  }

  it('leaves to other controllers what they share and what they look after', async () => {
    install('data', 'Namespace')
    install('other', 'Namespace')
    makeRun('mine', [FINALIZER])
    api.store.create(RUNS, 'other', {
      metadata: { name: 'theirs', namespace: 'other', finalizers: [FINALIZER] },
      spec: { repository: 'jobs', workflow: 'nightly' },
    })
    await expect(takeAway(false, undefined, 'data')).rejects.toThrow(/wait for their record: data\/mine\. Nothing was changed/)
    await takeAway(true, undefined, 'data')
    expect(api.store.list(RUNS).map(({ metadata }) => [metadata.name, metadata.finalizers])).toEqual([
      ['mine', undefined],
      ['theirs', [FINALIZER]],
    ])
    expect(whatIsInstalled()).toEqual([
      'deployments/other/fusee',
      'clusterrolebindings/fusee-identity-other',
      'customresourcedefinitions/repositories.fusee.dev',
      'customresourcedefinitions/runs.fusee.dev',
    ])
    expect(said).toContain('the kinds, their objects and their roles are left: controllers remain in the namespaces other (for itself)')
    await takeAway(true, undefined, 'other')
    expect(whatIsInstalled()).toEqual([])
  })

  it('leaves all runs to another controller that looks after all namespaces', async () => {
    install('fusee', 'Cluster')
    install('data', 'Namespace')
    makeRun('run', [FINALIZER])
    await takeAway(false, undefined, 'data')
    expect(api.store.list(RUNS).map(({ metadata }) => metadata.finalizers)).toEqual([[FINALIZER]])
    expect(whatIsInstalled()).toContain('clusterrolebindings/fusee-controller')
  })

  it('deletes the kinds before the rights, and leaves the namespace', async () => {
    install('fusee', 'Cluster')
    await takeAway(false)
    const deleted = api.requests.filter((request) => request.startsWith('DELETE')).map((request) => /([a-z]+\/[^/?]+)\?/.exec(request)?.[1])
    expect(deleted.slice(0, 3)).toEqual([
      'deployments/fusee',
      'customresourcedefinitions/repositories.fusee.dev',
      'customresourcedefinitions/runs.fusee.dev',
    ])
    expect(deleted).toContain('clusterrolebindings/fusee-controller')
    expect(deleted).toContain('rolebindings/fusee-controller')
    expect(deleted).toContain('leases/fusee')
    expect(deleted.filter((one) => one?.startsWith('namespaces/'))).toEqual([])
    expect(said.at(-1)).toBe('records are where they were: on the status branches')
  })
})

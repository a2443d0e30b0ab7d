import { randomBytes } from 'node:crypto'
import type { ApiClient } from './api-client.ts'
import { kubeconfigClient } from './api-client.ts'

/** A client of the cluster that `KUBECONFIG` names. */
export function realApi(): ApiClient {
  const kubeconfig = process.env['KUBECONFIG']
  if (kubeconfig === undefined || kubeconfig === '') throw new Error('these tests need a cluster: set KUBECONFIG')
  return kubeconfigClient(kubeconfig)
}

/** A namespace of one test. */
export interface TestNamespace {
  name: string
  /** Asks for its deletion, with all that is in it, also what a test that failed has left with a finalizer; does not wait for that. */
  close(): Promise<void>
}

/** Makes a namespace that is ready for pods. */
export async function openTestNamespace(api: ApiClient, labels: Record<string, string> = {}): Promise<TestNamespace> {
  const name = `fusee-test-${randomBytes(5).toString('hex')}`
  const created = await api.request('POST', '/api/v1/namespaces', { metadata: { name, labels: { 'fusee-test': 'true', ...labels } } })
  if (created.status !== 201) throw new Error(`no namespace: ${JSON.stringify(created.body)}`)
  for (let tries = 0; tries < 200; tries++) {
    if ((await api.request('GET', `/api/v1/namespaces/${name}/serviceaccounts/default`)).status === 200) break
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return {
    name,
    close: async () => {
      await api.request('DELETE', `/api/v1/namespaces/${name}`)
      for (const collection of ['/apis/fusee.dev/v1alpha1', '/apis/batch/v1']) await liftFinalizers(api, collection, name)
    },
  }
}

/** Lets go what is held in a namespace for a controller that is not there any more. */
async function liftFinalizers(api: ApiClient, group: string, namespace: string): Promise<void> {
  const collection = `${group}/namespaces/${namespace}/${group.includes('fusee') ? 'runs' : 'jobs'}`
  const { items = [] } = (await api.request('GET', collection)).body as { items?: { metadata: { name: string; finalizers?: string[] } }[] }
  const held = items.filter(({ metadata }) => metadata.finalizers?.some((one) => one.startsWith('fusee.dev/')))
  const body = { metadata: { finalizers: null } }
  await Promise.all(held.map(({ metadata }) => api.request('PATCH', `${collection}/${metadata.name}`, body, 'application/merge-patch+json')))
}

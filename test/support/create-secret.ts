import type { ApiClient } from '../../src/cluster/kubernetes/api-client.ts'
import { collectionPath } from '../../src/cluster/kubernetes/resources.ts'

/** Creates a Secret with one key, called `key` unless told otherwise. */
export async function createSecret(
  client: ApiClient,
  namespace: string,
  { name, value, key = 'key' }: { name: string; value: string; key?: string },
): Promise<void> {
  const body = { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, data: { [key]: Buffer.from(value).toString('base64') } }
  await client.request({ method: 'POST', path: collectionPath('secrets', namespace), body })
}

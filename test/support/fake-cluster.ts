import { Agent } from 'node:http'
import { createApiClient, type ApiClient, type Guard } from '../../src/cluster/kubernetes/api-client.ts'
import type { PodBehaviour } from './fake-api/node-agent.ts'
import { startFakeApi, type FakeApi } from './fake-api/server.ts'

/** An API server in memory, and our client for it. */
export interface FakeCluster {
  api: FakeApi
  client: ApiClient
  namespace: string
  close(): Promise<void>
}

/** Starts one. */
export async function openFakeCluster(behaviour: PodBehaviour): Promise<FakeCluster> {
  const api = await startFakeApi(behaviour)
  const client = clientFor(api.url)
  return {
    api,
    client,
    namespace: 'data',
    async close() {
      client.close()
      await api.close()
    },
  }
}

/** Our client for a server without authentication. */
export function clientFor(url: string, guard?: Guard): ApiClient {
  const agent = new Agent({ keepAlive: true })
  const connection = { server: new URL(url), namespace: null, options: async () => ({ headers: {}, agent }), close: () => agent.destroy() }
  return createApiClient(connection, guard)
}

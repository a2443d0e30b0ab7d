import { openTestNamespace, realApi } from '../support/real-cluster.ts'
import { testApiServer } from './api-server.ts'

testApiServer('a real cluster', async () => {
  const client = realApi()
  const namespace = await openTestNamespace(client)
  return { client, namespace: namespace.name, forget: null, close: namespace.close }
})

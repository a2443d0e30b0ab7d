import { startFakeApi } from '../support/fake-api/server.ts'
import { plainClient } from '../support/api-client.ts'
import { scriptedPods } from '../support/scripted-pods.ts'
import { testApiServer } from './api-server.ts'

testApiServer('the server in memory', async () => {
  const api = await startFakeApi(scriptedPods)
  return { client: plainClient(api.url), namespace: 'data', forget: () => api.store.compact(), close: () => api.close() }
})

import { createKubernetesRuns } from '../../src/cluster/kubernetes/runs.ts'
import { REPOSITORIES } from '../support/fake-api/resources.ts'
import { openFakeCluster } from '../support/fake-cluster.ts'
import { scriptedPods } from '../support/scripted-pods.ts'
import { testRunCluster } from './run-cluster.ts'

testRunCluster('an API server in memory', async () => {
  const { api, client, namespace, close } = await openFakeCluster(scriptedPods)
  for (const name of ['sample', 'other']) {
    api.store.create(REPOSITORIES, namespace, { metadata: { name, namespace }, spec: { url: 'https://git.example.com/a.git' } })
  }
  const runs = await createKubernetesRuns({ client, namespace, report: () => undefined })
  return {
    runs,
    namespace,
    async close() {
      await runs.close()
      await close()
    },
  }
})

import { createKubernetesRuns } from '../../src/cluster/kubernetes/runs.ts'
import { REPOSITORIES } from '../support/fake-api/resources.ts'
import { openFakeCluster } from '../support/fake-cluster.ts'
import { scriptedPods } from '../support/scripted-pods.ts'
import { testRunCluster } from './run-cluster.ts'
import { testWaitingRuns } from './waiting-runs.ts'

async function open() {
  const { api, client, namespace, close } = await openFakeCluster(scriptedPods)
  for (const name of ['sample', 'other']) {
    api.store.create(REPOSITORIES, namespace, { metadata: { name, namespace }, spec: { url: 'https://git.example.com/a.git' } })
  }
  const runs = await createKubernetesRuns({ client, namespace, report: () => undefined })
  return {
    client,
    runs,
    namespace,
    async close() {
      await runs.close()
      await close()
    },
  }
}

testRunCluster('an API server in memory', open)
testWaitingRuns('an API server in memory', open)

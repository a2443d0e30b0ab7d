import { createKubernetesRuns } from '../../src/cluster/kubernetes/runs.ts'
import { openKubernetes } from '../support/kubernetes-cluster.ts'
import { testRunCluster } from './run-cluster.ts'
import { testWaitingRuns } from './waiting-runs.ts'

async function open() {
  const { client, namespace, report, close } = await openKubernetes()
  for (const name of ['sample', 'other']) {
    const body = { apiVersion: 'fusee.dev/v1alpha1', kind: 'Repository', metadata: { name }, spec: { url: 'https://git.example.com/a.git' } }
    await client.request({ method: 'POST', path: `/apis/fusee.dev/v1alpha1/namespaces/${namespace}/repositories`, body })
  }
  const runs = await createKubernetesRuns({ client, namespace, report })
  return {
    client,
    runs,
    namespace,
    async close() {
      for (const run of await runs.listRuns()) await runs.updateRun({ ...run, metadata: { ...run.metadata, finalizers: [] } })
      await runs.close()
      await close()
    },
  }
}

testRunCluster('a real cluster', open)
testWaitingRuns('a real cluster', open)

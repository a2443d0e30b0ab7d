import { createApiClient, type ApiClient } from '../../src/cluster/kubernetes/api-client.ts'
import { connect } from '../../src/cluster/kubernetes/connection.ts'
import { openTestNamespace, realApi } from './real-cluster.ts'

/** A namespace of its own on the cluster of `KUBECONFIG`, and our client for it. */
export interface KubernetesUnderTest {
  client: ApiClient
  namespace: string
  /** Trouble that was met outside of calls. */
  problems: string[]
  report: (message: string, about: Record<string, unknown>) => void
  close(): Promise<void>
}

/** Opens one; `realApi` says so clearly when there is no cluster. */
export async function openKubernetes(): Promise<KubernetesUnderTest> {
  const namespace = await openTestNamespace(realApi())
  const client = createApiClient(await connect(process.env))
  const problems: string[] = []
  return {
    client,
    namespace: namespace.name,
    problems,
    report: (message, about) => problems.push(`${message} ${JSON.stringify(about)}`),
    async close() {
      client.close()
      await namespace.close()
    },
  }
}

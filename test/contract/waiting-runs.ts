import { expect, it } from 'vitest'
import type { ApiClient } from '../../src/cluster/kubernetes/api-client.ts'
import { collectionPath, objectPath } from '../../src/cluster/kubernetes/resources.ts'
import type { KubernetesRuns } from '../../src/cluster/kubernetes/runs.ts'
import { FINALIZER } from '../../src/runs/objects.ts'
import { eventually } from '../support/local-cluster.ts'

/** What Runs say that no controller has taken in hand, on any API server. */
export function testWaitingRuns(
  api: string,
  open: () => Promise<{ client: ApiClient; namespace: string; runs: KubernetesRuns; close(): Promise<void> }>,
): void {
  it(`a Run that waits says why, and counts as one that has not begun, on ${api}`, async () => {
    const { client, namespace, runs, close } = await open()
    try {
      const ref = { namespace, name: 'waiting' }
      const body = { apiVersion: 'fusee.dev/v1alpha1', kind: 'Run', metadata: { name: ref.name }, spec: { repository: 'nowhere', workflow: 'any' } }
      await client.request({ method: 'POST', path: collectionPath('runs', namespace), body })
      await eventually('it is known', async () => (await runs.getRun(ref)) !== null)
      await runs.tellWaiting({ namespace, name: 'another' }, 'not meant')
      await runs.tellWaiting({ namespace, name: 'nowhere' }, 'there is no Repository nowhere')
      const read = () => client.request<{ metadata: { resourceVersion: string }; status?: object }>({ path: objectPath('runs', ref) })
      const said = await read()
      expect(said.status).toMatchObject({ phase: 'Pending', message: 'there is no Repository nowhere' })
      await runs.tellWaiting({ namespace, name: 'nowhere' }, 'there is no Repository nowhere')
      expect((await read()).metadata.resourceVersion).toBe(said.metadata.resourceVersion)

      const waiting = await runs.getRun(ref)
      expect(waiting).not.toHaveProperty('status')
      if (waiting === null) throw new Error('it is gone')
      const taken = { ...waiting, metadata: { ...waiting.metadata, finalizers: [FINALIZER] } }
      const begun = await runs.updateRun({ ...taken, status: { phase: 'Running', steps: [] } })
      expect((await read()).status).toMatchObject({ phase: 'Running' })
      expect((await read()).status).not.toHaveProperty('message')
      await runs.tellWaiting({ namespace, name: 'nowhere' }, 'it waits no more')
      expect((await read()).status).not.toHaveProperty('message')
      await runs.updateRun({ ...begun, metadata: { ...begun.metadata, finalizers: [] } })
    } finally {
      await close()
    }
  })
}

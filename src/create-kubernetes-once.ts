import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createApiClient } from './cluster/kubernetes/api-client.ts'
import type { Connection } from './cluster/kubernetes/connection.ts'
import { createKubernetesJobs } from './cluster/kubernetes/jobs.ts'
import { createLocalRunCluster } from './cluster/local/runs.ts'
import type { Report } from './controller/events.ts'
import type { OnceContext, OpenContext } from './create-context.ts'
import { withDataFolder } from './create-context.ts'
import { plainWriteSite } from './crash-points.ts'
import type { ObjectRef } from './runs/objects.ts'

/**
 * What `fusee run --runner kubernetes` works with: the Run lives in this process, its Jobs in a cluster, which needs to know nothing of Fusee. With
 * `close` they go, and their pods; it resolves when they are gone. Needs rights on Jobs, pods and logs of the namespace only.
 */
export async function createKubernetesOnce(connection: Connection, run: ObjectRef, report: Report): Promise<OpenContext<OnceContext>> {
  const dataFolder = await mkdtemp(path.join(tmpdir(), 'fusee-run-'))
  const reportProblem = (message: string, about: Record<string, unknown>): void => {
    report({ kind: 'RunnerProblem', message, about })
  }
  try {
    const open = await withDataFolder(dataFolder, async (folder, clock, random) => {
      const runs = await createLocalRunCluster(folder, { clock, random, report: reportProblem })
      const client = createApiClient(connection)
      const { namespace } = run
      const jobs = await createKubernetesJobs({ client, namespace, runsLive: 'InThisProcess', run: run.name, report: reportProblem })
      return {
        context: { clock, random, report, writeSite: plainWriteSite, runs, jobs },
        async close() {
          try {
            await jobs.removeAll(run)
          } finally {
            await jobs.close()
          }
        },
      }
    })
    return {
      context: open.context,
      async close() {
        await open.close()
        await rm(dataFolder, { recursive: true, force: true })
      },
    }
  } catch (error) {
    await rm(dataFolder, { recursive: true, force: true })
    throw error
  }
}

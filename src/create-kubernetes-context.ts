import { randomUUID } from 'node:crypto'
import { hostname, tmpdir } from 'node:os'
import path from 'node:path'
import { createApiClient } from './cluster/kubernetes/api-client.ts'
import type { ApiClient, ApiRequest } from './cluster/kubernetes/api-client.ts'
import { connect } from './cluster/kubernetes/connection.ts'
import { createKubernetesJobs } from './cluster/kubernetes/jobs.ts'
import type { Lease } from './cluster/kubernetes/lease.ts'
import { contendForLease } from './cluster/kubernetes/lease.ts'
import { createKubernetesRuns } from './cluster/kubernetes/runs.ts'
import type { ReportProblem } from './cluster/listeners.ts'
import { NotLeaderError } from './cluster/ports.ts'
import type { Context } from './context.ts'
import type { Report } from './controller/events.ts'
import { writeSiteOf } from './create-context.ts'
import { followClusterRepositories } from './follow-cluster.ts'
import { gitFolderOf, sweepGitFolders } from './sweep-git-folders.ts'
import { createSystemClock, createSystemRandom } from './system-clock.ts'

const LEASE_NAME = 'fusee'
/** Service account that the manifests give to the controller; in its own namespace no step may run as it. */
const OWN_SERVICE_ACCOUNT = 'fusee'

/** A controller's place in a cluster. */
export interface KubernetesContext {
  context: Context
  /** Where the API server is, for people. */
  server: string
  /** Null for all namespaces. */
  namespace: string | null
  /** Nothing is written before it is acquired, nor after it is lost. */
  lease: Lease
  /** Begins to open Repositories; to be called by the lease's holder. */
  start(): void
  close(): Promise<void>
}

/** What `fusee serve --runner kubernetes` was asked for. */
export interface KubernetesServeConfig {
  /** Only this namespace; null for all. */
  namespace: string | null
  /** For what was fetched; null for a folder below the system's temporary one. */
  dataFolder: string | null
}

/**
 * Everything that a controller on a cluster works with; resolves when what the cluster holds has been read, and only then contends for the lease.
 * Rejects with an Error that says what to do, or when it is told to stop before; nothing of it goes on then.
 */
export async function createKubernetesContext(
  config: KubernetesServeConfig,
  env: Readonly<Record<string, string | undefined>>,
  report: Report,
  stop: AbortSignal,
): Promise<KubernetesContext> {
  const connection = await connect(env)
  const { namespace } = config
  const dataFolder = config.dataFolder ?? path.join(tmpdir(), 'fusee')
  await sweepGitFolders(dataFolder)
  const home = env['POD_NAMESPACE'] ?? namespace ?? connection.namespace ?? 'default'
  const reportProblem = (message: string, about: Record<string, unknown>): void => {
    report({ kind: 'RunnerProblem', message, about })
  }
  let lease: Lease | null = null
  const client = createApiClient(connection, (request) => {
    refuseUnlessHeld(request, lease)
  })
  const { system, runs, jobs } = await readCluster(client, namespace, reportProblem, stop).catch((error: unknown) => {
    connection.close()
    throw error
  })
  const held = contendForLease({
    client: createApiClient(connection),
    ref: { namespace: home, name: LEASE_NAME },
    identity: `${hostname()}_${randomUUID()}`,
    onError: (error) => {
      reportProblem('cannot reach the lease', { error: String(error) })
    },
  })
  lease = held
  const engine = { clock: createSystemClock(), random: createSystemRandom(), report, writeSite: writeSiteOf(env), runs, jobs }
  const repositories = followClusterRepositories({
    client,
    runs,
    context: engine,
    gitFolder: gitFolderOf(dataFolder, process.pid),
    clusterId: system.metadata.uid,
    ownServiceAccounts: [OWN_SERVICE_ACCOUNT],
    env,
  })
  return {
    context: { ...engine, repositories },
    server: connection.server.origin,
    namespace,
    lease: held,
    start: () => {
      repositories.start()
    },
    async close() {
      await repositories.close()
      await held.release()
      await Promise.all([runs.close(), jobs.close()])
      connection.close()
    },
  }
}

/** What the cluster holds; all of it or, when something fails, nothing that goes on. */
async function readCluster(client: ApiClient, namespace: string | null, report: ReportProblem, signal: AbortSignal) {
  const system = await client.request<{ metadata: { uid: string } }>({ path: '/api/v1/namespaces/kube-system', signal })
  const runs = await createKubernetesRuns({ client, namespace, report, signal })
  try {
    return { system, runs, jobs: await createKubernetesJobs({ client, namespace, runsLive: 'InTheCluster', report, signal }) }
  } catch (error) {
    await runs.close()
    throw error
  }
}

/** A controller that was paused and is not the leader any more does no harm: it finds out before it sends anything. */
function refuseUnlessHeld({ method = 'GET', path: place }: ApiRequest, lease: Lease | null): void {
  if (method !== 'GET' && lease?.isHeld() !== true) throw new NotLeaderError(`not the leader: ${method} ${place} was not sent`)
}

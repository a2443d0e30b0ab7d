import { createKubernetesJobs } from '../../src/cluster/kubernetes/jobs.ts'
import { createKubernetesRuns } from '../../src/cluster/kubernetes/runs.ts'
import { alwaysFollowed } from '../../src/context.ts'
import { createController, type Controller } from '../../src/controller/controller.ts'
import type { WriteSite } from '../../src/crash-points.ts'
import { statePolicy } from '../../src/definitions/policy/policy.ts'
import { createSimulatedGit, type SimulatedGit } from '../../src/git/simulated.ts'
import { createSystemClock, createSystemRandom } from '../../src/system-clock.ts'
import { startFaultProxy, type FaultOptions, type FaultProxy } from './fake-api/fault-proxy.ts'
import type { PodBehaviour } from './fake-api/node-agent.ts'
import { REPOSITORIES } from './fake-api/resources.ts'
import { clientFor } from './fake-cluster.ts'
import { startFakeApi, type FakeApi } from './fake-api/server.ts'
import type { StoreEvent } from './fake-api/store.ts'

/** The whole controller on the Kubernetes adapters, an API server in memory, and between them a proxy that does harm. */
export interface FaultyWorld {
  api: FakeApi
  proxy: FaultProxy
  git: SimulatedGit
  /** All that has happened in the cluster. */
  history: StoreEvent[]
  /** Starts a controller. There may be one at a time. */
  start(): Promise<ControllerLife>
  close(): Promise<void>
}

/** One controller, from its start to its end. */
export interface ControllerLife {
  controller: Controller
  /** Ends it as SIGKILL does: no write of its goes out any more, and nothing that it has begun is finished. */
  kill(): Promise<void>
  /** Ends it in peace. */
  stop(): Promise<void>
}

/** The followed Repository. */
export const FOLLOWED = { namespace: 'data', name: 'jobs' }

/** A world without commits. */
export async function createFaultyWorld(faults: FaultOptions, behaviour: PodBehaviour): Promise<FaultyWorld> {
  const api = await startFakeApi(behaviour)
  const proxy = await startFaultProxy(api.url, faults)
  const git = createSimulatedGit({ now: () => Date.now() })
  const history: StoreEvent[] = []
  api.store.subscribe((event) => history.push(event))
  api.store.create(REPOSITORIES, FOLLOWED.namespace, { metadata: { ...FOLLOWED }, spec: { url: 'https://git.example.com/acme/jobs.git' } })
  return {
    api,
    proxy,
    git,
    history,
    start: () => startLife(proxy, git),
    async close() {
      await proxy.close()
      await api.close()
    },
  }
}

async function startLife(proxy: FaultProxy, git: SimulatedGit): Promise<ControllerLife> {
  let isDead = false
  const client = clientFor(proxy.url, () => {
    if (isDead) throw new Error('this controller is dead')
  })
  const problem = (): void => undefined
  const runs = await createKubernetesRuns({ client, namespace: null, report: problem })
  const jobs = await createKubernetesJobs({ client, namespace: null, runsLive: 'InTheCluster', report: problem })
  const { source, status } = git.open()
  const writeSite: WriteSite = (_point, write) => (isDead ? new Promise(() => undefined) : write())
  const settings = {
    ref: FOLLOWED,
    url: 'https://git.example.com/acme/jobs.git',
    path: 'workflows',
    intervalSeconds: 1,
    historyIntervalSeconds: 0,
    suspend: false,
    maxParallelSteps: 50,
    policy: statePolicy({}, FOLLOWED.namespace, { serviceAccounts: [], secrets: [] }),
    vars: {},
  }
  const controller = createController({
    clock: createSystemClock(),
    random: createSystemRandom(),
    report: () => undefined,
    writeSite,
    runs,
    jobs,
    repositories: alwaysFollowed([{ settings, source, status, owner: 'the one controller' }]),
  })
  controller.start()
  const close = async (): Promise<void> => {
    await Promise.all([runs.close(), jobs.close()])
    client.close()
  }
  return {
    controller,
    async kill() {
      isDead = true
      void controller.drain()
      await close()
    },
    async stop() {
      await controller.drain()
      await close()
    },
  }
}

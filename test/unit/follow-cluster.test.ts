import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createKubernetesJobs } from '../../src/cluster/kubernetes/jobs.ts'
import { createKubernetesRuns, type KubernetesRuns } from '../../src/cluster/kubernetes/runs.ts'
import type { ControllerEvent } from '../../src/controller/events.ts'
import type { ClusterRepositories } from '../../src/follow-cluster.ts'
import { followClusterRepositories } from '../../src/follow-cluster.ts'
import { FINALIZER } from '../../src/runs/objects.ts'
import { createVirtualClock } from '../../src/simulation/virtual-clock.ts'
import { createSystemRandom } from '../../src/system-clock.ts'
import { REPOSITORIES, RUNS } from '../support/fake-api/resources.ts'
import { openFakeCluster, type FakeCluster } from '../support/fake-cluster.ts'
import { eventually } from '../support/local-cluster.ts'
import { scriptedPods } from '../support/scripted-pods.ts'

const REF = { namespace: 'data', name: 'jobs' }

let cluster: FakeCluster
let runs: KubernetesRuns
let repositories: ClusterRepositories
let closeJobs: () => Promise<void>
let events: ControllerEvent[]
const clock = createVirtualClock(Date.parse('2030-01-01T00:00:00Z'))

beforeEach(async () => {
  events = []
  cluster = await openFakeCluster(scriptedPods)
  cluster.api.store.create(REPOSITORIES, REF.namespace, { metadata: { ...REF }, spec: { url: 'https://git.example.com/acme/jobs.git' } })
  const options = { client: cluster.client, namespace: null, report: () => undefined }
  runs = await createKubernetesRuns(options)
  const jobs = await createKubernetesJobs({ ...options, runsLive: 'InTheCluster' })
  closeJobs = () => jobs.close()
  repositories = followClusterRepositories({
    client: cluster.client,
    runs,
    context: {
      clock,
      random: createSystemRandom(),
      report: (event) => events.push(event),
      writeSite: (_point, write) => write(),
      runs,
      jobs,
    },
    gitFolder: await mkdtemp(path.join(tmpdir(), 'fusee-follow-')),
    clusterId: 'c',
    ownServiceAccounts: [],
    env: {},
  })
  repositories.start()
})
afterEach(async () => {
  await repositories.close()
  await Promise.all([runs.close(), closeJobs()])
  await cluster.close()
})

/** Until it holds; what the controller waits for comes by the way. */
async function when(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  await eventually(what, async () => {
    await clock.runUntil(clock.now() + 1)
    return holds()
  })
}

/** A Run that a controller has taken in hand. */
function takenRun(name: string, phase: 'Running' | 'Finished'): void {
  const { store } = cluster.api
  const spec = { repository: REF.name, workflow: 'any', trigger: { kind: 'Manual', key: name } }
  const labels = { 'app.kubernetes.io/managed-by': 'fusee' }
  store.create(RUNS, REF.namespace, {
    metadata: { name, namespace: REF.namespace, labels, finalizers: [FINALIZER] },
    spec,
    status: { phase, steps: [] },
  })
}

it('starts nothing more of a Repository that is gone, ends its runs, and lets them go unrecorded after a minute, with their names', async () => {
  takenRun('active', 'Running')
  takenRun('ended', 'Finished')
  await when('all are known', async () => repositories.current().length === 1 && (await runs.listRuns()).length === 2)
  cluster.api.store.delete({ resource: REPOSITORIES, ...REF }, {})
  await when('it is let go of', () => repositories.current()[0]?.settings.suspend === true)
  expect(repositories.current()[0]?.settings).toMatchObject({ suspend: true, historyIntervalSeconds: 0 })
  await when('what runs is ended', () => cluster.api.store.list(RUNS).some(({ metadata }) => metadata.deletionTimestamp !== undefined))
  expect(cluster.api.store.list(RUNS).map(({ metadata }) => [metadata.name, metadata.deletionTimestamp !== undefined])).toEqual([
    ['active', true],
    ['ended', false],
  ])
  expect(events).toEqual([])
  await clock.runUntil(clock.now() + 60_000)
  await when('all of it is gone', () => repositories.current().length === 0 && cluster.api.store.list(RUNS).length === 0)
  expect(events).toMatchObject([
    { kind: 'HistoryFailed', repository: 'data/jobs', reason: 'RepositoryDeleted', message: expect.stringMatching(/: active, ended$/) as string },
  ])
})

import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { ApiClient, ApiRequest } from '../../src/cluster/kubernetes/api-client.ts'
import { ApiError } from '../../src/cluster/kubernetes/api-error.ts'
import { createKubernetesJobs, type KubernetesJobs } from '../../src/cluster/kubernetes/jobs.ts'
import { createKubernetesRuns, type KubernetesRuns } from '../../src/cluster/kubernetes/runs.ts'
import { updateCursors, withReady } from '../../src/controller/cursors.ts'
import type { ControllerEvent } from '../../src/controller/events.ts'
import { plainWriteSite } from '../../src/crash-points.ts'
import type { ClusterRepositories } from '../../src/follow-cluster.ts'
import { followClusterRepositories } from '../../src/follow-cluster.ts'
import { FINALIZER } from '../../src/runs/objects.ts'
import type { Cursors } from '../../src/runs/run.ts'
import { createVirtualClock } from '../../src/simulation/virtual-clock.ts'
import { createSystemRandom } from '../../src/system-clock.ts'
import { REPOSITORIES, RUNS, SECRETS } from '../support/fake-api/resources.ts'
import { openFakeCluster, type FakeCluster } from '../support/fake-cluster.ts'
import { createSecret } from '../support/create-secret.ts'
import { eventually } from '../support/local-cluster.ts'
import { scriptedPods } from '../support/scripted-pods.ts'

const REF = { namespace: 'data', name: 'jobs' }

let cluster: FakeCluster
let runs: KubernetesRuns
let repositories: ClusterRepositories
let jobs: KubernetesJobs
let events: ControllerEvent[]
let gitFolder: string
let mayReadSecrets: boolean
let mayWriteRuns: boolean
let problems: string[]
const clock = createVirtualClock(Date.parse('2030-01-01T00:00:00Z'))

beforeEach(async () => {
  events = []
  mayReadSecrets = true
  mayWriteRuns = true
  problems = []
  cluster = await openFakeCluster(scriptedPods)
  cluster.api.store.create(REPOSITORIES, REF.namespace, { metadata: { ...REF }, spec: { url: 'https://git.example.com/acme/jobs.git' } })
  const report = (message: string, about: object) => problems.push(`${message} ${JSON.stringify(about)}`)
  const options = { client: { ...cluster.client, request }, namespace: null, report }
  runs = await createKubernetesRuns(options)
  jobs = await createKubernetesJobs({ ...options, runsLive: 'InTheCluster' })
  repositories = await follow()
  repositories.start()
})

/** Whom the API server allows what is not in the one in memory. */
const request: ApiClient['request'] = async <T>(asked: ApiRequest) => {
  if (!mayReadSecrets && asked.path.includes('/secrets/')) throw new ApiError(`GET ${asked.path}`, 403, { message: 'secrets is forbidden' })
  if (!mayWriteRuns && /runs.*status/.test(asked.path)) throw new ApiError(`PUT ${asked.path}`, 403, { message: 'runs is forbidden' })
  return cluster.client.request<T>(asked)
}

/** Another life of what follows Repositories. */
async function follow(): Promise<ClusterRepositories> {
  gitFolder = await mkdtemp(path.join(tmpdir(), 'fusee-follow-'))
  return followClusterRepositories({
    client: { ...cluster.client, request },
    runs,
    context: {
      clock,
      random: createSystemRandom(),
      report: (event) => events.push(event),
      writeSite: (_point, write) => write(),
      runs,
      jobs,
    },
    gitFolder,
    clusterId: 'c',
    ownServiceAccounts: [],
    env: {},
  })
}

afterEach(async () => {
  await repositories.close()
  await Promise.all([runs.close(), jobs.close()])
  await cluster.close()
})

/** Until it holds; what the controller waits for comes by the way. */
async function when(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  await eventually(what, async () => {
    await clock.runUntil(clock.now() + 1)
    return holds()
  })
}

/** The same, of what comes with the minutes. */
async function afterAMinute(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  await eventually(what, async () => {
    await clock.runUntil(clock.now() + 60_000)
    return holds()
  })
}

/** Somebody changes the Repository. */
function putSpec(spec: Record<string, unknown>, generation: number): void {
  const { store } = cluster.api
  const object = store.get({ resource: REPOSITORIES, ...REF })
  store.put(REPOSITORIES, { ...object, metadata: { ...object?.metadata, generation }, spec })
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

it('names the runs of a Repository that it has never followed, which go unrecorded', async () => {
  cluster.api.store.delete({ resource: REPOSITORIES, ...REF }, {})
  takenRun('ended', 'Finished')
  await when('it is known', async () => (await runs.listRuns()).length === 1)
  await repositories.close()
  repositories = await follow()
  repositories.start()
  await when('it is gone', () => cluster.api.store.list(RUNS).length === 0)
  expect(events).toMatchObject([
    { kind: 'HistoryFailed', reason: 'RepositoryDeleted', message: expect.stringMatching(/could not be recorded.*: ended$/) as string },
  ])
})

it('knows of a Repository that cannot be followed', async () => {
  putSpec({ url: 'https://git.example.com/acme/jobs.git', secretRef: { name: 'nowhere' } }, 2)
  await when('it is let go of', () => events.some(({ kind }) => kind === 'LookFailed'))
  expect([repositories.current(), repositories.exists('data/jobs'), repositories.exists('data/nobody')]).toEqual([[], true, false])
})

it('goes on with a Repository whose Secret it may not read for a while', async () => {
  await createSecret(cluster.client, REF.namespace, { name: 'git', value: 'some' })
  putSpec({ url: 'https://git.example.com/acme/jobs.git', webhookSecretRef: { name: 'git' } }, 2)
  await when('it is followed', () => repositories.current().some(({ webhookSecrets }) => webhookSecrets !== undefined))
  mayReadSecrets = false
  putSpec({ url: 'https://git.example.com/acme/jobs.git', secretRef: { name: 'git' } }, 3)
  await when('it is told', () => events.some(({ kind }) => kind === 'ReconcileFailed'))
  expect(repositories.current()).toHaveLength(1)
})

it('goes on with a Repository whose Secret has gone, says so, and takes the new one when it is there', async () => {
  const secret = { resource: SECRETS, namespace: REF.namespace, name: 'git' }
  const spec = { url: 'https://git.example.com/acme/jobs.git', secretRef: { name: 'git' } }
  const trouble = () => repositories.current().map(({ settings }) => settings.trouble)
  const ready = async () => (await runs.readCursors(REF))?.conditions.find(({ type }) => type === 'Ready')
  await createSecret(cluster.client, REF.namespace, { name: 'git', value: 'some', key: 'password' })
  putSpec(spec, 2)
  await when('it is followed', () => repositories.current()[0]?.settings.generation === 2)
  cluster.api.store.delete(secret, {})
  await afterAMinute('it is told', async () => (await ready()) !== undefined)
  expect(await ready()).toMatchObject({ status: 'False', reason: 'CannotBeOpened' })
  expect(trouble()).toEqual([(await ready())?.message])
  expect(trouble()[0]).toMatch(/^no Secret git in namespace data: /)

  const own = () => repositories.current().map(({ settings }) => settings.policy.own.secrets.join())
  expect(own()).toEqual(['git'])
  const other = { namespace: REF.namespace, name: 'other' }
  const hooked = { url: 'https://git.example.com/acme/other.git', webhookSecretRef: { name: 'hook' } }
  cluster.api.store.create(REPOSITORIES, other.namespace, { metadata: { ...other }, spec: hooked })
  await afterAMinute('what another one names is refused to it all the same', () => own().join(' ') === 'git,hook git,hook')
  cluster.api.store.delete({ resource: REPOSITORIES, ...other }, {})
  await afterAMinute('it is alone', () => own().join(' ') === 'git')
  expect(events.filter(({ kind }) => kind === 'LookFailed')).toHaveLength(1)

  await createSecret(cluster.client, REF.namespace, { name: 'git', value: 'other', key: 'password' })
  await afterAMinute('it is as it should be', () => trouble().length === 1 && trouble()[0] === undefined)

  cluster.api.store.delete(secret, {})
  putSpec({ ...spec, policy: { secrets: ['any'] } }, 3)
  await when('what it was before does not hold for another one', () => repositories.current().length === 0)
})

it('says of a Repository whose Secret it may not read that it is not Ready, and why', async () => {
  mayReadSecrets = false
  const other = { namespace: REF.namespace, name: 'other' }
  const spec = { url: 'https://git.example.com/acme/other.git', secretRef: { name: 'git' } }
  cluster.api.store.create(REPOSITORIES, other.namespace, { metadata: { ...other }, spec })
  const ready = async () => (await runs.readCursors(other))?.conditions.find(({ type }) => type === 'Ready')
  await when('it is told', async () => (await ready()) !== undefined)
  expect(await ready()).toMatchObject({ status: 'False', reason: 'CannotBeOpened' })
  expect((await ready())?.message).toMatch(/^the controller may not read the Secret git of namespace data: .*403/)
  await when('nobody waits for it', () => repositories.isSettled())
})

it('says of which generation the condition Ready speaks, whatever else is written meanwhile', async () => {
  const observed = () =>
    (cluster.api.store.get({ resource: REPOSITORIES, ...REF }) as { status?: { observedGeneration?: number } } | null)?.status?.observedGeneration
  const write = (change: (cursors: Cursors) => Cursors) => updateCursors({ runs, writeSite: plainWriteSite }, REF, change)
  await when('it is followed', () => repositories.current()[0]?.settings.generation === 1)
  await write((cursors) => withReady(cursors, 1, { status: 'True', reason: 'Followed', message: '' }, clock.now()))
  expect(observed()).toBe(1)
  putSpec({ url: 'https://git.example.com/acme/jobs.git', interval: '5m' }, 2)
  await when('the change counts', () => repositories.current()[0]?.settings.generation === 2)
  await write((cursors) => ({ ...cursors, lastCommit: 'c' }))
  expect(observed()).toBe(1)
  putSpec({ url: 'file:///nowhere' }, 3)
  await when('it is refused', () => observed() === 3)
})

it('lets a Run go that is deleted while it is held for a Repository that is not there', async () => {
  const { store } = cluster.api
  await when('it is settled', () => repositories.isSettled())
  store.create(RUNS, REF.namespace, {
    metadata: { name: 'copy', namespace: REF.namespace, finalizers: [FINALIZER] },
    spec: { repository: 'nowhere', workflow: 'any' },
  })
  await when('it is known', async () => (await runs.listRuns()).length === 1)
  store.delete({ resource: RUNS, namespace: REF.namespace, name: 'copy' }, {})
  await when('it is gone', () => store.list(RUNS).length === 0)
})

it('lets a Run say that there is no such Repository, or that it cannot be followed', async () => {
  const { store } = cluster.api
  const status = () => store.get({ resource: RUNS, namespace: REF.namespace, name: 'early' })?.['status'] as { message?: string } | undefined
  store.create(RUNS, REF.namespace, { metadata: { name: 'early', namespace: REF.namespace }, spec: { repository: 'late', workflow: 'any' } })
  await when('it says so', () => status() !== undefined)
  expect(status()).toMatchObject({ phase: 'Pending', message: 'there is no Repository late in namespace data' })
  expect((await runs.listRuns())[0]?.status).toBeUndefined()

  store.create(REPOSITORIES, REF.namespace, { metadata: { namespace: REF.namespace, name: 'late' }, spec: { url: 'file:///nowhere' } })
  await when(
    'it says what is wrong',
    () => status()?.message?.startsWith('the Repository late cannot be followed: file:///nowhere is a folder') === true,
  )

  const late = store.get({ resource: REPOSITORIES, namespace: REF.namespace, name: 'late' })
  store.put(REPOSITORIES, { ...late, metadata: { ...late?.metadata, generation: 2 }, spec: { url: 'https://git.example.com/acme/late.git' } })
  await when('it waits for the look', () => status()?.message === 'waits until the Repository late is Ready: its conditions say more')
})

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
    {
      kind: 'HistoryFailed',
      repository: 'data/jobs',
      reason: 'RepositoryDeleted',
      message: expect.stringMatching(/could not be recorded, so they go without: active, ended$/) as string,
    },
  ])
})

it('deletes what was fetched of a Repository when its URL changes and when it is gone, and nothing else', async () => {
  const { store } = cluster.api
  await when('it is followed', () => repositories.current().length === 1)
  const uid = store.get({ resource: REPOSITORIES, ...REF })?.metadata.uid
  const folderOf = (url: string): string =>
    `data.jobs-${createHash('sha256')
      .update(JSON.stringify([uid, url, '']))
      .digest('hex')
      .slice(0, 16)}`
  const [first, second] = ['https://git.example.com/acme/jobs.git', 'https://git.example.com/acme/moved.git'] as const
  for (const name of [folderOf(first), folderOf(second), 'data.other-0123456789abcdef'])
    await mkdir(path.join(gitFolder, name, 'source'), { recursive: true })

  putSpec({ url: first, interval: '5m' }, 2)
  await when('the interval counts', () => repositories.current()[0]?.settings.intervalSeconds === 300)
  expect(await readdir(gitFolder)).toHaveLength(3)

  putSpec({ url: second }, 3)
  await when('that of the former URL is gone', async () => (await readdir(gitFolder)).length === 2)
  expect(await readdir(gitFolder)).toContain(folderOf(second))

  store.delete({ resource: REPOSITORIES, ...REF }, {})
  await when('that of the Repository is gone', async () => (await readdir(gitFolder)).length === 1)
  expect(await readdir(gitFolder)).toEqual(['data.other-0123456789abcdef'])
})

it('is settled also when a Run cannot be told why it waits', async () => {
  const { store } = cluster.api
  await repositories.close()
  mayWriteRuns = false
  store.create(RUNS, REF.namespace, { metadata: { name: 'early', namespace: REF.namespace }, spec: { repository: 'late', workflow: 'any' } })
  store.create(REPOSITORIES, REF.namespace, { metadata: { namespace: REF.namespace, name: 'late' }, spec: { url: 'file:///nowhere' } })
  await when('all are known', async () => (await runs.listRuns()).length === 1 && [...runs.repositories.all()].length === 2)
  repositories = await follow()
  repositories.start()
  await when('it is told', () => problems.length > 0)
  expect(problems[0]).toMatch(/^cannot write why a run waits .*"early".*403/)
  await when('nobody waits for it', () => repositories.isSettled())
})

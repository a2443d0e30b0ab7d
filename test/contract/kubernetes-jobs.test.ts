import { describe, expect, it } from 'vitest'
import type { ApiClient, ApiRequest } from '../../src/cluster/kubernetes/api-client.ts'
import { createKubernetesJobs } from '../../src/cluster/kubernetes/jobs.ts'
import { ApiError } from '../../src/cluster/kubernetes/api-error.ts'
import { JobRefusedError, UnsupportedJobError } from '../../src/cluster/ports.ts'
import type { Container } from '../../src/definitions/container.ts'
import type { Job, StoredJob } from '../../src/runs/objects.ts'
import { FINALIZER, LABELS } from '../../src/runs/objects.ts'
import { NAMESPACE_ANNOTATION, SOURCE_ANNOTATION } from '../../src/runs/render-job.ts'
import type { PodBehaviour } from '../support/fake-api/node-agent.ts'
import { openFakeCluster } from '../support/fake-cluster.ts'
import { eventually } from '../support/local-cluster.ts'
import { createSecret } from '../support/create-secret.ts'
import { testJobCluster } from './job-cluster.ts'

/** Nothing runs here: the command says what would happen. */
const words = (...command: string[]): Container => ({ command })

const SECRET = { name: 'db', value: 'correct horse battery' }

const LASTING_MS = 3_600_000

/** Reads back what a container was told to do. */
const behaviour: PodBehaviour = (_pod, { command = [] }, attempt) => {
  const [kind, code = '0', log = ''] = command
  const plain = { runMs: 1, exitCode: Number(code), log, termMs: 0 }
  if (kind === 'last') return { ...plain, runMs: LASTING_MS }
  if (kind === 'resist') return { ...plain, runMs: LASTING_MS, termMs: LASTING_MS }
  if (kind === 'fail-once') return { ...plain, exitCode: attempt === 0 ? 1 : 0, log: attempt === 0 ? 'first try\n' : 'second try\n' }
  return kind === 'leave' ? { ...plain, message: log } : plain
}

testJobCluster('an API server in memory', async () => {
  const { client, namespace, close } = await openFakeCluster(behaviour)
  await createSecret(client, namespace, SECRET)
  const jobs = await createKubernetesJobs({ client, namespace, report: () => undefined, runsLive: 'InTheCluster' })
  return {
    jobs,
    namespace,
    ending: (exitCode, output = '') => words('end', String(exitCode), output),
    lasting: () => words('last'),
    stubborn: () => words('resist'),
    failingOnce: () => words('fail-once'),
    leaving: (exitCode, text) => words('leave', String(exitCode), text),
    secret: SECRET,
    unsupported: [],
    async close() {
      await jobs.close()
      await close()
    },
  }
})

it('refuses a Job that wants the repository in its pods, and says what to do', async () => {
  const { client, namespace, close } = await openFakeCluster(behaviour)
  const jobs = await createKubernetesJobs({ client, namespace, report: () => undefined, runsLive: 'InTheCluster' })
  const template = { metadata: { annotations: { [SOURCE_ANNOTATION]: 'true' } }, spec: { containers: [{ name: 'step', image: 'busybox' }] } }
  const refusal = jobs.createJob({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'a', namespace }, spec: { template } })
  await expect(refusal).rejects.toThrow(UnsupportedJobError)
  await expect(refusal).rejects.toThrow(/^source: .* Take "source" out/)
  await jobs.close()
  await close()
})

it('tells a Job that may not be made as things are from one that may have been', async () => {
  const { client, namespace, close } = await openFakeCluster(behaviour)
  let error: Error = new ApiError('POST jobs', 403, { message: 'exceeded quota: small' })
  const request: ApiClient['request'] = (asked) => (asked.method === 'POST' ? Promise.reject(error) : client.request(asked))
  const jobs = await createKubernetesJobs({ client: { ...client, request }, namespace, report: () => undefined, runsLive: 'InTheCluster' })
  const job: Job = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'a', namespace }, spec: { template: { spec: { containers: [] } } } }
  await expect(jobs.createJob(job)).rejects.toThrow(new JobRefusedError('POST jobs: 403 exceeded quota: small'))
  for (const [status, message] of [
    [400, 'admission webhook "image.example.com" denied the request: not signed'],
    [422, `jobs.batch "a" is forbidden: ValidatingAdmissionPolicy 'signed' with binding 'all' denied request: not signed`],
  ] as const) {
    error = new ApiError('POST jobs', status, { message })
    await expect(jobs.createJob(job)).rejects.toThrow(JobRefusedError)
  }
  error = new ApiError('POST jobs', 422, { message: 'Job.batch "a" is invalid: spec.template: Required value' })
  await expect(jobs.createJob(job)).rejects.toThrow(UnsupportedJobError)
  error = new ApiError('POST jobs', 500, { message: 'etcdserver: request timed out' })
  await expect(jobs.createJob(job)).rejects.toBe(error)
  // One was, and its answer was lost: it counts for more than what a later try is told.
  await client.request({ method: 'POST', path: '/apis/batch/v1/namespaces/data/jobs', body: job })
  error = new ApiError('POST jobs', 403, { message: 'exceeded quota: small' })
  expect(await jobs.createJob(job)).toMatchObject({ kind: 'Exists', object: { metadata: { name: 'a' } } })
  await jobs.close()
  await close()
})

describe('a Job that is known to be over while the watch of its pods is behind', () => {
  const run = { namespace: 'data', name: 'nightly-1' }
  const job = ({ command }: Container, backoffLimit: number): Job => ({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'a', namespace: 'data', labels: { [LABELS.managedBy]: 'fusee', [LABELS.run]: run.name } },
    spec: {
      backoffLimit,
      template: { spec: { restartPolicy: 'Never', containers: [{ name: 'step', image: 'busybox', ...(command && { command }) }] } },
    },
  })
  const isPods = ({ path }: ApiRequest): boolean => path.endsWith('/pods')

  it.each([
    { title: 'one that succeeded', container: words('leave', '0', 'rows=3'), backoffLimit: 0, wantMessages: ['rows=3'] },
    { title: 'one that failed twice', container: words('leave', '4', 'no rows'), backoffLimit: 1, wantMessages: ['no rows', 'no rows'] },
  ])('shows its pods as they ended: $title', async ({ container, backoffLimit, wantMessages }) => {
    const { client, namespace, close } = await openFakeCluster(behaviour)
    let lists = 0
    const behind: ApiClient = {
      ...client,
      stream: (asked) => (isPods(asked) ? Promise.reject(new ApiError('watch', 500, {})) : client.stream(asked)),
      request: async <T>(asked: ApiRequest) => {
        if (isPods(asked) && asked.query?.['labelSelector']?.includes('controller-uid') && lists++ === 0) throw new ApiError('list', 503, {})
        return client.request<T>(asked)
      },
    }
    const jobs = await createKubernetesJobs({ client: behind, namespace, report: () => undefined, runsLive: 'InTheCluster' })
    await jobs.createJob(job(container, backoffLimit))
    await eventually('it is over', () => [...jobs.cache.all()].some(({ status }) => (status?.conditions ?? []).length > 0))
    await expect(jobs.observeJobs(run)).rejects.toThrow('list: 503')
    for (const [observation] of [await jobs.observeJobs(run), await jobs.observeJobs(run)]) {
      expect(observation?.pods.map(({ status }) => status.containerStatuses?.[0]?.state?.terminated?.message)).toEqual(wantMessages)
    }
    expect(lists).toBe(2)
    await jobs.close()
    await close()
  })
})

describe('a Job for another namespace', () => {
  const owner = { apiVersion: 'fusee.dev/v1alpha1', kind: 'Run', name: 'nightly-1', uid: 'a-uid', controller: true }
  const job: Job = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: 'a',
      namespace: 'data',
      annotations: { [NAMESPACE_ANNOTATION]: 'reports' },
      labels: { [LABELS.run]: 'nightly-1' },
      finalizers: [FINALIZER],
      ownerReferences: [owner],
    },
    spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'step', image: 'busybox', ...words('last') }] } } },
  }
  const run = { namespace: 'data', name: 'nightly-1' }

  async function open(options: { isAllowed: boolean; namespace: string | null }) {
    const { client, close } = await openFakeCluster(behaviour)
    // Whom the API server allows what is not in the one in memory.
    const request: ApiClient['request'] = async <T>(asked: ApiRequest) =>
      asked.path.endsWith('/subjectaccessreviews') ? ({ status: { allowed: options.isAllowed } } as T) : client.request<T>(asked)
    const jobs = await createKubernetesJobs({
      client: { ...client, request },
      namespace: options.namespace,
      report: () => undefined,
      runsLive: 'InTheCluster',
    })
    return {
      jobs,
      client,
      async close() {
        await jobs.close()
        await close()
      },
    }
  }

  it('is made there where that namespace allows it, and belongs to its run all the same', async () => {
    const { jobs, client, close } = await open({ isAllowed: true, namespace: null })
    const heard = new Set<string>()
    jobs.subscribe((event) => heard.add(`${event.kind} ${event.kind === 'Job' ? event.run.namespace : ''}`))
    const { object } = await jobs.createJob(job)
    const stored = await client.request<StoredJob>({ path: '/apis/batch/v1/namespaces/reports/jobs/a' })
    expect(stored.metadata.ownerReferences).toBeUndefined()
    expect(object.metadata).toMatchObject({ namespace: 'reports', ownerReferences: [owner] })
    await eventually('its pod runs', async () => (await jobs.observeJobs(run))[0]?.pods[0]?.status.phase === 'Running')
    expect(await jobs.createJob(job)).toMatchObject({ kind: 'Exists', object: { metadata: { uid: object.metadata.uid } } })
    expect([...heard]).toEqual(['Job data'])
    await jobs.stopJob(object)
    await jobs.releaseJob(object)
    await eventually('it is gone', async () => (await jobs.observeJobs(run)).length === 0)
    await close()
  })

  it.each([
    { title: 'that does not allow it', isAllowed: false, namespace: null, want: /^namespace reports: it does not let the namespace data make Jobs/ },
    { title: 'that is not followed', isAllowed: true, namespace: 'data', want: /^namespace reports: Fusee works in the namespace data alone here/ },
  ])('is refused in one $title', async ({ want, ...options }) => {
    const { jobs, close } = await open(options)
    await expect(jobs.createJob(job)).rejects.toThrow(want)
    await expect(jobs.createJob(job)).rejects.toThrow(UnsupportedJobError)
    expect(await jobs.observeJobs(run)).toEqual([])
    await close()
  })
})

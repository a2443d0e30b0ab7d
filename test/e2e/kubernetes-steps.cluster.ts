import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Pod, StoredJob } from '../../src/runs/objects.ts'
import type { RunStatus, StepStatus } from '../../src/runs/run.ts'
import { freePort } from '../support/free-port.ts'
import type { FuseeProcess } from '../support/fusee-process.ts'
import { startFusee, until } from '../support/fusee-process.ts'
import { importCommits, runGit } from '../support/git-program.ts'
import type { ServedRepository } from '../support/git-served.ts'
import { serveRepository } from '../support/git-served.ts'
import { kubectl } from '../support/kubectl.ts'
import { openTestNamespace, realApi, type TestNamespace } from '../support/real-cluster.ts'
import { removeFolder } from '../support/remove-folder.ts'

/* What a cluster does to steps: pods that cannot start, that are lost, suspended, deleted, over time. All of it side by side. */

/** It ignores SIGTERM, as the first process of a container does. */
const SIDECAR = 'initContainers: [{name: proxy, image: "busybox:1.36", restartPolicy: Always, command: [sleep, "600"]}]'

const STEPS: Record<string, string> = {
  'no-image': '{startTimeout: 15s, image: "nobody.example.com/such:1"}',
  'no-config': '{startTimeout: 15s, env: [{name: A, valueFrom: {configMapKeyRef: {name: nowhere, key: a}}}]}',
  'no-node': '{startTimeout: 2s, pod: {nodeSelector: {nobody: "has-it"}}}',
  'no-image-beside-sidecar': `{startTimeout: 30s, image: "nobody.example.com/such:1", pod: {terminationGracePeriodSeconds: 1, ${SIDECAR}}}`,
  'beside-sidecar': `{script: echo so it was; exit 3, pod: {terminationGracePeriodSeconds: 1, ${SIDECAR}}}`,
  'over-time': '{timeout: 15s, script: echo about to hang; sleep 600}',
  deleted: '{script: echo here; sleep 600}',
  interrupted: '{timeout: 60s, script: sleep 2}',
  told: '{env: [{name: PASSWORD, valueFrom: {secretKeyRef: {name: db, key: password}}}], script: echo "it is $PASSWORD"; exit 3}',
}

const QUEUED = `apiVersion: batch/v1
kind: Job
metadata: {name: queued, labels: {kueue.x-k8s.io/queue-name: nightly}}
spec:
  suspend: true
  template: {spec: {restartPolicy: Never, containers: [{name: main, image: "busybox:1.36", command: ["true"]}]}}
`

const INDEXED = 'indexed-with-a-name-that-leaves-no-room-for-numbers'

/** Its pods are lost all at once: the Job controller lets more and more time pass before it replaces one. */
const LOST = `apiVersion: batch/v1
kind: Job
spec:
  completions: 5
  parallelism: 5
  template:
    spec:
      restartPolicy: Never
      terminationGracePeriodSeconds: 0
      containers: [{name: main, image: "busybox:1.36", command: [sleep, "600"]}]
`

function workflow(name: string, step: string): string {
  return `apiVersion: fusee.dev/v1alpha1
kind: Workflow
metadata: {name: ${name}}
spec:
  defaults: {image: "busybox:1.36", script: "true", pod: {terminationGracePeriodSeconds: 0}}
  steps: [{name: only, ${step}}]
`
}

const files = {
  'jobs/queued.yaml': QUEUED,
  'jobs/lost.yaml': LOST,
  'jobs/replaced.yaml': QUEUED.replace('suspend: true', 'podReplacementPolicy: TerminatingOrFailed'),
  'jobs/indexed.yaml': QUEUED.replace('suspend: true', 'completionMode: Indexed\n  completions: 12\n  parallelism: 2'),
  [`workflows/${INDEXED}.yaml`]: workflow(INDEXED, 'manifest: jobs/indexed.yaml'),
  'workflows/replaced.yaml': workflow('replaced', 'manifest: jobs/replaced.yaml'),
  'workflows/lost.yaml': workflow('lost', 'manifest: jobs/lost.yaml'),
  'workflows/queued.yaml': workflow('queued', 'manifest: jobs/queued.yaml, startTimeout: 14s, timeout: 14s'),
  ...Object.fromEntries(Object.entries(STEPS).map(([name, step]) => [`workflows/${name}.yaml`, workflow(name, step.slice(1, -1))])),
}

describe.concurrent('steps on a real cluster', () => {
  const api = realApi()
  let namespace: TestNamespace
  let git: ServedRepository
  let folder: string
  let fusee: FuseeProcess
  let address: string

  beforeAll(async () => {
    namespace = await openTestNamespace(api)
    folder = await mkdtemp(path.join(tmpdir(), 'fusee-steps-'))
    git = await serveRepository()
    await importCommits(git.repository, [files])
    await kubectl(['create', 'secret', 'generic', 'db', '-n', namespace.name, '--from-literal=password=correct horse battery'])
    const spec = { url: git.url, interval: '1m', history: { interval: '0s' }, policy: { secrets: ['db'] } }
    await create({ apiVersion: 'fusee.dev/v1alpha1', kind: 'Repository', metadata: { name: 'jobs' }, spec })
    address = `127.0.0.1:${await freePort()}`
    const words = ['serve', '--runner=kubernetes', `--namespace=${namespace.name}`, '--output=json', `--listen=${address}`, `--data=${folder}`]
    fusee = startFusee(words, { POD_NAMESPACE: namespace.name })
    await kubectl(['wait', '--for=condition=Ready', 'frepo/jobs', '-n', namespace.name, '--timeout=60s'])
  })
  afterAll(async () => {
    await kubectl(['delete', 'frun', '--all', '-n', namespace.name])
    await fusee.stop()
    await git.close()
    await namespace.close()
    await removeFolder(folder)
  })

  const create = (object: object) => kubectl(['create', '-n', namespace.name, '-f', '-'], object)
  const read = async <T>(group: string, rest: string): Promise<T> =>
    (await api.request('GET', `${group}/namespaces/${namespace.name}/${rest}`)).body as T
  const log = (): string => fusee.lines.map((line) => JSON.stringify(line)).join('\n')

  /** What there is of a run, which is called like its workflow. */
  const podsOf = async (run: string) => (await read<{ items: Pod[] }>('/api/v1', `pods?labelSelector=fusee.dev/run=${run}`)).items
  const jobOf = async (run: string) => (await read<{ items: StoredJob[] }>('/apis/batch/v1', `jobs?labelSelector=fusee.dev/run=${run}`)).items[0]
  const stepOf = async (run: string) =>
    (await read<{ status?: { state: RunStatus } }>('/apis/fusee.dev/v1alpha1', `runs/${run}`)).status?.state?.steps[0]

  const start = (run: string) =>
    create({ apiVersion: 'fusee.dev/v1alpha1', kind: 'Run', metadata: { name: run }, spec: { repository: 'jobs', workflow: run } })

  async function found<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
    let seen: T | undefined
    await until(what, async () => (seen = await look()) !== undefined, log)
    return seen as T
  }

  const running = (run: string): Promise<Pod> => found(`a pod of ${run} runs`, async () => (await podsOf(run)).find((pod) => isRunning(pod)))

  async function finished(run: string): Promise<StepStatus | undefined> {
    await kubectl(['wait', '--for=condition=Finished', `frun/${run}`, '-n', namespace.name, '--timeout=90s'])
    return stepOf(run)
  }

  /** The Job may stay until retention takes it, its pods may not go on. */
  async function leavesNoPod(run: string): Promise<void> {
    await until(
      `no pod of ${run} is left`,
      async () => (await podsOf(run)).every(({ status }) => status.phase !== 'Running' && status.phase !== 'Pending'),
      log,
    )
  }

  it.each([
    { run: 'no-image', wantReason: /^(ErrImagePull|ImagePullBackOff)$/, wantMessage: /nobody\.example\.com\/such:1/ },
    { run: 'no-image-beside-sidecar', wantReason: /^(ErrImagePull|ImagePullBackOff)$/, wantMessage: /nobody\.example\.com\/such:1/ },
    { run: 'no-config', wantReason: /^CreateContainerConfigError$/, wantMessage: /configmap "nowhere" not found/ },
    { run: 'no-node', wantReason: /^Unschedulable$/, wantMessage: /node/ },
  ])('a pod that cannot start fails with its reason: $run', async ({ run, wantReason, wantMessage }) => {
    await start(run)
    const step = await finished(run)
    expect(step?.result).toBe('Failed')
    expect(step?.reason).toMatch(wantReason)
    expect(step?.message).toMatch(wantMessage)
    await leavesNoPod(run)
  })

  it('one that fails beside a sidecar has its own exit code and its own last lines', async () => {
    await start('beside-sidecar')
    const step = await finished('beside-sidecar')
    expect(step).toMatchObject({ result: 'Failed', reason: 'ExitCode', message: 'exited with 3', log: 'so it was\n' })
    await leavesNoPod('beside-sidecar')
  })

  it.each([
    { title: 'one that replaces its pods while they still end', run: 'replaced' },
    { title: 'an Indexed one with a long name, by which its hosts are called', run: INDEXED },
  ])('a Job that Kubernetes takes as it is written is made: $title', async ({ run }) => {
    await start(run)
    expect(await finished(run)).toMatchObject({ result: 'Succeeded' })
  })

  it('one that is over time has its last lines read before its pod goes', async () => {
    await start('over-time')
    expect(await finished('over-time')).toMatchObject({ result: 'Failed', reason: 'Timeout', log: 'about to hang\n' })
    await leavesNoPod('over-time')
  })

  it('one whose Job somebody deletes fails as JobDeleted, with its log, and its pod goes', async () => {
    await start('deleted')
    await running('deleted')
    await kubectl(['delete', 'job', '-l', 'fusee.dev/run=deleted', '--wait=false', '-n', namespace.name])
    expect(await finished('deleted')).toMatchObject({ result: 'Failed', reason: 'JobDeleted', log: 'here\n' })
    await leavesNoPod('deleted')
  })

  it('one that loses five pods by evictions is Disrupted', async () => {
    await start('lost')
    await until('all of them run', async () => (await podsOf('lost')).filter((pod) => isRunning(pod)).length === 5, log)
    const evictions = (await podsOf('lost')).map(({ metadata: { name } }) => {
      const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: namespace.name } }
      return api.request('POST', `/api/v1/namespaces/${namespace.name}/pods/${name}/eviction`, body)
    })
    expect((await Promise.all(evictions)).map(({ status }) => status)).toEqual([201, 201, 201, 201, 201])
    const step = await finished('lost')
    expect(step).toMatchObject({ result: 'Failed', reason: 'Disrupted' })
    expect(step?.attempts).toHaveLength(5)
    await leavesNoPod('lost')
  })

  it('a Job that a queue holds back keeps its label, waits beyond all time-outs, and goes on when it is let', async () => {
    await start('queued')
    await found('it is made', () => jobOf('queued'))
    // Theirs are longer than those of the one that waits.
    await Promise.all(['over-time', 'no-image'].map((run) => found(`${run} has begun`, () => stepOf(run))))
    await Promise.all(['over-time', 'no-image'].map(finished))
    expect(await stepOf('queued')).toMatchObject({ state: 'Running' })
    const job = await jobOf('queued')
    expect(job?.spec.suspend).toBe(true)
    expect(job?.metadata.labels).toMatchObject({ 'kueue.x-k8s.io/queue-name': 'nightly' })
    await kubectl(['patch', 'job', job?.metadata.name ?? '', '-n', namespace.name, '--type=merge', '-p', '{"spec":{"suspend":false}}'])
    expect(await finished('queued')).toMatchObject({ result: 'Succeeded' })
  })

  it('a Job that is suspended while it runs has not failed', async () => {
    await start('interrupted')
    const pod = await running('interrupted')
    const name = (await jobOf('interrupted'))?.metadata.name ?? ''
    await kubectl(['patch', 'job', name, '-n', namespace.name, '--type=merge', '-p', '{"spec":{"suspend":true}}'])
    await until('its pod is gone', async () => (await podsOf('interrupted')).length === 0, log)
    await until('it is seen to be held back', async () => (await stepOf('interrupted'))?.suspended !== undefined, log)
    expect(await stepOf('interrupted')).toMatchObject({ state: 'Running' })
    await kubectl(['patch', 'job', name, '-n', namespace.name, '--type=merge', '-p', '{"spec":{"suspend":false}}'])
    const step = await finished('interrupted')
    expect(step).toMatchObject({ result: 'Succeeded' })
    expect(step?.attempts.length).toBeGreaterThan(0)
    expect(step?.attempts.at(-1)?.pod).not.toBe(pod.metadata.name)
  })

  it('what it prints of a Secret is masked in its record and where its log is shown', async () => {
    await start('told')
    expect(await finished('told')).toMatchObject({ reason: 'ExitCode', log: 'it is ***\n' })
    // Records that are ready at the same time share a commit: its subject may not name this one.
    const record = () => runGit(git.repository, ['grep', '-h', 'it is', 'fusee/status', '--', 'history/told/*.json']).catch(() => '')
    await until('its record is there', async () => (await record()) !== '', log)
    expect(await record()).toContain('it is ***')
    const shown = await fetch(`http://${address}/api/v1/runs/${namespace.name}/told/logs`).then((response) => response.text())
    expect(shown).toContain('it is ***')
    expect(shown).not.toContain('horse')
  })
})

function isRunning({ status, metadata }: Pod): boolean {
  return status.phase === 'Running' && metadata.deletionTimestamp === undefined
}

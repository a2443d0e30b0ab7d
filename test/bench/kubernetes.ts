import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { ApiClient, WatchReader } from '../support/api-client.ts'
import { startFusee, until, type FuseeProcess } from '../support/fusee-process.ts'
import { importCommits } from '../support/git-program.ts'
import { serveRepository } from '../support/git-served.ts'
import { installKinds } from '../support/install-kinds.ts'
import { openTestNamespace, realApi } from '../support/real-cluster.ts'
import { removeFolder } from '../support/remove-folder.ts'

/*
 * What a step costs on a cluster, beside a plain client that watches pods and creates the next Job, and bare Jobs, in the same run. Meant for
 * nodes that only pretend to run pods: then all of it is the control plane and Fusee. `npm run bench:kubernetes`; FUSEE_BENCH_SCALE=0.1 makes
 * a tenth of the runs.
 */

const SCALE = Number(process.env['FUSEE_BENCH_SCALE'] ?? '1')
const STEPS = 30
/** Long enough that nothing of a step is still under way when its pod ends, as with real steps. */
const POD_MS = '400'
const ROUNDS = Math.max(3, Math.ceil(35 * SCALE))
const RUNS = Math.ceil(400 * SCALE)
const IN_FLIGHT = 32
const FINISHED = [1000, 10_000].map((count) => Math.ceil(count * SCALE))

const image = 'busybox:1.36'
const SLOW = { 'hollow/duration-ms': POD_MS }

/** A Job whose pod takes its time, on nodes that pretend. */
const MANIFEST = `apiVersion: batch/v1
kind: Job
metadata: {name: any}
spec: {template: {metadata: {annotations: {hollow/duration-ms: "${POD_MS}"}}, spec: {containers: [{name: step, image: "${image}", command: ["true"]}]}}}
`

const workflow = (name: string, steps: readonly string[], more = ''): string =>
  [
    'apiVersion: fusee.dev/v1alpha1',
    'kind: Workflow',
    `metadata: {name: ${name}}`,
    'spec:',
    '  retention: {succeeded: 1000000}',
    more,
    '  steps:',
    ...steps,
    '',
  ].join('\n')

interface Seen {
  /** When a pod of the Job was seen Succeeded, and when the Job itself was seen, by its name; ms. */
  succeededAt: Map<string, number>
  createdAt: Map<string, number>
}

interface World {
  api: ApiClient
  namespace: string
  jobs: string
  seen: Seen
}

/** Listens to pods and Jobs, and notes when each was seen first. */
function observe(api: ApiClient, namespace: string, onSucceeded: (job: string) => void): { seen: Seen; stop: () => void } {
  const seen: Seen = { succeededAt: new Map(), createdAt: new Map() }
  const note = (times: Map<string, number>, name: string): boolean => {
    if (times.has(name)) return false
    times.set(name, performance.now())
    return true
  }
  const hear = (reader: WatchReader, take: (object: Watched) => void): void => {
    reader.events.push = (...events) => {
      for (const { object } of events) take(object)
      return 0
    }
  }
  const pods = api.watch(`/api/v1/namespaces/${namespace}/pods?watch=true`)
  hear(pods, ({ metadata, status }) => {
    const job = metadata.labels?.['batch.kubernetes.io/job-name']
    if (status?.phase === 'Succeeded' && job !== undefined && note(seen.succeededAt, job)) onSucceeded(job)
  })
  const jobs = api.watch(`/apis/batch/v1/namespaces/${namespace}/jobs?watch=true`)
  hear(jobs, ({ metadata }) => void note(seen.createdAt, metadata.name))
  return {
    seen,
    stop() {
      pods.stop()
      jobs.stop()
    },
  }
}

interface Watched {
  metadata: { name: string; labels?: Record<string, string> }
  status?: { phase?: string }
}

function bareJob(name: string, annotations: Record<string, string> = {}): object {
  const spec = {
    backoffLimit: 0,
    template: { metadata: { annotations }, spec: { restartPolicy: 'Never', containers: [{ name: 'step', image, command: ['true'] }] } },
  }
  return { apiVersion: 'batch/v1', kind: 'Job', metadata: { name, labels: { bench: 'plain' } }, spec }
}

function runObject(name: string, of: string): object {
  return { apiVersion: 'fusee.dev/v1alpha1', kind: 'Run', metadata: { name }, spec: { repository: 'bench', workflow: of } }
}

/** Times from each predecessor's end to its successor's Job. */
function handOffs({ succeededAt, createdAt }: Seen, names: readonly string[]): number[] {
  return names.slice(1).map((name, index) => (createdAt.get(name) ?? NaN) - (succeededAt.get(names[index] ?? '') ?? NaN))
}

async function chainByFusee({ api, namespace, jobs, seen }: World, name: string): Promise<number[]> {
  await post(api, `/apis/fusee.dev/v1alpha1/namespaces/${namespace}/runs`, runObject(name, 'chain'))
  await finished(api, namespace, [name])
  const list = (await api.request('GET', `${jobs}?labelSelector=fusee.dev%2Frun%3D${name}`)).body as { items: { metadata: { name: string } }[] }
  const order = list.items
    .map(({ metadata }) => metadata.name)
    .sort((one, other) => (seen.createdAt.get(one) ?? 0) - (seen.createdAt.get(other) ?? 0))
  return handOffs(seen, order)
}

/** A client that watches pods and, when one has succeeded, makes the next Job: no less can be done. */
function plainChain({ api, jobs, seen }: World, listeners: Set<(job: string) => void>, name: string): Promise<number[]> {
  const names = Array.from({ length: STEPS }, (_, index) => `${name}-${index}`)
  return new Promise((resolve, reject) => {
    const next = (job: string): void => {
      const index = names.indexOf(job)
      if (index < 0) return
      const following = names[index + 1]
      if (following !== undefined) return void post(api, jobs, bareJob(following, SLOW)).catch(reject)
      listeners.delete(next)
      resolve(handOffs(seen, names))
    }
    listeners.add(next)
    post(api, jobs, bareJob(names[0] ?? '', SLOW)).catch(reject)
  })
}

async function post(api: ApiClient, to: string, body: object): Promise<void> {
  const { status, body: answer } = await api.request('POST', to, body)
  if (status !== 201) throw new Error(`${to}: ${status} ${JSON.stringify(answer).slice(0, 300)}`)
}

/** Does it to all, so many at a time. */
async function each<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const rest = [...items]
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      for (let item = rest.shift(); item !== undefined; item = rest.shift()) await act(item)
    }),
  )
}

/** Waits for the end of Runs by a watch of its own. */
async function finished(api: ApiClient, namespace: string, names: readonly string[]): Promise<void> {
  await ended(api, `/apis/fusee.dev/v1alpha1/namespaces/${namespace}/runs`, names, ({ status }) => status?.phase === 'Finished')
}

interface Ending {
  metadata: { name: string }
  status?: { phase?: string; conditions?: { type: string; status: string }[] }
}

async function ended(api: ApiClient, collection: string, names: readonly string[], isEnded: (object: Ending) => boolean): Promise<void> {
  const open = new Set(names)
  // A server ends watches of clients that are too slow for it.
  while (open.size > 0) {
    const reader = api.watch(`${collection}?watch=true&resourceVersion=0`)
    const done = new Promise<void>((resolve) => {
      reader.events.push = (...events) => {
        for (const { object } of events) if (isEnded(object)) open.delete(object.metadata.name)
        if (open.size === 0) resolve()
        return 0
      }
    })
    await Promise.race([done, reader.ended])
    reader.stop()
  }
}

async function bareRate({ api, jobs }: World, prefix: string): Promise<number> {
  const names = Array.from({ length: RUNS }, (_, index) => `${prefix}-${index}`)
  const startedAt = performance.now()
  const done = ended(api, jobs, names, ({ status }) => status?.conditions?.some(({ type }) => type === 'Complete') === true)
  await each(names, (name) => post(api, jobs, bareJob(name)))
  await done
  return (RUNS * 1000) / (performance.now() - startedAt)
}

async function fuseeRate({ api, namespace }: World, prefix: string): Promise<number> {
  const names = Array.from({ length: RUNS }, (_, index) => `${prefix}-${index}`)
  const startedAt = performance.now()
  const done = finished(api, namespace, names)
  await each(names, (name) => post(api, `/apis/fusee.dev/v1alpha1/namespaces/${namespace}/runs`, runObject(name, 'single')))
  await done
  return (RUNS * 1000) / (performance.now() - startedAt)
}

/** Requests that only Fusee makes, by verb and resource, as the API server counts them. */
async function countRequests(api: ApiClient): Promise<Map<string, number>> {
  const { body } = await api.request('GET', '/metrics')
  const counts = new Map<string, number>()
  for (const line of String(body).split('\n')) {
    if (!line.startsWith('apiserver_request_total{')) continue
    const label = (name: string): string => new RegExp(`[{,]${name}="([^"]*)"`).exec(line)?.[1] ?? ''
    const [verb, resource, subresource] = [label('verb'), label('resource'), label('subresource')]
    const isOurs = ['runs', 'repositories'].includes(resource) || (resource === 'jobs' && subresource === '' && !['LIST', 'WATCH'].includes(verb))
    if (!isOurs || verb === 'WATCH') continue
    const key = `${verb} ${resource}${subresource === '' ? '' : `/${subresource}`}`
    counts.set(key, (counts.get(key) ?? 0) + Number(line.slice(line.lastIndexOf(' '))))
  }
  return counts
}

function residentMegabytes({ pid }: FuseeProcess): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
}

/** Copies of a Run that has ended and is recorded. */
async function copyRuns(api: ApiClient, namespace: string, of: string, from: number, to: number): Promise<void> {
  const collection = `/apis/fusee.dev/v1alpha1/namespaces/${namespace}/runs`
  const model = (await api.request('GET', `${collection}/${of}`)).body as {
    metadata: { annotations?: object; labels?: object }
    spec: object
    status: object
  }
  const { annotations, labels } = model.metadata
  await each(
    Array.from({ length: to - from }, (_, index) => `copy-${from + index}`),
    async (name) => {
      const made = await api.request('POST', collection, {
        apiVersion: 'fusee.dev/v1alpha1',
        kind: 'Run',
        metadata: { name, annotations, labels },
        spec: model.spec,
      })
      const { metadata } = made.body as { metadata: object }
      await api.request('PUT', `${collection}/${name}/status`, {
        apiVersion: 'fusee.dev/v1alpha1',
        kind: 'Run',
        metadata,
        spec: model.spec,
        status: model.status,
      })
    },
  )
}

function figures(times: readonly number[]): { median: number; p99: number; count: number } {
  const sorted = [...times].sort((one, other) => one - other)
  const at = (share: number): number => Math.round((sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN) * 10) / 10
  return { median: at(0.5), p99: at(0.99), count: sorted.length }
}

const say = (line: string): void => void process.stdout.write(`${line}\n`)
const mean = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0) / numbers.length

installKinds()
const api = realApi()
const space = await openTestNamespace(api)
const namespace = space.name
const folder = await mkdtemp(path.join(tmpdir(), 'fusee-bench-'))
const git = await serveRepository()
const listeners = new Set<(job: string) => void>()
const { seen, stop } = observe(api, namespace, (job) => {
  for (const listener of [...listeners]) listener(job)
})
const world: World = { api, namespace, jobs: `/apis/batch/v1/namespaces/${namespace}/jobs`, seen }
const serve = (): FuseeProcess =>
  startFusee(['serve', '--runner=kubernetes', `--namespace=${namespace}`, '--output=json', '--listen=127.0.0.1:0', `--data=${folder}`], {
    POD_NAMESPACE: namespace,
  })
let fusee = serve()
try {
  say(`Kubernetes ${execFileSync('kubectl', ['version', '-o', 'json'], { encoding: 'utf8' }).match(/"gitVersion": "(v[^"]+)"[^]*$/)?.[1] ?? '?'}`)
  const steps = Array.from({ length: STEPS }, (_, index) => `    - {name: s${index}, manifest: jobs/step.yaml}`)
  await importCommits(git.repository, [
    {
      'workflows/chain.yaml': workflow('chain', steps, '  chain: true'),
      'workflows/single.yaml': workflow('single', [`    - {name: only, image: "${image}", command: ["true"]}`]),
      'jobs/step.yaml': MANIFEST,
    },
  ])
  const spec = { url: git.url, interval: '10s', history: { interval: '5s' }, policy: { maxParallelSteps: 1000 } }
  await post(api, `/apis/fusee.dev/v1alpha1/namespaces/${namespace}/repositories`, {
    apiVersion: 'fusee.dev/v1alpha1',
    kind: 'Repository',
    metadata: { name: 'bench' },
    spec,
  })
  await fusee.waitForLine('a first look', ({ msg }) => msg === 'definitions in force')

  await chainByFusee(world, 'warm-up')
  await plainChain(world, listeners, 'warm')
  const own: number[] = []
  const plain: number[] = []
  const before = await countRequests(api)
  const between = new Map<string, number>()
  for (let round = 0; round < ROUNDS; round++) {
    own.push(...(await chainByFusee(world, `chain-${round}`)))
    plain.push(...(await plainChain(world, listeners, `plain-${round}`)))
  }
  // The records are written, and the Jobs let go.
  await until('the finalizers are gone', async () => {
    const { items } = (await api.request('GET', world.jobs)).body as { items: { metadata: { finalizers?: string[] } }[] }
    return items.every(({ metadata }) => (metadata.finalizers ?? []).every((one) => !one.startsWith('fusee.dev')))
  })
  for (const [key, count] of await countRequests(api)) {
    const more = count - (before.get(key) ?? 0) - (key === 'POST jobs' ? ROUNDS * STEPS : 0)
    if (more > 0) between.set(key, more)
  }
  const requests = [...between.values()].reduce((sum, one) => sum + one, 0) / (ROUNDS * STEPS)
  say('hand-off, from the pod seen Succeeded to the next Job seen (ms)')
  console.table({ fusee: figures(own), 'plain client': figures(plain) })
  say(
    `API requests a step: ${requests.toFixed(2)} (${[...between].map(([key, count]) => `${key} ${(count / (ROUNDS * STEPS)).toFixed(2)}`).join(', ')})`,
  )

  const bare: number[] = []
  const runs: number[] = []
  for (const round of ['a', 'b']) {
    bare.push(await bareRate(world, `bare-${round}`))
    runs.push(await fuseeRate(world, `single-${round}`))
    say(`round ${round}: ${runs.at(-1)?.toFixed(1)} runs a second, ${bare.at(-1)?.toFixed(1)} bare Jobs a second`)
  }
  say(`one-step runs a second: ${mean(runs).toFixed(1)}, bare Jobs a second: ${mean(bare).toFixed(1)}, ratio ${(mean(runs) / mean(bare)).toFixed(2)}`)
  say(`resident after ${2 * RUNS + ROUNDS + 1} runs in one life: ${residentMegabytes(fusee).toFixed(0)} MB`)

  await until('the model is recorded', async () => {
    const { metadata } = (await api.request('GET', `/apis/fusee.dev/v1alpha1/namespaces/${namespace}/runs/single-a-0`)).body as {
      metadata: { finalizers?: string[] }
    }
    return (metadata.finalizers ?? []).length === 0
  })
  await fusee.stop()
  let copies = 0
  for (const count of FINISHED) {
    await copyRuns(api, namespace, 'single-a-0', copies, count)
    copies = count
    fusee = serve()
    await fusee.waitForLine('a look', ({ msg }) => msg === 'definitions in force')
    await new Promise((resolve) => setTimeout(resolve, 10_000))
    say(`resident of a new controller with ${count + 2 * RUNS + ROUNDS + 1} finished Runs: ${residentMegabytes(fusee).toFixed(0)} MB`)
    await fusee.stop()
  }
} finally {
  fusee.kill('SIGKILL')
  stop()
  await git.close()
  await space.close()
  await removeFolder(folder)
}

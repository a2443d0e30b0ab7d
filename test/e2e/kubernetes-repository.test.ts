import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { ApiClient } from '../support/api-client.ts'
import { plainClient } from '../support/api-client.ts'
import { JOBS, REPOSITORIES, RUNS } from '../support/fake-api/resources.ts'
import type { FakeApi } from '../support/fake-api/server.ts'
import { startFakeApi } from '../support/fake-api/server.ts'
import type { FuseeProcess } from '../support/fusee-process.ts'
import { startFusee, until } from '../support/fusee-process.ts'
import { importCommits, runGit } from '../support/git-program.ts'
import type { ServedRepository } from '../support/git-served.ts'
import { serveRepository } from '../support/git-served.ts'
import { writeKubeconfig } from '../support/plain-kubeconfig.ts'
import { scriptedPods } from '../support/scripted-pods.ts'
import { removeFolder } from '../support/remove-folder.ts'

const WORKFLOWS = {
  'workflows/quick.yaml': `apiVersion: fusee.dev/v1alpha1
kind: Workflow
metadata: {name: quick}
spec: {steps: [{name: only, image: "busybox:1.36", command: ["true"]}]}
`,
  'workflows/long.yaml': `apiVersion: fusee.dev/v1alpha1
kind: Workflow
metadata: {name: long}
spec:
  triggers: {push: {}}
  steps: [{name: only, image: "busybox:1.36", command: ["sleep", "600"]}]
`,
}

let api: FakeApi
let client: ApiClient
let git: ServedRepository
let folder: string
let fusee: FuseeProcess
beforeEach(async () => {
  api = await startFakeApi(scriptedPods)
  client = plainClient(api.url)
  git = await serveRepository()
  await importCommits(git.repository, [WORKFLOWS])
  folder = await mkdtemp(path.join(tmpdir(), 'fusee-deleted-'))
  fusee = startFusee(['serve', '--runner=kubernetes', '--namespace=data', '--output=json', '--listen=127.0.0.1:0', `--data=${folder}`], {
    KUBECONFIG: await writeKubeconfig(folder, api.url),
    POD_NAMESPACE: 'data',
  })
})
afterEach(async () => {
  fusee.kill('SIGKILL')
  await fusee.ended
  await api.close()
  await git.close()
  await removeFolder(folder)
})

const collection = (plural: string): string => `/apis/fusee.dev/v1alpha1/namespaces/data/${plural}`
const runObject = (name: string, workflow: string): object => ({
  apiVersion: 'fusee.dev/v1alpha1',
  kind: 'Run',
  metadata: { name },
  spec: { repository: 'jobs', workflow },
})

/** A Repository whose records wait for an hour, with a run that has ended and one that goes on. */
async function startBoth(): Promise<void> {
  await client.request('POST', collection('repositories'), {
    apiVersion: 'fusee.dev/v1alpha1',
    kind: 'Repository',
    metadata: { name: 'jobs' },
    spec: { url: git.url, interval: '1s', history: { interval: '1h' } },
  })
  await fusee.waitForLine('a first look', ({ msg }) => msg === 'definitions in force')
  await client.request('POST', collection('runs'), runObject('ended', 'quick'))
  await client.request('POST', collection('runs'), runObject('active', 'long'))
  await fusee.waitForLine('the end of one', ({ msg, run }) => msg === 'run finished' && run === 'ended')
  await until('a step of the other', async () => api.store.list(JOBS).some(({ metadata }) => metadata.name.startsWith('active-')))
}

async function recorded(): Promise<string[]> {
  const names = await runGit(git.repository, ['ls-tree', '-r', '--name-only', 'fusee/status']).catch(() => '')
  return names
    .split('\n')
    .flatMap((name) => /\/(\w+)\.json$/.exec(name)?.[1] ?? [])
    .filter((name) => ['ended', 'active'].includes(name))
    .sort()
}

const isAllGone = async (): Promise<boolean> => [RUNS, JOBS, REPOSITORIES].every((resource) => api.store.list(resource).length === 0)

it('ends and records the runs of a Repository that is deleted, starts nothing more of it, and lets go of everything', async () => {
  await startBoth()
  expect(await recorded()).toEqual([])
  await client.request('DELETE', `${collection('repositories')}/jobs`)
  await until('nothing is left', isAllGone)
  expect(await recorded()).toEqual(['active', 'ended'])
  expect(await runGit(git.repository, ['log', '--format=%B', 'fusee/status'])).toMatch(/Fusee-Run: active\n.*\n.*\n.*\nFusee-Result: Cancelled/)
  // Whoever makes the Repository again carries on from there.
  const overview = await runGit(git.repository, ['show', 'fusee/status:history/state/overview.json'])
  expect(overview).toContain(await runGit(git.repository, ['rev-parse', 'main']))
})

it('writes what has ended before it stops, whatever the interval of the history', async () => {
  await startBoth()
  expect(await fusee.stop()).toEqual({ code: 0, signal: null })
  expect(await recorded()).toEqual(['ended'])
})

it('offers the history of a Repository of the cluster for review as it does elsewhere', async () => {
  await client.request('POST', collection('repositories'), {
    apiVersion: 'fusee.dev/v1alpha1',
    kind: 'Repository',
    metadata: { name: 'jobs' },
    spec: { url: git.url, interval: '1s', history: { interval: '1s', review: { into: 'main' } } },
  })
  await fusee.waitForLine('a first look', ({ msg }) => msg === 'definitions in force')
  await client.request('POST', collection('runs'), runObject('ended', 'quick'))
  const review = async (): Promise<string> => runGit(git.repository, ['for-each-ref', '--format=%(refname)', 'refs/heads/fusee/review/'])
  const files = async (): Promise<string> => runGit(git.repository, ['diff', '--name-only', 'main', await review()]).catch(() => '')
  await until('a review holds the record', async () => /^history\/quick\/[\d/]+\/ended\.json$/m.test(await files()))
  expect(await files()).not.toMatch(/^(?!history\/)|\/state\//m)
  expect(await runGit(git.repository, ['rev-list', '--count', `main..${await review()}`])).toBe('1')
  const conditions = (): unknown => (api.store.list(REPOSITORIES)[0]?.status as { conditions?: unknown } | undefined)?.conditions
  await until('the Repository says so', async () => JSON.stringify(conditions()).includes('"ReviewOffered"'))
  expect(conditions()).toContainEqual(expect.objectContaining({ type: 'ReviewOffered', status: 'True' }))
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RepositoryObject } from '../../src/cluster/kubernetes/cursor-codec.ts'
import { decodeCursors, encodeCursors } from '../../src/cluster/kubernetes/cursor-codec.ts'
import type { Cursors } from '../../src/runs/run.ts'
import type { ApiAnswer } from '../support/api-client.ts'
import { openTestNamespace, realApi, type TestNamespace } from '../support/real-cluster.ts'

/* What the API server itself says of Repositories and Runs, before Fusee hears of them. */

const COMMIT = 'a'.repeat(40)

describe('our kinds on a real cluster', () => {
  const api = realApi()
  let namespace: TestNamespace
  beforeAll(async () => {
    namespace = await openTestNamespace(api)
  })
  afterAll(() => namespace.close())

  const path = (plural: string, rest = ''): string => `/apis/fusee.dev/v1alpha1/namespaces/${namespace.name}/${plural}${rest}`
  const create = (kind: 'Repository' | 'Run', name: string, spec: object): Promise<ApiAnswer> => {
    const body = { apiVersion: 'fusee.dev/v1alpha1', kind, metadata: { name }, spec }
    return api.request('POST', path(kind === 'Run' ? 'runs' : 'repositories', '?fieldValidation=Strict'), body)
  }
  const messageOf = ({ body }: ApiAnswer): string => (body as { message?: string }).message ?? ''

  const url = 'https://git.example.com/acme/jobs.git'
  const repositories: { title: string; spec: object; want: RegExp | null }[] = [
    { title: 'takes the least', spec: { url }, want: null },
    {
      title: 'takes all that the schema knows',
      spec: { url, ref: { branch: 'main' }, interval: '1m', policy: { podSecurity: 'restricted', secrets: ['db'] } },
      want: null,
    },
    { title: 'wants a URL', spec: {}, want: /spec\.url: Required value/ },
    {
      title: 'refuses a password in the URL',
      spec: { url: 'https://me:secret@git.example.com/a.git' },
      want: /put it into a Secret and name that in secretRef/,
    },
    { title: 'refuses a level that is none', spec: { url, policy: { podSecurity: 'Baseline' } }, want: /Unsupported value: "Baseline"/ },
    { title: 'refuses a field that nobody knows', spec: { url, intervall: '1m' }, want: /unknown field "spec\.intervall"/ },
    {
      title: 'refuses a history on the followed branch',
      spec: { url, ref: { branch: 'a' }, history: { branch: 'a' } },
      want: /must be another branch/,
    },
  ]
  it.each(repositories)('Repository: $title', async ({ title, spec, want }) => {
    const answer = await create('Repository', title.replaceAll(/[^a-z]+/gi, '-').toLowerCase(), spec)
    if (want === null) expect(answer.status, messageOf(answer)).toBe(201)
    else expect(messageOf(answer)).toMatch(want)
  })

  it.each([
    { spec: { url, verify: { mode: 'Head', secretRef: { name: 'trusted-keys' } } }, want: /verify is not supported by this version yet: remove it/ },
    { spec: { url, notifications: [{ type: 'Slack' }] }, want: /notifications is not supported by this version yet: remove it/ },
    { spec: { url, policy: { pullRequests: { secrets: [] } } }, want: /policy\.pullRequests is not supported by this version yet: remove it/ },
  ])('refuses what this version does not do, to clients that are not strict too: $want', async ({ spec, want }) => {
    const body = { apiVersion: 'fusee.dev/v1alpha1', kind: 'Repository', metadata: { generateName: 'later-' }, spec }
    const answer = await api.request('POST', path('repositories', '?fieldValidation=Ignore'), body)
    expect(answer.status).toBe(422)
    expect(messageOf(answer)).toMatch(want)
  })

  it.each([
    { trigger: { kind: 'Push' }, want: /Push needs branch/ },
    { trigger: { kind: 'Schedule', schedule: 'nightly' }, want: /Schedule needs schedule, tick/ },
    { trigger: { kind: 'PullRequest', number: 3 }, want: /of a kind that starts nothing/ },
    { trigger: { kind: 'Manual' }, want: null },
    { trigger: { kind: 'Schedule', schedule: 'nightly', tick: '2026-11-20T01:00:00Z' }, want: null },
  ])('Run: a trigger has what identifies it: $trigger', async ({ trigger, want }) => {
    const answer = await create(
      'Run',
      `with-${JSON.stringify(trigger)
        .replaceAll(/[^a-z]+/gi, '-')
        .toLowerCase()
        .slice(1, -1)}`,
      {
        repository: 'jobs',
        workflow: 'nightly',
        trigger,
      },
    )
    if (want === null) expect(answer.status, messageOf(answer)).toBe(201)
    else expect(messageOf(answer)).toMatch(want)
  })

  it('Run: takes what kubectl creates with the least', async () => {
    const answer = await create('Run', 'by-hand', {
      repository: 'jobs',
      workflow: 'nightly',
      params: { site: 'www.example.fi', deep: { list: [1, null] } },
    })
    expect(answer, messageOf(answer)).toMatchObject({
      status: 201,
      body: { spec: { params: { site: 'www.example.fi', deep: { list: [1, null] } } } },
    })
  })

  const changes: { title: string; spec: object; change: object; want: RegExp | null }[] = [
    { title: 'runs what it runs', spec: {}, change: { workflow: 'other' }, want: /what a Run runs does not change/ },
    { title: 'gets a commit', spec: {}, change: { commit: COMMIT }, want: null },
    { title: 'stays at its commit', spec: { commit: COMMIT }, change: { commit: 'b'.repeat(40) }, want: /stays at its commit/ },
    { title: 'is cancelled', spec: {}, change: { cancel: { by: 'me', reason: 'wrong' } }, want: null },
    { title: 'stays cancelled', spec: { cancel: { by: 'me', reason: 'wrong' } }, change: { cancel: null }, want: /cannot be taken back/ },
  ]
  it.each(changes)('Run: $title', async ({ title, spec, change, want }) => {
    const name = title.replaceAll(' ', '-')
    await create('Run', name, { repository: 'jobs', workflow: 'nightly', ...spec })
    const answer = await api.request('PATCH', path('runs', `/${name}`), { spec: change }, 'application/merge-patch+json')
    if (want === null) expect(answer.status, messageOf(answer)).toBe(200)
    else expect(messageOf(answer)).toMatch(want)
  })

  it('keeps a status to its own way in, and shows it in columns', async () => {
    await create('Run', 'shown', { repository: 'jobs', workflow: 'nightly' })
    const status = { phase: 'Finished', result: 'Succeeded', progress: '1/1', state: { anything: [1] } }
    const merge = (rest: string) => api.request('PATCH', path('runs', `/shown${rest}`), { status }, 'application/merge-patch+json')
    expect((await merge('')).body).not.toHaveProperty('status')
    expect((await merge('/status')).body).toMatchObject({ status })
    const { body } = await api.request('GET', '/apis/fusee.dev/v1alpha1')
    const resources = (body as { resources: { name: string; shortNames?: string[] }[] }).resources
    expect(resources.flatMap(({ shortNames = [] }) => shortNames).sort()).toEqual(['frepo', 'frun'])
  })

  it('keeps all that the controller knows of a Repository', async () => {
    const at = '2026-11-20T12:00:00Z'
    // A field that comes to be known has to be named here.
    const cursors: Required<Cursors> = {
      resourceVersion: '',
      lastCommit: COMMIT,
      followed: { url, branch: 'main' },
      rewound: true,
      validCommits: { nightly: COMMIT },
      validScheduleCommits: { nightly: COMMIT },
      schedules: { nightly: { judgedUpTo: at, form: 'f' } },
      fates: [{ schedule: 'nightly', workflow: 'nightly', at, until: at, count: 2, fate: 'Missed', reason: 'why', run: null }],
      lost: [{ schedule: 'nightly', workflow: 'nightly', at, run: 'r' }],
      conditions: [{ type: 'Ready', status: 'True', reason: 'Looked', message: '', lastTransitionTime: at }],
      observedGeneration: 1,
      paused: { by: 'me', at, reason: '' },
      backfills: [{ schedule: 'nightly', from: at, to: at, doneUpTo: at, maxActive: 1, by: 'me', reason: '' }],
    }
    const created = (await create('Repository', 'known', { url })).body as RepositoryObject
    const answer = await api.request('PUT', path('repositories', '/known/status'), { ...created, status: encodeCursors(cursors) })
    expect(answer.status, messageOf(answer)).toBe(200)
    const { resourceVersion: _, ...kept } = decodeCursors(answer.body as RepositoryObject) ?? {}
    const { resourceVersion: _written, ...written } = cursors
    expect(kept).toEqual(written)
  })
})

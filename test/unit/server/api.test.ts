import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Authenticator } from '../../../src/server/authenticate.ts'
import { isLoopback, refusingAuthenticator } from '../../../src/server/authenticate.ts'
import type { Server } from '../../../src/server/listen.ts'
import { serveWorld } from '../../support/api-server.ts'
import type { VirtualWorld } from '../../support/virtual-world.ts'
import { createVirtualWorld, workflowFile } from '../../support/virtual-world.ts'

let world: VirtualWorld
let server: Server & { bugs: unknown[] }

beforeAll(async () => {
  const files = workflowFile('report', 'params: {site: {required: true, pattern: "^[a-z.]+$"}, tries: {type: integer, default: 1}}')
  world = await createVirtualWorld({ files })
  server = await serveWorld(world)
})
afterAll(() => server.close())

const trigger = '/api/v1/repositories/default/jobs/trigger'

async function post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${server.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  return { status: response.status, body: await response.json() }
}

describe('the API', () => {
  it('describes every operation, with its parameters and its body', async () => {
    const document = (await (await fetch(`${server.url}/api/v1/openapi.json`)).json()) as {
      openapi: string
      paths: Record<string, Record<string, unknown>>
    }
    expect(document.openapi).toBe('3.1.0')
    expect(document.paths['/api/v1/repositories/{namespace}/{name}/trigger']?.['post']).toMatchObject({
      operationId: 'triggerWorkflow',
      parameters: [
        { name: 'namespace', in: 'path' },
        { name: 'name', in: 'path' },
      ],
      requestBody: { content: { 'application/json': { schema: { required: ['workflow'] } } } },
    })
  })

  it('lists what is followed', async () => {
    expect(await (await fetch(`${server.url}/api/v1/repositories`)).json()).toMatchObject({
      repositories: [
        { namespace: 'default', name: 'jobs', branch: 'main', commit: world.git.tip('main'), paused: null, workflows: ['report'], schedules: [] },
      ],
    })
  })

  it('starts one run for one key, created before the answer', async () => {
    const body = { workflow: 'report', params: { site: 'www.example.org' }, key: 'k1', reason: 'asked for', kind: 'Manual' }
    const first = await post(trigger, body, { 'fusee-user': 'ad%C3%A0' })
    expect(first).toMatchObject({ status: 201, body: { created: true } })
    const { run } = first.body as { run: string }
    expect((await world.cluster.runs.getRun({ namespace: 'default', name: run }))?.spec.trigger).toEqual({
      kind: 'Manual',
      key: 'k1',
      by: 'adà',
      reason: 'asked for',
    })
    expect(await post(trigger, body)).toEqual({ status: 200, body: { run, created: false } })
    expect(await post(trigger, { ...body, params: { site: 'other.example' } })).toMatchObject({
      status: 409,
      body: { error: { reason: 'Conflict' } },
    })
  })

  it('finds the run of a key also after it was swept', async () => {
    const first = await post(trigger, { workflow: 'report', params: { site: 'a' }, key: 'old' })
    const { run } = first.body as { run: string }
    await world.pass(60_000)
    const stored = await world.cluster.runs.getRun({ namespace: 'default', name: run })
    if (stored === null) throw new Error('the run is gone already')
    expect(stored.status?.recorded).toBeDefined()
    await world.cluster.runs.deleteRun(stored)
    expect(await post(trigger, { workflow: 'report', params: { site: 'a' }, key: 'old' })).toEqual({ status: 200, body: { run, created: false } })
    expect(await world.cluster.runs.getRun({ namespace: 'default', name: run })).toBeNull()
  })

  it('starts nothing while paused, until resumed', async () => {
    const body = { workflow: 'report', params: { site: 'b' } }
    const before = { workflow: 'report', params: { site: 'www.example.org' }, key: 'before the pause' }
    expect(await post(trigger, before)).toMatchObject({ status: 201 })
    expect(await post('/api/v1/repositories/default/jobs/pause', { reason: 'move' }, { 'fusee-user': 'ada' })).toMatchObject({
      status: 200,
      body: { paused: { by: 'ada', reason: 'move' } },
    })
    expect(await post(trigger, body)).toMatchObject({
      status: 409,
      body: { error: { message: 'default/jobs is paused by ada: move; fusee resume starts it again' } },
    })
    expect(await post(trigger, before)).toMatchObject({ status: 200, body: { created: false } })
    expect(await post('/api/v1/repositories/default/jobs/resume', {})).toMatchObject({ status: 200, body: { paused: null } })
    expect(await post(trigger, body)).toMatchObject({ status: 201 })
  })

  it('refuses to list runs of a phase that there is not', async () => {
    const answer = await fetch(`${server.url}/api/v1/repositories/default/jobs/runs?phase=running`)
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({ error: { message: 'phase: "running" is none of Pending, Running, Finished' } })
  })

  it('says which methods a path takes', async () => {
    const answer = await fetch(`${server.url}/api/v1/repositories/default/jobs/trigger`)
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST'])
    expect(await answer.json()).toMatchObject({ error: { reason: 'MethodNotAllowed' } })
  })

  const refusals: { title: string; path?: string; body: unknown; headers?: Record<string, string>; wantStatus: number; wantMessage: string }[] = [
    {
      title: 'a repository that is not followed',
      path: '/api/v1/repositories/default/x/trigger',
      body: { workflow: 'report' },
      wantStatus: 404,
      wantMessage: 'no repository "default/x" is followed here',
    },
    {
      title: 'a path at which nothing is',
      path: '/api/v1/nothing',
      body: {},
      wantStatus: 404,
      wantMessage: 'there is nothing at POST /api/v1/nothing',
    },
    {
      title: 'a workflow that is not there',
      body: { workflow: 'reprot' },
      wantStatus: 404,
      wantMessage: 'default/jobs has no valid workflow "reprot", did you mean "report"?',
    },
    {
      title: 'params that do not fit',
      body: { workflow: 'report', params: { site: 'UPPER', tires: 1 } },
      wantStatus: 422,
      wantMessage: 'param tires is not declared',
    },
    {
      title: 'words that do not fit',
      body: { workflow: 'report', paramWords: ['site'] },
      wantStatus: 422,
      wantMessage: '"site" is no parameter: write name=value',
    },
    { title: 'params and words together', body: { workflow: 'report', params: {}, paramWords: [] }, wantStatus: 400, wantMessage: 'not both' },
    { title: 'a missing field', body: {}, wantStatus: 400, wantMessage: "the body must have required property 'workflow'" },
    { title: 'a field too many', body: { workflow: 'report', parms: {} }, wantStatus: 400, wantMessage: 'the body has no field parms' },
    { title: 'what is no JSON', body: '{', wantStatus: 400, wantMessage: 'JSON' },
    { title: 'a body of 300 KB', body: { workflow: 'x'.repeat(300_000) }, wantStatus: 413, wantMessage: 'the body is too large' },
    { title: 'a form', body: 'workflow=report', headers: { 'content-type': 'text/plain' }, wantStatus: 415, wantMessage: 'application/json' },
    {
      title: 'another origin',
      body: { workflow: 'report' },
      headers: { origin: 'https://evil.example' },
      wantStatus: 403,
      wantMessage: 'other origins change nothing here',
    },
  ]
  it.each(refusals)('refuses $title as JSON', async ({ path = trigger, body, headers, wantStatus, wantMessage }) => {
    const before = (await world.runs()).length
    const answer = await post(path, body, headers)
    expect(answer).toMatchObject({ status: wantStatus, body: { error: { message: expect.stringContaining(wantMessage) as unknown } } })
    expect(await world.runs()).toHaveLength(before)
  })

  it('refuses a query parameter that it does not know', async () => {
    const response = await fetch(`${server.url}/api/v1/repositories?limit=3`)
    expect([response.status, await response.json()]).toEqual([400, { error: { reason: 'BadRequest', message: 'there is no query parameter limit' } }])
  })

  it('tells a client nothing about a bug, and the log everything', async () => {
    const broken = await createVirtualWorld({ files: {} })
    const brokenServer = await serveWorld(broken)
    broken.controller.repositories = () => {
      throw new Error('secret detail')
    }
    const response = await fetch(`${brokenServer.url}/api/v1/repositories`)
    expect([response.status, await response.text()]).toEqual([
      500,
      JSON.stringify({ error: { reason: 'Internal', message: 'something went wrong here: the log of the controller says what' } }),
    ])
    expect(brokenServer.bugs).toHaveLength(1)
    await brokenServer.close()
  })
})

describe('who may use the API', () => {
  const alice: Authenticator = {
    authenticate: ({ bearerToken }) =>
      bearerToken === 'broken'
        ? Promise.reject(new Error('no answer'))
        : Promise.resolve(bearerToken === 'alice' ? { name: 'alice', groups: [] } : null),
    isAllowed: (_identity, access, target) => Promise.resolve(access.verb === 'list' || target.namespace !== 'default'),
  }
  const cases: { title: string; authenticator: Authenticator; token?: string; path: string; wantStatus: number; wantMessage?: string }[] = [
    {
      title: 'nobody beyond loopback without something that says who asks',
      authenticator: refusingAuthenticator,
      path: '/repositories',
      wantStatus: 401,
    },
    { title: 'nobody without a token', authenticator: alice, path: '/repositories', wantStatus: 401 },
    { title: 'those with a good one', authenticator: alice, token: 'alice', path: '/repositories', wantStatus: 200 },
    {
      title: 'only for what they may',
      authenticator: alice,
      token: 'alice',
      path: '/repositories/default/jobs',
      wantStatus: 403,
      wantMessage: 'alice may not get repositories of fusee.dev in default',
    },
    { title: 'nobody while that cannot be asked', authenticator: alice, token: 'broken', path: '/repositories', wantStatus: 503 },
  ]
  it.each(cases)('$title', async ({ authenticator, token, path, wantStatus, wantMessage }) => {
    const guarded = await serveWorld(world, authenticator)
    const response = await fetch(`${guarded.url}/api/v1${path}`, { headers: token === undefined ? {} : { authorization: `Bearer ${token}` } })
    expect(response.status).toBe(wantStatus)
    if (wantMessage !== undefined) expect(await response.json()).toEqual({ error: { reason: 'Forbidden', message: wantMessage } })
    await guarded.close()
  })

  it('nobody who calls loopback by another name', async () => {
    const { request } = await import('node:http')
    const status = await new Promise<number | undefined>((resolve, reject) => {
      request(`${server.url}/api/v1/repositories`, { headers: { host: 'rebound.example' } }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
        .on('error', reject)
        .end()
    })
    expect(status).toBe(403)
  })

  it.each([
    { host: '127.0.0.1', want: true },
    { host: '127.8.8.8', want: true },
    { host: '::1', want: true },
    { host: 'localhost', want: true },
    { host: '0.0.0.0', want: false },
    { host: '::', want: false },
    { host: '127.0.0.1.example.com', want: false },
  ])('$host is loopback: $want', ({ host, want }) => {
    expect(isLoopback({ host })).toBe(want)
  })
})

describe('the probes', () => {
  it('say that it lives, and that it is ready only once it is', async () => {
    const status = async (path: string): Promise<number> => (await fetch(`${server.url}${path}`)).status
    const { isReady } = world.controller
    world.controller.isReady = () => false
    const fresh = await serveWorld(world)
    expect((await fetch(`${fresh.url}/readyz`)).status).toBe(503)
    await fresh.close()
    world.controller.isReady = isReady
    expect([await status('/healthz'), await status('/readyz'), await status('/nothing')]).toEqual([200, 200, 404])
  })
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Server } from '../../../src/server/listen.ts'
import { ClusterError } from '../../../src/cluster/ports.ts'
import { startOnRequest } from '../../../src/controller/start-on-request.ts'
import { alwaysFollowed } from '../../../src/context.ts'
import { serveWorld } from '../../support/api-server.ts'
import type { Hook } from '../../support/hooks.ts'
import { forgejoHook, githubHook, gitlabTokenHook, plainHook } from '../../support/hooks.ts'
import type { VirtualWorld } from '../../support/virtual-world.ts'
import { createVirtualWorld, workflowFile } from '../../support/virtual-world.ts'

const secret = 'correct horse'
let world: VirtualWorld
let server: Server
let secrets: () => Promise<string[]> = () => Promise.resolve([secret])

beforeAll(async () => {
  const files = {
    ...workflowFile('report', 'triggers: {push: {}, webhook: [{name: nightly}]}\nparams: {site: {pattern: "^[a-z.]+$"}}'),
    ...workflowFile('audit', 'triggers: {webhook: [{name: nightly}, {name: audit}]}\nparams: {site: {}, level: {type: integer}}'),
    ...workflowFile('asleep', 'triggers: {webhook: [{name: sleep}]}\nsuspend: {reason: the site moves}'),
  }
  world = await createVirtualWorld({ files, webhookSecrets: () => secrets() })
  server = await serveWorld(world)
})
afterAll(() => server.close())

async function send(path: string, hook: Hook): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${server.url}/hooks/${path}`, { method: 'POST', headers: hook.headers, body: hook.body })
  return { status: response.status, body: await response.json() }
}

describe('a push hook', () => {
  it.each([
    { forge: 'GitHub', hook: githubHook(secret) },
    { forge: 'GitLab', hook: gitlabTokenHook(secret) },
    { forge: 'Forgejo', hook: forgejoHook(secret) },
  ])('of $forge makes the push run without waiting for the next look, once', async ({ forge, hook }) => {
    const commit = await world.git.pushCommit({ 'a.txt': forge })
    expect(await send('default/jobs', hook)).toEqual({ status: 202, body: { look: true } })
    expect(await send('default/jobs', hook)).toEqual({ status: 202, body: { look: true } })
    await world.pass(100)
    await world.pass(120_000)
    const runs = (await world.runs()).filter(({ spec }) => spec.commit === commit && spec.trigger.kind === 'Push')
    expect(runs.map(({ spec }) => spec.workflow)).toEqual(['report'])
    expect(Date.parse(runs[0]?.metadata.creationTimestamp ?? '')).toBeLessThan(world.clock.now() - 119_000)
  })

  it('that tells of something else asks for nothing', async () => {
    expect(await send('default/jobs', githubHook(secret, 'ping'))).toEqual({ status: 200, body: { look: false } })
  })
})

describe('a named webhook', () => {
  it('that is not known while the first look is under way may come with that: it is told to come again', async () => {
    const [state] = world.controller.repositories()
    if (state === undefined) throw new Error('nothing is followed')
    state.look = 'Pending'
    try {
      const answer = await send('default/jobs/unheard', plainHook(secret, {}))
      expect(answer).toMatchObject({ status: 503, body: { error: { message: expect.stringContaining('is not followed yet') as unknown } } })
      const wish = { workflow: 'unheard', params: {}, trigger: { kind: 'Api', key: 'k', by: 'jane' } } as const
      expect(await startOnRequest(world.context, state, wish, world.controller.wake)).toMatchObject({ kind: 'Refused', reason: 'NotReady' })
    } finally {
      state.look = 'Ended'
    }
    expect(await send('default/jobs/unheard', plainHook(secret, {}))).toMatchObject({ status: 404 })
  })

  it('starts every workflow that has it, before it is answered, with the params that it brings', async () => {
    const hook = plainHook(secret, { site: 'www.example.org' }, { 'idempotency-key': 'd1' })
    const first = await send('default/jobs/nightly', hook)
    expect(first).toMatchObject({ status: 201, body: { runs: [{ created: true }, { created: true }], refused: [] } })
    const { runs } = first.body as { runs: { run: string }[] }
    const specs = await Promise.all(runs.map(async ({ run }) => (await world.cluster.runs.getRun({ namespace: 'default', name: run }))?.spec))
    expect(specs.map((spec) => [spec?.workflow, spec?.params, spec?.trigger])).toEqual([
      ['audit', { site: 'www.example.org' }, { kind: 'Webhook', name: 'nightly', delivery: 'd1' }],
      ['report', { site: 'www.example.org' }, { kind: 'Webhook', name: 'nightly', delivery: 'd1' }],
    ])
    expect(await send('default/jobs/nightly', hook)).toMatchObject({ status: 200, body: { runs: runs.map(({ run }) => ({ run, created: false })) } })
  })

  it('sent again after its run was swept starts nothing', async () => {
    const hook = plainHook(secret, { level: 2 }, { 'idempotency-key': 'd2' })
    const { runs } = (await send('default/jobs/audit', hook)).body as { runs: { run: string }[] }
    await world.pass(60_000)
    const run = await world.cluster.runs.getRun({ namespace: 'default', name: runs[0]?.run ?? '' })
    if (run === null) throw new Error('the run is gone already')
    await world.cluster.runs.deleteRun(run)
    expect(await send('default/jobs/audit', hook)).toEqual({ status: 200, body: { runs: [{ run: runs[0]?.run, created: false }], refused: [] } })
    expect(await world.cluster.runs.getRun(run.metadata)).toBeNull()
  })

  it('runs where the params fit and says where they do not', async () => {
    expect(await send('default/jobs/nightly', plainHook(secret, { site: 'UPPER' }))).toMatchObject({
      status: 201,
      body: {
        runs: [{ created: true }],
        refused: [{ workflow: 'report', reason: 'Invalid', message: expect.stringContaining('param site') as unknown }],
      },
    })
  })

  it('of a forge starts a run without params: what it sends are no params', async () => {
    expect(await send('default/jobs/audit', githubHook(secret))).toMatchObject({ status: 201, body: { runs: [{ created: true }] } })
  })

  it('tried by GitHub as it is made starts nothing', async () => {
    const before = (await world.runs()).length
    expect(await send('default/jobs/audit', githubHook(secret, 'ping'))).toEqual({ status: 200, body: { runs: [], refused: [] } })
    expect(await world.runs()).toHaveLength(before)
  })

  const refusals: { title: string; path: string; hook: Hook; wantStatus: number; wantMessage: string }[] = [
    {
      title: 'params that do not fit',
      path: 'audit',
      hook: plainHook(secret, { level: 'x' }),
      wantStatus: 422,
      wantMessage: 'param level must be a whole number',
    },
    {
      title: 'params that nobody declared',
      path: 'audit',
      hook: plainHook(secret, { lvl: 1 }),
      wantStatus: 422,
      wantMessage: 'param lvl is not declared',
    },
    { title: 'a list', path: 'audit', hook: plainHook(secret, []), wantStatus: 400, wantMessage: 'no JSON object' },
    { title: 'a name that no workflow has', path: 'audti', hook: plainHook(secret, {}), wantStatus: 404, wantMessage: 'has the webhook "audti"' },
    { title: 'a workflow that is suspended', path: 'sleep', hook: plainHook(secret, {}), wantStatus: 409, wantMessage: 'the site moves' },
    { title: 'a wrong signature', path: 'audit', hook: plainHook('other', {}), wantStatus: 401, wantMessage: 'fits none' },
    { title: 'no signature', path: 'audit', hook: { headers: {}, body: '{}' }, wantStatus: 401, wantMessage: 'not signed' },
  ]
  it.each(refusals)('is refused with $title', async ({ path, hook, wantStatus, wantMessage }) => {
    const before = (await world.runs()).length
    const answer = await send(`default/jobs/${path}`, hook)
    expect(answer).toMatchObject({ status: wantStatus, body: { error: { message: expect.stringContaining(wantMessage) as unknown } } })
    expect(await world.runs()).toHaveLength(before)
  })

  it('with the same delivery and other params is refused', async () => {
    await send('default/jobs/audit', plainHook(secret, { level: 1 }, { 'idempotency-key': 'd3' }))
    expect(await send('default/jobs/audit', plainHook(secret, { level: 2 }, { 'idempotency-key': 'd3' }))).toMatchObject({ status: 409 })
  })
})

describe('a hook', () => {
  it.each([
    { title: 'of a repository that is not followed', path: 'default/other', wantStatus: 404 },
    { title: 'of a repository in another namespace', path: 'x/jobs/nightly', wantStatus: 404 },
    { title: 'below no repository', path: 'default', wantStatus: 404 },
  ])('$title gets $wantStatus', async ({ path, wantStatus }) => {
    expect((await send(path, githubHook(secret))).status).toBe(wantStatus)
  })

  it.each(['default/jobs', 'default/jobs/nightly'])('that is no POST is told so at %s', async (path) => {
    const answer = await fetch(`${server.url}/hooks/${path}`)
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST'])
    expect(await answer.json()).toMatchObject({ error: { reason: 'MethodNotAllowed', message: `/hooks/${path} takes POST, not GET` } })
  })

  it('of more than 5 MB is refused', async () => {
    expect((await send('default/jobs', plainHook(secret, 'x'.repeat(5_300_000)))).status).toBe(413)
  })

  it('that is compressed is refused', async () => {
    expect((await send('default/jobs', plainHook(secret, {}, { 'content-encoding': 'gzip' }))).status).toBe(415)
  })

  it('is let in with each secret in turn while they are rotated, and with none when there is none', async () => {
    secrets = () => Promise.resolve(['new', secret])
    expect((await send('default/jobs', githubHook('new'))).status).toBe(202)
    expect((await send('default/jobs', githubHook(secret))).status).toBe(202)
    secrets = () => Promise.resolve(['new'])
    expect((await send('default/jobs', githubHook(secret))).status).toBe(401)
    secrets = () => Promise.resolve([])
    expect(await send('default/jobs', githubHook(secret))).toMatchObject({
      status: 401,
      body: { error: { message: expect.stringContaining('webhookSecretRef') as unknown } },
    })
    secrets = () => Promise.reject(new Error('no API server'))
    expect((await send('default/jobs', githubHook(secret))).status).toBe(503)
    secrets = () => Promise.resolve([secret])
  })

  it('is one of at most 1,200 a minute of one address', async () => {
    const crowded = await serveWorld(world)
    const statuses = new Set<number>()
    for (let round = 0; round < 13; round++) {
      const answers = await Promise.all(Array.from({ length: 100 }, () => fetch(`${crowded.url}/hooks/x/y`, { method: 'POST' })))
      for (const { status } of answers) statuses.add(status)
    }
    expect([...statuses]).toEqual([404, 429])
    await crowded.close()
  })
})

describe('a cluster that is away', () => {
  class AwayError extends ClusterError {
    override readonly isPassing = true
  }

  it.each(['before', 'after'])('is told as such %s the Run is made, and the hook sent again makes one run of it', async (moment) => {
    let isAway = true
    const lone = await createVirtualWorld({
      files: workflowFile('audit', 'triggers: {webhook: [{name: audit}]}'),
      webhookSecrets: () => Promise.resolve([secret]),
      async writeSite(point, write) {
        if (!isAway || point !== 'run-created') return write()
        if (moment === 'after') await write()
        throw new AwayError('POST runs: connection refused')
      },
    })
    const listening = await serveWorld(lone)
    const call = () => fetch(`${listening.url}/hooks/default/jobs/audit`, { method: 'POST', ...plainHook(secret, {}, { 'idempotency-key': 'k' }) })
    const refused = await call()
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5'])
    isAway = false
    expect((await call()).status).toBe(moment === 'before' ? 201 : 200)
    expect(await lone.runs()).toHaveLength(1)
    expect(listening.bugs).toEqual([])
    await listening.close()
  })
})

it('a controller that listens and has not begun yet asks for a hook to be sent again: the repository is no unknown one', async () => {
  const young = await serveWorld({ ...world, controller: { ...world.controller, repositories: () => [] } })
  const answer = await fetch(`${young.url}/hooks/default/jobs/nightly`, { method: 'POST', ...plainHook(secret, {}) })
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5'])
  await young.close()
})

describe('a controller that stands by for another', () => {
  it('asks for everything to be sent again, since it cannot tell what is followed', async () => {
    const standing = {
      context: { ...world.context, repositories: { ...alwaysFollowed([]), isSettled: () => false } },
      controller: { ...world.controller, repositories: () => [] },
    }
    const idle = await serveWorld({ ...world, ...standing })
    const { headers, body } = plainHook(secret, {})
    const answers = await Promise.all([
      fetch(`${idle.url}/hooks/default/sample/nightly`, { method: 'POST', headers, body }),
      fetch(`${idle.url}/api/v1/repositories`),
    ])
    expect(answers.map(({ status, headers: sent }) => [status, sent.get('retry-after')])).toEqual([
      [503, '5'],
      [503, '5'],
    ])
    await idle.close()
  })
})

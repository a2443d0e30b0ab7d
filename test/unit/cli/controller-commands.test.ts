import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Server } from '../../../src/server/listen.ts'
import { listen } from '../../../src/server/listen.ts'
import { serveWorld } from '../../support/api-server.ts'
import { runCli } from '../../support/run-cli.ts'
import type { VirtualWorld } from '../../support/virtual-world.ts'
import { createVirtualWorld, workflowFile } from '../../support/virtual-world.ts'

let world: VirtualWorld
let server: Server

beforeAll(async () => {
  world = await createVirtualWorld({ files: workflowFile('report', 'params: {site: {}, tries: {type: integer}}') })
  server = await serveWorld(world)
})
afterAll(() => server.close())

const fusee = (...words: string[]) => runCli([...words, '--url', server.url])

describe('fusee trigger', () => {
  it('starts a run, with params read by their types, and tells its name', async () => {
    const { code, stdout } = await fusee('trigger', 'report', '--param', 'site=7', '--param', 'tries=7', '--key', 'k', '--reason', 'why not')
    expect(code).toBe(0)
    const run = /^run (\S+) created\n$/.exec(stdout)?.[1] ?? ''
    const { spec } = (await world.cluster.runs.getRun({ namespace: 'default', name: run })) ?? { spec: null }
    expect(spec).toMatchObject({ params: { site: '7', tries: 7 }, trigger: { kind: 'Manual', key: 'k', reason: 'why not' } })
    expect(await fusee('trigger', 'report', '--param', 'site=7', '--param', 'tries=7', '--key', 'k', '--output', 'json')).toEqual({
      code: 0,
      stdout: `{"run":"${run}","created":false}\n`,
      stderr: '',
    })
  })

  it.each([
    { words: ['trigger', 'repotr'], wantStderr: 'fusee: default/jobs has no valid workflow "repotr", did you mean "report"?\n' },
    { words: ['trigger', 'report', '--param', 'tries=x'], wantStderr: 'fusee: param tries must be a whole number, not "x"\n' },
    { words: ['pause', '--repository', 'other'], wantStderr: 'fusee: no repository "default/other" is followed here\n' },
    { words: ['pause', '--repository', 'a/b/c'], wantStderr: 'fusee: "a/b/c" is no Repository: write name or namespace/name\n' },
  ])('$words is wrong use', async ({ words, wantStderr }) => {
    expect(await fusee(...words)).toEqual({ code: 2, stdout: '', stderr: wantStderr })
  })
})

describe('fusee pause and resume', () => {
  it('turn the switch and say so', async () => {
    expect(await fusee('pause', '--reason', 'the database moves')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^default\/jobs: paused by .*: the database moves\n$/) as unknown,
    })
    expect(await fusee('trigger', 'report')).toMatchObject({ code: 1, stderr: expect.stringContaining('fusee resume starts it again') as unknown })
    expect(await fusee('resume')).toEqual({ code: 0, stdout: 'default/jobs: starts runs again\n', stderr: '' })
    const { stdout } = await fusee('resume', '--output', 'json')
    expect(JSON.parse(stdout)).toMatchObject({ name: 'jobs', paused: null })
  })
})

describe('a command that asks a controller', () => {
  it('says where it looked when nobody listens there', async () => {
    const gone = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => gone.on('listening', resolve))
    const { port } = gone.address() as AddressInfo
    await new Promise((resolve) => gone.close(resolve))
    expect(await runCli(['resume', '--url', `http://127.0.0.1:${port}`])).toEqual({
      code: 1,
      stdout: '',
      stderr: `fusee: cannot reach http://127.0.0.1:${port}: nothing listens there; say with --url where fusee serve listens\n`,
    })
  })

  it('says so when somebody else listens there', async () => {
    const other = await listen({ host: '127.0.0.1', port: 0 }, (_request, response) => response.writeHead(418).end('tea'))
    expect(await runCli(['resume', '--url', other.url])).toMatchObject({
      code: 1,
      stderr: `fusee: ${other.url} answered 418, and not as a Fusee controller does: check --url\n`,
    })
    await other.close()
  })

  it('refuses an address that is none', async () => {
    expect(await runCli(['resume', '--url', 'ftp://x'])).toMatchObject({ code: 2, stderr: 'fusee: --url "ftp://x" is no http(s) address\n' })
  })

  it('sends the token of the environment', async () => {
    let seen: string | undefined
    const other = await listen({ host: '127.0.0.1', port: 0 }, (request, response) => {
      seen = request.headers.authorization
      response.writeHead(401).end('{"error":{"reason":"Unauthenticated","message":"no"}}')
    })
    expect(await runCli(['resume', '--url', other.url], { env: { FUSEE_TOKEN: 't0' } })).toMatchObject({
      code: 1,
      stderr: 'fusee: no; put the token into $FUSEE_TOKEN\n',
    })
    expect(seen).toBe('Bearer t0')
    await other.close()
  })
})

import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { plainClient } from '../support/api-client.ts'
import type { FakeApi } from '../support/fake-api/server.ts'
import { startFakeApi } from '../support/fake-api/server.ts'
import { freePort } from '../support/free-port.ts'
import type { FuseeProcess } from '../support/fusee-process.ts'
import { startFusee, until } from '../support/fusee-process.ts'
import { writeKubeconfig } from '../support/plain-kubeconfig.ts'
import { scriptedPods } from '../support/scripted-pods.ts'
import type { ScriptedServer } from '../support/scripted-server.ts'
import { answerJson, startScriptedServer } from '../support/scripted-server.ts'
import { removeFolder } from '../support/remove-folder.ts'

const LEASE = '/apis/coordination.k8s.io/v1/namespaces/data/leases/fusee'

let api: FakeApi
let folder: string
const running: FuseeProcess[] = []
beforeEach(async () => {
  api = await startFakeApi(scriptedPods)
  folder = await mkdtemp(path.join(tmpdir(), 'fusee-lease-'))
})
afterEach(async () => {
  for (const fusee of running.splice(0)) {
    fusee.kill('SIGKILL')
    await fusee.ended
  }
  await api.close()
  await removeFolder(folder)
})

/** Starts one that follows the namespace `data` of the API server. */
async function serve(port = 0): Promise<FuseeProcess> {
  const words = ['serve', '--runner=kubernetes', '--namespace=data', '--output=json', `--listen=127.0.0.1:${port}`, `--data=${folder}`]
  const fusee = startFusee(words, { KUBECONFIG: await writeKubeconfig(folder, api.url), POD_NAMESPACE: 'data', POD_IP: '127.0.0.1' })
  running.push(fusee)
  return fusee
}

async function holder(): Promise<string> {
  const { body } = await plainClient(api.url).request('GET', LEASE)
  return (body as { spec?: { holderIdentity?: string } }).spec?.holderIdentity ?? ''
}

it('ends by itself when another has its lease: it must not stay as one that does nothing', async () => {
  const fusee = await serve()
  const client = plainClient(api.url)
  await until('it holds the lease', async () => (await holder()) !== '')
  await client.request('PATCH', LEASE, { spec: { holderIdentity: 'somebody else' } }, 'application/merge-patch+json')
  expect(await fusee.ended).toEqual({ code: 1, signal: null })
  expect(fusee.stderr()).toContain('not the leader any more: another controller holds the lease now')
  expect(await holder()).toBe('somebody else')
})

it('passes hooks on to the one that holds the lease', async () => {
  const leader = await serve()
  await until('it holds the lease', async () => (await holder()) !== '')
  const port = await freePort()
  await serve(port)
  const ask = async (): Promise<string> => {
    const response = await fetch(`http://127.0.0.1:${port}/hooks/data/nobody`, { method: 'POST', body: '{}' })
    return ((await response.json()) as { error: { message: string } }).error.message
  }
  // The leader alone knows which Repositories there are.
  await until('the leader has answered', async () => (await ask().catch(() => '')) === 'no repository "data/nobody" is followed here')
  leader.kill('SIGKILL')
  await leader.ended
  expect(await ask()).toMatch(/the leader cannot be reached: send it again in a few seconds/)
})

describe('an API server that does not give what is needed first', () => {
  let server: ScriptedServer
  afterEach(() => server.close())

  async function start(answer: Parameters<typeof startScriptedServer>[0], words: readonly string[]): Promise<FuseeProcess> {
    server = await startScriptedServer(answer)
    const fusee = startFusee(words, { KUBECONFIG: await writeKubeconfig(folder, server.connection.server.origin), POD_NAMESPACE: 'data' })
    running.push(fusee)
    return fusee
  }
  const serveWords = () => ['serve', '--runner=kubernetes', '--namespace=data', '--listen=127.0.0.1:0', `--data=${folder}`]

  it('is no leader: serve ends, and has not touched the lease', async () => {
    const asked: string[] = []
    const fusee = await start((url, response) => {
      asked.push(url.pathname)
      answerJson(response, 500, { message: 'etcdserver: leader changed' })
    }, serveWords())
    expect(await fusee.ended).toEqual({ code: 1, signal: null })
    expect(fusee.stderr()).toContain('GET /api/v1/namespaces/kube-system: 500 etcdserver: leader changed')
    expect(asked).toEqual(['/api/v1/namespaces/kube-system'])
  })

  it('does not keep serve from ending when it is told to', async () => {
    let asked = 0
    const fusee = await start((url, response) => {
      asked++
      if (url.pathname.endsWith('kube-system')) answerJson(response, 200, { metadata: { uid: 'u' } })
      else answerJson(response, 500, { message: 'not yet' })
    }, serveWords())
    await until('it has asked for lists', () => asked > 2)
    expect(await fusee.stop()).toEqual({ code: 0, signal: null })
  })

  it('is told of at once by run, without rights', async () => {
    const repository = path.join(folder, 'repository')
    await mkdir(path.join(repository, 'workflows'), { recursive: true })
    const workflow =
      'apiVersion: fusee.dev/v1alpha1\nkind: Workflow\nmetadata: {name: quick}\nspec: {steps: [{name: only, image: "busybox:1.36", command: ["true"]}]}\n'
    await writeFile(path.join(repository, 'workflows', 'quick.yaml'), workflow)
    const fusee = await start(
      (_url, response) => {
        answerJson(response, 403, { reason: 'Forbidden', message: 'jobs.batch is forbidden: User "mia" cannot list' })
      },
      ['run', 'quick', `--repo=${repository}`, '--runner=kubernetes', '--namespace=data'],
    )
    expect(await fusee.ended).toEqual({ code: 1, signal: null })
    expect(fusee.stderr()).toContain('403 jobs.batch is forbidden: User "mia" cannot list')
  })
})

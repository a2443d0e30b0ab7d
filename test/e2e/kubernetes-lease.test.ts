import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { plainClient } from '../support/api-client.ts'
import type { FakeApi } from '../support/fake-api/server.ts'
import { startFakeApi } from '../support/fake-api/server.ts'
import { freePort } from '../support/free-port.ts'
import type { FuseeProcess } from '../support/fusee-process.ts'
import { startFusee, until } from '../support/fusee-process.ts'
import { scriptedPods } from '../support/scripted-pods.ts'

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
  await rm(folder, { recursive: true, force: true })
})

/** Starts one that follows the namespace `data` of the API server. */
async function serve(port = 0): Promise<FuseeProcess> {
  const kubeconfig = path.join(folder, 'kubeconfig')
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'here',
    contexts: [{ name: 'here', context: { cluster: 'here', user: 'me' } }],
    clusters: [{ name: 'here', cluster: { server: api.url, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'me', user: {} }],
  }
  await writeFile(kubeconfig, JSON.stringify(config))
  const words = ['serve', '--runner=kubernetes', '--namespace=data', '--output=json', `--listen=127.0.0.1:${port}`, `--data=${folder}`]
  const fusee = startFusee(words, { KUBECONFIG: kubeconfig, POD_NAMESPACE: 'data', POD_IP: '127.0.0.1' })
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

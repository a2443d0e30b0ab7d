import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { plainClient } from '../support/api-client.ts'
import type { FakeApi } from '../support/fake-api/server.ts'
import { startFakeApi } from '../support/fake-api/server.ts'
import type { FuseeProcess } from '../support/fusee-process.ts'
import { startFusee, until } from '../support/fusee-process.ts'
import { scriptedPods } from '../support/scripted-pods.ts'

const LEASE = '/apis/coordination.k8s.io/v1/namespaces/data/leases/fusee'

let api: FakeApi
let folder: string
let fusee: FuseeProcess | null = null
beforeEach(async () => {
  api = await startFakeApi(scriptedPods)
  folder = await mkdtemp(path.join(tmpdir(), 'fusee-lease-'))
})
afterEach(async () => {
  fusee?.kill('SIGKILL')
  await api.close()
  await rm(folder, { recursive: true, force: true })
})

it('ends by itself when another has its lease: it must not stay as one that does nothing', async () => {
  const cluster = { server: api.url, 'insecure-skip-tls-verify': true }
  const kubeconfig = path.join(folder, 'kubeconfig')
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'here',
    contexts: [{ name: 'here', context: { cluster: 'here', user: 'me' } }],
    clusters: [{ name: 'here', cluster }],
    users: [{ name: 'me', user: {} }],
  }
  await writeFile(kubeconfig, JSON.stringify(config))
  const words = ['serve', '--runner=kubernetes', '--namespace=data', '--output=json', '--listen=127.0.0.1:0', `--data=${folder}`]
  fusee = startFusee(words, { KUBECONFIG: kubeconfig, POD_NAMESPACE: 'data' })
  const client = plainClient(api.url)
  const holder = async () => ((await client.request('GET', LEASE)).body as { spec?: { holderIdentity?: string } }).spec?.holderIdentity ?? ''
  await until('it holds the lease', async () => (await holder()) !== '')
  await client.request('PATCH', LEASE, { spec: { holderIdentity: 'somebody else' } }, 'application/merge-patch+json')
  expect(await fusee.ended).toEqual({ code: 1, signal: null })
  expect(fusee.stderr()).toContain('not the leader any more: another controller holds the lease now')
  expect(await holder()).toBe('somebody else')
})

import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../support/free-port.ts'
import type { FuseeProcess } from '../support/fusee-process.ts'
import { startFusee, until } from '../support/fusee-process.ts'
import { importCommits, runGit } from '../support/git-program.ts'
import type { ServedRepository } from '../support/git-served.ts'
import { serveRepository } from '../support/git-served.ts'
import { standardHook } from '../support/hooks.ts'
import { kubectl } from '../support/kubectl.ts'
import { openTestNamespace, realApi, type TestNamespace } from '../support/real-cluster.ts'
import { removeFolder } from '../support/remove-folder.ts'

/* Two controllers, one of them the leader: hooks at both, and a leader that is paused for longer than its lease lasts and then wakes up. */

const WORKFLOW = `apiVersion: fusee.dev/v1alpha1
kind: Workflow
metadata: {name: asked}
spec:
  triggers: {webhook: [{name: ask}]}
  chain: true
  defaults: {image: "busybox:1.36", pod: {terminationGracePeriodSeconds: 0}}
  steps:
    - {name: first, script: sleep 5}
    - {name: second, script: "true"}
`

interface Replica {
  fusee: FuseeProcess
  url: string
}

describe('two controllers on a real cluster', () => {
  const api = realApi()
  let namespace: TestNamespace
  let git: ServedRepository
  let folder: string
  const replicas: Replica[] = []

  beforeAll(async () => {
    namespace = await openTestNamespace(api)
    folder = await mkdtemp(path.join(tmpdir(), 'fusee-replicas-'))
    git = await serveRepository()
    await importCommits(git.repository, [{ 'workflows/asked.yaml': WORKFLOW }])
    await kubectl(['create', 'secret', 'generic', 'hooks', '-n', namespace.name, '--from-literal=current=correct horse'])
    const spec = { url: git.url, interval: '1m', history: { interval: '0s' }, webhookSecretRef: { name: 'hooks' } }
    await kubectl(['create', '-n', namespace.name, '-f', '-'], {
      apiVersion: 'fusee.dev/v1alpha1',
      kind: 'Repository',
      metadata: { name: 'jobs' },
      spec,
    })
    await serve()
    await kubectl(['wait', '--for=condition=Ready', 'frepo/jobs', '-n', namespace.name, '--timeout=60s'])
    await serve()
  })
  afterAll(async () => {
    for (const { fusee } of replicas) {
      fusee.kill('SIGKILL')
      await fusee.ended
    }
    for (const kind of ['frun', 'jobs']) await lift(kind)
    await git.close()
    await namespace.close()
    await removeFolder(folder)
  })

  /** What nobody holds any more must not hold up the namespace. */
  async function lift(kind: string): Promise<void> {
    const names = await kubectl(['get', kind, '-n', namespace.name, '-o', 'name'])
    for (const name of names.split('\n').filter((one) => one !== '')) {
      await kubectl(['patch', name, '-n', namespace.name, '--type=merge', '-p', '{"metadata":{"finalizers":null}}'])
    }
  }

  async function serve(): Promise<void> {
    const address = `127.0.0.1:${await freePort()}`
    const data = path.join(folder, String(replicas.length))
    const words = ['serve', '--runner=kubernetes', `--namespace=${namespace.name}`, '--output=json', `--listen=${address}`, `--data=${data}`]
    const replica = { fusee: startFusee(words, { POD_NAMESPACE: namespace.name, POD_IP: '127.0.0.1' }), url: `http://${address}` }
    replicas.push(replica)
    await until('it listens', () =>
      fetch(`${replica.url}/healthz`).then(
        (response) => response.ok,
        () => false,
      ),
    )
  }

  async function ask(replica: Replica | undefined, secret: string, delivery: string): Promise<{ status: number; retryAfter: string | null }> {
    const { headers, body } = standardHook(secret, delivery, Date.now(), {})
    const response = await fetch(`${replica?.url ?? ''}/hooks/${namespace.name}/jobs/ask`, { method: 'POST', headers, body })
    return { status: response.status, retryAfter: response.headers.get('retry-after') }
  }

  it('serves signed hooks, which the one that stands by passes on', async () => {
    const [leader, other] = replicas
    expect(await ask(leader, 'correct horse', 'one')).toMatchObject({ status: 201 })
    expect(await ask(leader, 'wrong horse', 'two')).toMatchObject({ status: 401 })
    // The run is there already, as the leader alone knows.
    await until('it knows the leader', async () => (await ask(other, 'correct horse', 'one')).status === 200)
    expect(await ask(other, 'wrong horse', 'two')).toMatchObject({ status: 401 })
    expect((await fetch(`${other?.url ?? ''}/readyz`)).status).toBe(200)
  })

  it('goes on without a leader that is paused, which does no harm when it wakes up', async () => {
    const [leader, other] = replicas as [Replica, Replica]
    const runs = await kubectl(['get', 'frun', '-n', namespace.name, '-o', 'name'])
    await until('its first step runs', async () => (await kubectl(['get', 'jobs', '-n', namespace.name, '-o', 'name'])) !== '')
    leader.fusee.kill('SIGSTOP')
    await kubectl(['wait', '--for=condition=Finished', ...runs.split('\n'), '-n', namespace.name, '--timeout=60s'])
    leader.fusee.kill('SIGCONT')
    expect(await leader.fusee.ended).toMatchObject({ code: 1 })
    expect(leader.fusee.stderr()).toContain('not the leader any more')
    const pods = await kubectl(['get', 'pods', '-n', namespace.name, '-o', 'jsonpath={.items[*].status.phase}'])
    expect(pods).toBe('Succeeded Succeeded')
    await until('the record is there', async () => (await runGit(git.repository, ['log', '--format=%s', '--all'])).includes('asked: Succeeded'))
    expect((await runGit(git.repository, ['log', '--format=%s', 'fusee/status', '--grep=asked: Succeeded'])).trim().split('\n')).toHaveLength(1)
    expect(await ask(other, 'correct horse', 'one')).toMatchObject({ status: 200 })
  })
})

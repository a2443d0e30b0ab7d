import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FuseeProcess } from '../support/fusee-process.ts'
import { startFusee, until } from '../support/fusee-process.ts'
import { importCommits, runGit } from '../support/git-program.ts'
import type { ServedRepository } from '../support/git-served.ts'
import { serveRepository } from '../support/git-served.ts'
import { kubectl } from '../support/kubectl.ts'
import { openTestNamespace, realApi, type TestNamespace } from '../support/real-cluster.ts'
import { removeFolder } from '../support/remove-folder.ts'

const WORKFLOW = `apiVersion: fusee.dev/v1alpha1
kind: Workflow
metadata: {name: long}
spec:
  triggers: {push: {}}
  defaults: {image: "busybox:1.36", pod: {terminationGracePeriodSeconds: 1}}
  steps:
    - {name: before, script: "true"}
    - {name: endless, dependsOn: [before], script: sleep 600}
  finally:
    - {name: tidy, script: "true"}
`

describe('a namespace that is deleted whole', () => {
  const api = realApi()
  let home: TestNamespace
  let data: TestNamespace
  let git: ServedRepository
  let folder: string
  let fusee: FuseeProcess

  beforeAll(async () => {
    home = await openTestNamespace(api)
    data = await openTestNamespace(api)
    folder = await mkdtemp(path.join(tmpdir(), 'fusee-namespace-'))
    git = await serveRepository()
    await importCommits(git.repository, [{ 'workflows/long.yaml': WORKFLOW }])
    await kubectl(['create', '-n', data.name, '-f', '-'], {
      apiVersion: 'fusee.dev/v1alpha1',
      kind: 'Repository',
      metadata: { name: 'jobs' },
      spec: { url: git.url, interval: '1s', history: { interval: '0s' } },
    })
    const words = ['serve', '--runner=kubernetes', `--namespace=${data.name}`, '--output=json', '--listen=127.0.0.1:0', `--data=${folder}`]
    fusee = startFusee(words, { POD_NAMESPACE: home.name })
  })

  afterAll(async () => {
    fusee.kill('SIGKILL')
    await fusee.ended
    await git.close()
    await Promise.all([home.close(), data.close()])
    await removeFolder(folder)
  })

  it('goes, and what ran in it is recorded: its Run and its Job are deleted, in whatever order', { timeout: 180_000 }, async () => {
    await fusee.waitForLine('a first look', ({ msg }) => msg === 'definitions in force')
    await importCommits(git.repository, [{ 'notes.txt': 'a' }], { message: 'Change the notes' })
    const running = () => kubectl(['get', 'pods', '-n', data.name, '-l', 'fusee.dev/step=endless', '-o', 'jsonpath={.items[*].status.phase}'])
    await until('its last step runs', async () => (await running()) === 'Running')
    await kubectl(['delete', 'namespace', data.name, '--wait=false'])
    const lastLines = () =>
      fusee.lines
        .slice(-20)
        .map((line) => JSON.stringify(line))
        .join('\n')
    await until('it is gone', async () => (await kubectl(['get', 'namespace', data.name, '--ignore-not-found', '-o', 'name'])) === '', lastLines)
    const subjects = await runGit(git.repository, ['log', '--format=%s', 'fusee/status'])
    expect(subjects).toMatch(/^long: (Cancelled|Failed at endless)/m)
    expect(await fusee.stop()).toMatchObject({ code: 0 })
  })
})

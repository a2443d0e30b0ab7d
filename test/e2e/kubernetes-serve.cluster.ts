import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { StoredJob } from '../../src/runs/objects.ts'
import type { FuseeProcess } from '../support/fusee-process.ts'
import { startFusee, until } from '../support/fusee-process.ts'
import { importCommits, runGit } from '../support/git-program.ts'
import type { ServedRepository } from '../support/git-served.ts'
import { serveRepository } from '../support/git-served.ts'
import { kubectl } from '../support/kubectl.ts'
import { openTestNamespace, realApi, type TestNamespace } from '../support/real-cluster.ts'
import { removeFolder } from '../support/remove-folder.ts'

const WORKFLOWS = {
  'workflows/pushed.yaml': `apiVersion: fusee.dev/v1alpha1
kind: Workflow
metadata: {name: pushed}
spec:
  triggers: {push: {}}
  chain: true
  steps:
    - {name: first, image: "busybox:1.36", script: echo first}
    - {name: second, image: "busybox:1.36", script: echo second}
`,
  'workflows/asked.yaml': `apiVersion: fusee.dev/v1alpha1
kind: Workflow
metadata: {name: asked}
spec:
  params: {site: {default: www.example.org}}
  steps: [{name: only, image: "busybox:1.36", script: 'echo "$FUSEE_PARAM_SITE"'}]
`,
  'workflows/long.yaml': `apiVersion: fusee.dev/v1alpha1
kind: Workflow
metadata: {name: long}
spec:
  steps: [{name: only, image: "busybox:1.36", pod: {terminationGracePeriodSeconds: 1}, script: sleep 600}]
`,
}

describe('serve on a real cluster', () => {
  const api = realApi()
  let namespace: TestNamespace
  let git: ServedRepository
  let folder: string
  const running = new Set<FuseeProcess>()

  beforeAll(async () => {
    namespace = await openTestNamespace(api)
    folder = await mkdtemp(path.join(tmpdir(), 'fusee-serve-'))
    git = await serveRepository({ authorization: `Basic ${Buffer.from('mia:secret').toString('base64')}` })
    await importCommits(git.repository, [WORKFLOWS])
    await kubectl(['create', 'secret', 'generic', 'git', '-n', namespace.name, '--from-literal=username=mia', '--from-literal=password=secret'])
    await kubectl(['apply', '-n', namespace.name, '-f', '-'], repository(git.url))
  })

  afterEach(async () => {
    for (const fusee of running) {
      fusee.kill('SIGKILL')
      await fusee.ended
      running.delete(fusee)
    }
  })

  afterAll(async () => {
    await kubectl(['delete', 'frepo', '--all', '-n', namespace.name])
    const fusee = serve()
    await until('the Runs are gone', async () => (await kubectl(['get', 'frun,jobs', '-n', namespace.name, '-o', 'name'])) === '')
    await fusee.stop()
    await git.close()
    await namespace.close()
    await removeFolder(folder)
  })

  function serve(): FuseeProcess {
    const data = path.join(folder, `data-${String(running.size)}`)
    const words = ['serve', '--runner', 'kubernetes', '--namespace', namespace.name, '--output', 'json', '--listen', '127.0.0.1:0', '--data', data]
    const fusee = startFusee(words, { POD_NAMESPACE: namespace.name })
    running.add(fusee)
    return fusee
  }

  const finished = (fusee: FuseeProcess, workflow: string) =>
    fusee.waitForLine(`the end of ${workflow}`, ({ msg, run }) => msg === 'run finished' && String(run).startsWith(`${workflow}-`))

  it('follows a Repository, runs what is pushed, records it', async () => {
    const fusee = serve()
    await kubectl(['wait', '--for=condition=Ready', 'frepo/jobs', '-n', namespace.name, '--timeout=60s'])
    await importCommits(git.repository, [{ 'a.txt': 'a' }], { message: 'Change a file' })
    expect(await finished(fusee, 'pushed')).toMatchObject({ result: 'Succeeded' })
    const names = await kubectl(['get', 'frun', '-n', namespace.name, '-o', 'name'])
    expect(names.split('\n')).toHaveLength(1)
    await until('the record is there', async () => (await runGit(git.repository, ['log', '--format=%s', '--all'])).includes('pushed: Succeeded'))
    const columns = await kubectl(['get', 'frun', '-n', namespace.name])
    expect(columns).toMatch(/WORKFLOW.*PHASE.*RESULT.*PROGRESS/)
    expect(columns).toMatch(/pushed\s+Push\s+Finished\s+Succeeded\s+2\/2/)
  })

  it('runs what kubectl creates, with the labels put on it', async () => {
    const fusee = serve()
    await kubectl(['create', '-n', namespace.name, '-f', '-'], run('by-hand', 'asked', { params: { site: 'www.example.fi' } }, { team: 'data' }))
    await kubectl(['wait', '--for=condition=Succeeded', 'frun/by-hand', '-n', namespace.name, '--timeout=60s'])
    const jobs = JSON.parse(await kubectl(['get', 'jobs', '-n', namespace.name, '-l', 'fusee.dev/run=by-hand', '-o', 'json'])) as {
      items: StoredJob[]
    }
    expect(jobs.items.map(({ metadata }) => metadata.labels)).toMatchObject([{ team: 'data', 'fusee.dev/workflow': 'asked' }])
    expect(jobs.items[0]?.spec.template.metadata?.labels).toMatchObject({ team: 'data' })
    const name = jobs.items[0]?.metadata.name ?? ''
    expect(await kubectl(['logs', `job/${name}`, '-n', namespace.name])).toBe('www.example.fi')
    await kubectl(['create', '-n', namespace.name, '-f', '-'], run('no-such', 'nobody', {}, {}))
    await kubectl(['wait', '--for=condition=Finished', 'frun/no-such', '-n', namespace.name, '--timeout=60s'])
    expect(await kubectl(['get', 'frun/no-such', '-n', namespace.name, '-o', 'jsonpath={.status.reason}: {.status.message}'])).toMatch(
      /DefinitionInvalid: workflow nobody does not exist/,
    )
    await fusee.stop()
  })

  it('ends a Run that is deleted, its Jobs and its Pods', async () => {
    const fusee = serve()
    await kubectl(['create', '-n', namespace.name, '-f', '-'], run('to-delete', 'long', {}, {}))
    const pods = () => kubectl(['get', 'pods', '-n', namespace.name, '-l', 'fusee.dev/run=to-delete', '-o', 'jsonpath={.items[*].status.phase}'])
    await until('its pod runs', async () => (await pods()) === 'Running')
    await kubectl(['delete', 'frun', 'to-delete', '-n', namespace.name, '--timeout=90s'])
    expect(await finished(fusee, 'to')).toMatchObject({ result: 'Cancelled' })
    await until('no Job and no Pod is left', async () => {
      return (await kubectl(['get', 'jobs,pods', '-n', namespace.name, '-l', 'fusee.dev/run=to-delete', '-o', 'name'])) === ''
    })
    expect(await runGit(git.repository, ['log', '--format=%s', '--all'])).toMatch(/long: Cancelled/)
  })

  it('hands over to the one that stands by when it is killed, and nothing runs twice', async () => {
    const first = serve()
    await first.waitForLine('its first look', ({ msg }) => msg === 'definitions in force')
    const second = serve()
    await kubectl(['create', '-n', namespace.name, '-f', '-'], run('handed-over', 'asked', {}, {}))
    first.kill('SIGKILL')
    await kubectl(['wait', '--for=condition=Finished', 'frun/handed-over', '-n', namespace.name, '--timeout=90s'])
    // The Job says so a second after its pod.
    const seen = 'jsonpath={.items[*].status.succeeded}'
    const succeeded = () => kubectl(['get', 'jobs', '-n', namespace.name, '-l', 'fusee.dev/run=handed-over', '-o', seen])
    await until('its one Job has succeeded', async () => (await succeeded()) === '1')
    expect(await kubectl(['get', 'pods', '-n', namespace.name, '-l', 'fusee.dev/run=handed-over', '-o', 'name'])).toMatch(/^pod\/[^\n]+$/)
    // Runs need no look, so it may come after their end.
    await second.waitForLine('its first look', ({ msg }) => msg === 'definitions in force')
  })
})

function repository(url: string): object {
  const spec = { url, interval: '1s', history: { interval: '1s' }, secretRef: { name: 'git' } }
  return { apiVersion: 'fusee.dev/v1alpha1', kind: 'Repository', metadata: { name: 'jobs' }, spec }
}

function run(name: string, workflow: string, spec: object, labels: object): object {
  return { apiVersion: 'fusee.dev/v1alpha1', kind: 'Run', metadata: { name, labels }, spec: { repository: 'jobs', workflow, ...spec } }
}

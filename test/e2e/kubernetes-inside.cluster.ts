import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BUNDLE } from '../../scripts/bundle.ts'
import { installObjects, printManifests } from '../../src/install/install-objects.ts'
import { runFusee, until } from '../support/fusee-process.ts'
import { runGit } from '../support/git-program.ts'
import { installKinds } from '../support/install-kinds.ts'
import { kubectl } from '../support/kubectl.ts'
import { openTestNamespace, realApi, type TestNamespace } from '../support/real-cluster.ts'

/*
 * The controller inside the cluster, as the manifests say: two replicas under their own service account, a Repository on a git server that is a
 * pod, all workflows of sample-repo/, and a leader that is lost.
 */

/** Program that puts the files of a folder into an image of the cluster: `load-image NAME DIR [--at PATH] [--user USER] [--env NAME=VALUE]`. */
const LOAD_IMAGE = process.env['FUSEE_TEST_LOAD_IMAGE']
const IMAGE = 'fusee-test:dev'
const GIT_IMAGE = 'fusee-test-git:dev'

/** What each workflow of the sample that a push starts comes to on a cluster. Nothing brings a repository's files into pods yet, which its steps say. */
const WANT: Record<string, string> = {
  diamond: 'Succeeded',
  fallback: 'Succeeded',
  greeting: 'Succeeded',
  nightly: 'Succeeded',
  report: 'Failed',
  site: 'Succeeded',
}

interface Recorded {
  run: string
  workflow: string
  commit: string
  result: string
  message: string
  steps: { name: string; result: string; reason: string; message?: string }[]
}

describe.skipIf(LOAD_IMAGE === undefined)('the controller inside a cluster', () => {
  const api = realApi()
  const folder = mkdtempSync(path.join(tmpdir(), 'fusee-inside-'))
  const clone = path.join(folder, 'clone')
  let home: TestNamespace
  let data: TestNamespace
  /** Lets the Jobs of `data` in. */
  let reports: TestNamespace
  let forward: ChildProcess | null = null

  beforeAll(async () => {
    await buildImages(folder)
    home = await openTestNamespace(api, { 'pod-security.kubernetes.io/enforce': 'restricted' })
    data = await openTestNamespace(api)
    reports = await openTestNamespace(api)
    const lets = ['--clusterrole=edit', `--group=system:serviceaccounts:${data.name}`]
    await kubectl(['create', 'rolebinding', 'jobs-of-data', '-n', reports.name, ...lets])
    await kubectl(['create', '-n', data.name, '-f', '-'], gitPod())
    await kubectl(['wait', '--for=condition=Ready', 'pod/git', '-n', data.name, '--timeout=60s'])
    forward = spawn('kubectl', ['port-forward', '-n', data.name, 'pod/git', ':8080'], { stdio: ['ignore', 'pipe', 'inherit'] })
    const port = await new Promise<string>((resolve) => {
      forward?.stdout?.on('data', (chunk: Buffer) => {
        const match = /127\.0\.0\.1:(\d+)/.exec(chunk.toString())
        if (match !== null) resolve(match[1] ?? '')
      })
    })
    await runGit(folder, ['clone', '--quiet', `http://127.0.0.1:${port}/sample.git`, clone])
    const objects = installObjects({ image: IMAGE, namespace: home.name, scope: 'Cluster' }).filter(({ kind }) => kind !== 'Namespace')
    execFileSync('kubectl', ['apply', '--server-side', '--force-conflicts', '-f', '-'], {
      input: printManifests(objects),
      stdio: ['pipe', 'ignore', 'inherit'],
    })
  })
  afterAll(async () => {
    forward?.kill()
    if (home !== undefined) await kubectl(['delete', 'deployment', 'fusee', '--ignore-not-found', '-n', home.name])
    installKinds()
    await data?.close()
    await reports?.close()
    await home?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  async function pushChange(files: readonly string[]): Promise<string> {
    for (const file of files) appendFileSync(path.join(clone, 'workflows', file), `# touched\n`)
    await runGit(clone, ['commit', '--quiet', '--all', '--message', 'Touch the workflows'])
    await runGit(clone, ['push', '--quiet', 'origin', 'main'])
    return runGit(clone, ['rev-parse', 'HEAD'])
  }

  async function records(): Promise<Recorded[]> {
    await runGit(clone, ['fetch', '--quiet', 'origin']).catch(() => '')
    const names = await runGit(clone, ['ls-tree', '-r', '--name-only', 'origin/fusee/status']).catch(() => '')
    const paths = names.split('\n').filter((one) => /\/\d\d\/[^/]+\.json$/.test(one) && !one.endsWith('ticks.json'))
    return Promise.all(paths.map(async (one) => JSON.parse(await runGit(clone, ['show', `origin/fusee/status:${one}`])) as Recorded))
  }

  async function followSample(more: object): Promise<void> {
    const url = `http://${await kubectl(['get', 'pod', 'git', '-n', data.name, '-o', 'jsonpath={.status.podIP}'])}:8080/sample.git`
    const spec = { url, interval: '1s', history: { interval: '1s' }, ...more }
    const metadata = { name: 'sample' }
    await kubectl(['create', '-n', data.name, '-f', '-'], { apiVersion: 'fusee.dev/v1alpha1', kind: 'Repository', metadata, spec })
    await kubectl(['wait', '--for=condition=Ready', 'frepo/sample', '-n', data.name, '--timeout=60s'])
  }

  const leader = async () => (await kubectl(['get', 'lease', 'fusee', '-n', home.name, '-o', 'jsonpath={.spec.holderIdentity}'])).split('_')[0] ?? ''
  const logs = () => kubectl(['logs', '-n', home.name, '-l', 'app.kubernetes.io/name=fusee', '--tail=-1', '--prefix'])

  it('has two replicas that are ready, and one leader', { timeout: 180_000 }, async () => {
    await kubectl(['rollout', 'status', 'deployment/fusee', '-n', home.name, '--timeout=150s'])
    const pods = (await kubectl(['get', 'pods', '-n', home.name, '-o', 'jsonpath={.items[*].metadata.name}'])).split(' ')
    expect(pods).toHaveLength(2)
    expect(pods).toContain(await leader())
  })

  it('has no right that it does not need', async () => {
    const may = (verb: string, what: string, ...rest: string[]) =>
      kubectl(['auth', 'can-i', verb, what, `--as=system:serviceaccount:${home.name}:fusee`, '-n', data.name, ...rest]).catch(() => 'no')
    expect([await may('get', 'secrets'), await may('create', 'jobs'), await may('update', 'runs', '--subresource=status')]).toEqual([
      'yes',
      'yes',
      'yes',
    ])
    expect([await may('list', 'secrets'), await may('create', 'pods'), await may('delete', 'pods'), await may('update', 'repositories')]).toEqual([
      'no',
      'no',
      'no',
      'no',
    ])
  })

  it('runs all that the sample holds, each once, and records it', { timeout: 400_000 }, async () => {
    await followSample({ policy: { namespaces: [reports.name] } })
    const commit = await pushChange(readdirSync('sample-repo/workflows'))
    const own = async () => (await records()).filter((record) => record.commit === commit && record.workflow in WANT)
    await untilThere('the records', async () => (await own()).length >= Object.keys(WANT).length)
    expect(Object.fromEntries((await own()).map(({ workflow, result }) => [workflow, result]))).toEqual(WANT)
    const report = (await own()).find(({ workflow }) => workflow === 'report')
    expect(report?.message).toMatch(/source: the kubernetes runner does not bring the repository into pods yet/)
    expect(report?.steps.map(({ name, reason }) => `${name} ${reason}`)).toEqual(['lines Unsupported', 'kinds Unsupported', 'both DependencyNotMet'])
    for (const size of ['small', 'large']) {
      const spec = { repository: 'sample', workflow: 'release', params: { size } }
      await kubectl(['create', '-n', data.name, '-f', '-'], { apiVersion: 'fusee.dev/v1alpha1', kind: 'Run', metadata: { name: size }, spec })
    }
    await kubectl(['wait', '--for=condition=Finished', 'frun/small', 'frun/large', '-n', data.name, '--timeout=180s'])
    const release = async () => (await records()).filter(({ workflow, run }) => workflow === 'release' && ['small', 'large'].includes(run))
    await untilThere('the records of both releases', async () => (await release()).length === 2)
    expect(Object.fromEntries((await release()).map(({ run, steps }) => [run, unsuccessful(steps)]))).toEqual({
      small: [],
      large: ['praise Skipped ConditionFalse', 'check Failed ExitCode'],
    })
    await untilThere('a tick of every minute', async () =>
      (await records()).some(({ workflow, result }) => workflow === 'heartbeat' && result === 'Succeeded'),
    )
  })

  it('makes a Job in another namespace that lets it, reads it there and takes it away', { timeout: 300_000 }, async () => {
    writeFileSync(path.join(clone, 'workflows', 'elsewhere.yaml'), ELSEWHERE)
    writeFileSync(path.join(clone, 'jobs', 'elsewhere.yaml'), elsewhereJob(reports.name))
    await runGit(clone, ['add', '--all'])
    const commit = await pushChange([])
    const own = async () => (await records()).filter((record) => record.commit === commit && record.workflow === 'elsewhere')
    await untilThere('its record', async () => (await own()).length === 1)
    expect(unsuccessful((await own())[0]?.steps ?? [])).toEqual([`there Failed ExitCode`])
    expect(JSON.stringify(await own())).toContain(`in ${reports.name}`)
    const run = (await own())[0]?.run ?? ''
    const jobs = (namespace: string) => kubectl(['get', 'jobs', '-l', `fusee.dev/run=${run}`, '-n', namespace, '-o', 'name'])
    expect(await jobs(data.name)).toBe('')
    expect(await jobs(reports.name)).toMatch(/^job\S+$/)
    await kubectl(['delete', 'frun', run, '-n', data.name, '--timeout=60s'])
    await untilThere('nothing in the other namespace', async () => (await jobs(reports.name)) === '')
  })

  it('goes on when its leader is lost', { timeout: 300_000 }, async () => {
    const first = await leader()
    await kubectl(['delete', 'pod', first, '-n', home.name, '--force', '--grace-period=0'])
    const commit = await pushChange(['diamond.yaml'])
    await untilThere('another leader', async () => ![first, ''].includes(await leader()))
    const own = async () => (await records()).filter((record) => record.commit === commit && record.workflow === 'diamond')
    await untilThere('its record', async () => (await own()).length > 0)
    expect((await own()).map(({ result }) => result)).toEqual(['Succeeded'])
    expect((await logs()).split('\n').filter((line) => /forbidden/i.test(line))).toEqual([])
  })

  it('goes without harm', { timeout: 300_000 }, async () => {
    await kubectl(['patch', 'frepo/sample', '-n', data.name, '--type=merge', '-p', '{"spec":{"suspend":true}}'])
    const held = () => kubectl(['get', 'frun,jobs', '-n', data.name, '-o', 'jsonpath={.items[*].metadata.finalizers}'])
    await untilThere('nothing that waits for its record', async () => (await held()) === '')
    const before = await records()
    const { code, stdout, stderr } = await runFusee(['uninstall', `--namespace=${home.name}`])
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toContain('CustomResourceDefinition runs.fusee.dev deleted')
    expect(await kubectl(['get', 'all,lease', '-n', home.name, '-o', 'name'])).toBe('')
    expect(await kubectl(['get', 'clusterroles,clusterrolebindings', '-l', 'app.kubernetes.io/part-of=fusee', '-o', 'name'])).toBe('')
    await until('no kind of ours', async () => !(await kubectl(['get', 'crd', '-o', 'name'])).includes('fusee.dev'))
    expect((await records()).map(({ run }) => run).sort()).toEqual(before.map(({ run }) => run).sort())
    installKinds()
  })

  it('follows one namespace with rights in that one alone', { timeout: 300_000 }, async () => {
    const objects = installObjects({ image: IMAGE, namespace: data.name, scope: 'Namespace' })
    await kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], { apiVersion: 'v1', kind: 'List', items: objects })
    await kubectl(['rollout', 'status', 'deployment/fusee', '-n', data.name, '--timeout=150s'])
    const may = (verb: string, what: string, namespace: string) =>
      kubectl(['auth', 'can-i', verb, what, `--as=system:serviceaccount:${data.name}:fusee`, '-n', namespace]).catch(() => 'no')
    expect([await may('create', 'jobs', data.name), await may('create', 'jobs', home.name), await may('get', 'secrets', home.name)]).toEqual([
      'yes',
      'no',
      'no',
    ])
    // The same Repository made again carries on from its status branch.
    const before = (await records()).map(({ run }) => run)
    await followSample({})
    const commit = await pushChange(['diamond.yaml'])
    const own = async () => (await records()).filter((record) => record.commit === commit && record.workflow === 'diamond')
    await untilThere('its record', async () => (await own()).length > 0)
    expect((await own()).map(({ result }) => result)).toEqual(['Succeeded'])
    const added = (await records()).filter(({ run, workflow }) => !before.includes(run) && workflow !== 'heartbeat')
    expect([...new Set(added.map((record) => record.commit))]).toEqual([commit])
    await kubectl(['delete', 'frepo', 'sample', '-n', data.name])
    await untilThere('no Run and no Job', async () => (await kubectl(['get', 'frun,jobs', '-n', data.name, '-o', 'name'])) === '')
    const { code, stderr } = await runFusee(['uninstall', `--namespace=${data.name}`])
    expect([code, stderr]).toEqual([0, ''])
    installKinds()
  })

  /** The machine may be busy with pods. */
  async function untilThere(what: string, holds: () => Promise<boolean>): Promise<void> {
    for (let minutes = 0; ; minutes++) {
      try {
        return await until(what, holds)
      } catch (error) {
        if (minutes === 3) throw new Error(`${String(error)}\n${(await logs()).slice(-4000)}`, { cause: error })
      }
    }
  }
})

const ELSEWHERE = `apiVersion: fusee.dev/v1alpha1
kind: Workflow
metadata: {name: elsewhere}
spec:
  triggers: {push: {paths: [jobs/elsewhere.yaml]}}
  steps: [{name: there, manifest: jobs/elsewhere.yaml}]
`

function elsewhereJob(namespace: string): string {
  return `apiVersion: batch/v1
kind: Job
metadata: {namespace: ${namespace}}
spec:
  backoffLimit: 0
  template: {spec: {restartPolicy: Never, containers: [{name: main, image: "busybox:1.36", command: [sh, -c, "echo in ${namespace}; exit 3"]}]}}
`
}

/** What did not succeed of a run, and why. */
const unsuccessful = (steps: Recorded['steps']): string[] =>
  steps
    .filter(({ result }) => result !== 'Succeeded')
    .map(({ name, result, reason, message = '' }) => `${name} ${result} ${reason} ${message}`.trim())

/** The controller as the Dockerfile lays it out, and a git server with the sample in it. */
async function buildImages(folder: string): Promise<void> {
  const load = (...words: string[]): void => void execFileSync(LOAD_IMAGE ?? '', words, { stdio: ['ignore', 'ignore', 'pipe'] })
  const app = path.join(folder, 'app')
  mkdirSync(app)
  cpSync(BUNDLE, path.join(app, 'fusee.mjs'))
  load(IMAGE, app, '--at', '/app', '--user', '1000')

  const git = path.join(folder, 'git')
  for (const part of ['bin', 'git-core', 'lib', 'repos']) mkdirSync(path.join(git, part), { recursive: true })
  await build({
    entryPoints: ['test/support/git-pod-server.ts'],
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: path.join(git, 'server.mjs'),
  })
  const core = execFileSync('git', ['--exec-path'], { encoding: 'utf8' }).trim()
  for (const program of ['git', 'git-http-backend', 'git-upload-pack', 'git-receive-pack']) {
    cpSync(path.join(core, program), path.join(git, 'git-core', program), { dereference: true })
  }
  const libraries = execFileSync('ldd', [path.join(core, 'git')], { encoding: 'utf8' }).matchAll(/=> (\S*(?:pcre|libz)\S*)/g)
  for (const [, file = ''] of libraries) cpSync(file, path.join(git, 'lib', path.basename(file)), { dereference: true })
  const wrapper = '#!/bin/sh\nexport LD_LIBRARY_PATH=/app/lib GIT_EXEC_PATH=/app/git-core\nexec /app/git-core/git "$@"\n'
  writeFileSync(path.join(git, 'bin', 'git'), wrapper, { mode: 0o755 })
  const bare = path.join(git, 'repos', 'sample.git')
  const work = path.join(folder, 'work')
  cpSync('sample-repo', work, { recursive: true })
  await runGit(work, ['init', '--quiet', '--initial-branch=main'])
  await runGit(work, ['add', '--all'])
  await runGit(work, ['commit', '--quiet', '--message', 'Workflows of the sample'])
  await runGit(folder, ['clone', '--quiet', '--bare', work, bare])
  await runGit(bare, ['config', 'http.receivepack', 'true'])
  await runGit(bare, ['config', 'uploadpack.allowFilter', 'true'])
  await runGit(bare, ['config', 'uploadpack.allowAnySHA1InWant', 'true'])
  load(GIT_IMAGE, git, '--at', '/app')
}

function gitPod(): object {
  const probe = { tcpSocket: { port: 8080 }, periodSeconds: 1 }
  const env = [{ name: 'PATH', value: '/app/bin:/usr/local/bin:/usr/bin:/bin' }]
  const container = { name: 'git', image: GIT_IMAGE, command: ['node', '/app/server.mjs', '/app/repos', '8080'], env, readinessProbe: probe }
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'git' }, spec: { terminationGracePeriodSeconds: 0, containers: [container] } }
}

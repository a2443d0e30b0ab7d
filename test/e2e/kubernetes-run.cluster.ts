import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runFusee, startFusee, until } from '../support/fusee-process.ts'
import { importCommits, runGit } from '../support/git-program.ts'
import { kubectl } from '../support/kubectl.ts'
import { openTestNamespace, realApi, type TestNamespace } from '../support/real-cluster.ts'
import { removeFolder } from '../support/remove-folder.ts'

const WORKFLOW = `apiVersion: fusee.dev/v1alpha1
kind: Workflow
metadata: {name: w}
spec:
  chain: true
  steps:
    - {name: one, image: "busybox:1.36", script: "echo first line; sleep 0.3; echo second line"}
    - {name: two, image: "busybox:1.36", script: "echo why; exit 3"}
  finally: [{name: last, image: "busybox:1.36", script: echo bye}]
`
const LONG = WORKFLOW.replace('name: w}', 'name: long}')
  .replace('chain: true', 'chain: true\n  defaults: {pod: {terminationGracePeriodSeconds: 1}}')
  .replace('echo first line;', 'echo begun; sleep 600;')

/** All that a person needs in the namespace. */
const RULES = [
  { apiGroups: ['batch'], resources: ['jobs'], verbs: ['create', 'get', 'list', 'watch', 'patch', 'delete'] },
  { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch', 'delete'] },
  { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] },
]

describe('run --runner kubernetes', () => {
  let namespace: TestNamespace
  let folder: string
  let env: Record<string, string>
  const words = (workflow: string): string[] => ['run', workflow, '--repo', folder, '--runner', 'kubernetes', '--namespace', namespace.name]
  const left = () => kubectl(['get', 'jobs,pods', '-n', namespace.name, '-o', 'name'])

  beforeAll(async () => {
    namespace = await openTestNamespace(realApi())
    folder = await mkdtemp(path.join(tmpdir(), 'fusee-run-'))
    await runGit(folder, ['init', '--quiet', '--initial-branch=main'])
    await importCommits(folder, [{ 'workflows/w.yaml': WORKFLOW, 'workflows/long.yaml': LONG }])
    await runGit(folder, ['reset', '--hard', '--quiet'])
    env = { KUBECONFIG: await kubeconfigWith(namespace.name, folder) }
  })

  afterAll(async () => {
    await namespace.close()
    await removeFolder(folder)
  })

  it('shows what Jobs print, gives the record, and leaves no Job and no Pod', async () => {
    const { code, stdout } = await runFusee(words('w'), env)
    expect(code).toBe(1)
    for (const want of ['one | first line', 'one | second line', 'two Failed: exited with 3', 'last | bye', 'Last lines of two:'])
      expect(stdout).toContain(want)
    expect(await left()).toBe('')
  })

  it('ends its Jobs when it is interrupted', async () => {
    const fusee = startFusee(words('long'), env)
    await until('a line of the step is shown', () => fusee.stdout().includes('one | begun'))
    fusee.kill('SIGINT')
    expect((await fusee.ended).code).toBe(1)
    expect(fusee.stdout()).toContain('Cancelled')
    expect(await left()).toBe('')
  })

  it('says what is wrong without a cluster', async () => {
    const { code, stderr } = await runFusee(words('w'), { KUBECONFIG: path.join(folder, 'none') })
    expect(code).not.toBe(0)
    expect(stderr).toMatch(/cannot read the kubeconfig .*none/)
  })
})

/** A kubeconfig of somebody who has these rights in this namespace, and no other. */
async function kubeconfigWith(namespace: string, folder: string): Promise<string> {
  const rbac = 'rbac.authorization.k8s.io'
  const metadata = { name: 'mia', namespace }
  const items = [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    { apiVersion: `${rbac}/v1`, kind: 'Role', metadata, rules: RULES },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: rbac, kind: 'Role', name: 'mia' },
      subjects: [{ kind: 'ServiceAccount', ...metadata }],
    },
  ]
  await kubectl(['create', '-f', '-'], { apiVersion: 'v1', kind: 'List', items })
  const token = await kubectl(['create', 'token', 'mia', '-n', namespace])
  const view = await kubectl(['config', 'view', '--raw', '--minify', '-o', 'json'])
  const [cluster] = (JSON.parse(view) as { clusters: { cluster: object }[] }).clusters
  const file = path.join(folder, 'kubeconfig')
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'mia',
    contexts: [{ name: 'mia', context: { cluster: 'here', user: 'mia' } }],
    clusters: [{ name: 'here', cluster: cluster?.cluster }],
    users: [{ name: 'mia', user: { token } }],
  }
  await writeFile(file, JSON.stringify(config))
  return file
}

import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import { describeDefinitions } from '../../src/cli/validate-json.ts'
import { loadDefinitions } from '../../src/definitions/load-definitions.ts'
import { ASSUMED_POLICY } from '../../src/definitions/policy/policy.ts'
import { createWorkingTreeFiles } from '../../src/git/working-tree.ts'
import { runFusee } from '../support/fusee-process.ts'
import { removeFolder } from '../support/remove-folder.ts'

const HEAD = 'apiVersion: fusee.dev/v1alpha1\nkind: Workflow\nmetadata: {name: '
const MANY = 320

/** Good ones, ones with a mistake, ones that name a manifest, and one that is no YAML. */
function fileOf(index: number): string {
  if (index % 40 === 1) return `${HEAD}w${index}}\nspec: {steps: [{name: a, image: x, comand: [y]}]}\n`
  if (index % 40 === 2) return `${HEAD}w${index}}\nspec: {steps: [{name: a, manifest: jobs/a.yaml, env: [{name: A, value: "\${{ params.b }}"}]}]}\n`
  if (index === 3) return 'x: ]'
  return `${HEAD}w${index}}\nspec:\n  params: {site: {default: x, pattern: "^[a-z]$"}}\n  triggers: {schedule: [{cron: "H 3 * * *"}]}\n  steps: [{name: a, image: "busybox:1", script: echo}]\n`
}

it('says the same of many files, which threads of its own read, as of each by itself', async () => {
  const root = await mkdtemp(path.join(tmpdir(), 'fusee-many-'))
  try {
    await mkdir(path.join(root, 'workflows'))
    await mkdir(path.join(root, 'jobs'))
    await writeFile(
      path.join(root, 'jobs/a.yaml'),
      'apiVersion: batch/v1\nkind: Job\nspec: {template: {spec: {containers: [{name: a, image: "${{ params.c }}"}]}}}\n',
    )
    for (let index = 0; index < MANY; index++) await writeFile(path.join(root, `workflows/w${index}.yaml`), fileOf(index))
    const { code, stdout, stderr } = await runFusee(['validate', root, '--output', 'json'])
    expect({ code, stderr }).toEqual({ code: 2, stderr: '' })
    const definitions = await loadDefinitions(createWorkingTreeFiles(root), { path: 'workflows', policy: ASSUMED_POLICY })
    expect(JSON.parse(stdout)).toEqual(JSON.parse(JSON.stringify(describeDefinitions(definitions))))
    expect(definitions.workflows).toHaveLength(MANY - 17)
  } finally {
    await removeFolder(root)
  }
})

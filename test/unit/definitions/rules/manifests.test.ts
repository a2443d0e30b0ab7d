import { describe, expect, it } from 'vitest'
import { job, load, workflow } from '../check-marked.ts'
import { testRules, type RuleCase } from './test-rules.ts'

const CASES: RuleCase[] = [
  {
    rule: 'manifest-missing',
    name: 'neither file nor folder',
    text: workflow(`
steps:
  - {name: a, manifest: «jobs/none.yaml}
  - {name: b, manifest: «../a.yaml, dependsOn: [a]}
  - {name: c, manifest: «/etc, dependsOn: [a]}
`),
    wantMessages: ['no file or folder', 'outside the repository', 'outside the repository'],
  },
  {
    rule: 'manifest-no-job',
    name: 'something else in the file, and nothing in the folder',
    text: workflow(`
chain: true
steps:
  - {name: a, manifest: «jobs/map.yaml}
  - {name: b, manifest: «jobs}
  - {name: c, manifest: «jobs/empty.yaml}
`),
    wantMessages: ['holds a v1 ConfigMap', 'no file of the folder', 'holds nothing'],
    others: { 'jobs/map.yaml': 'apiVersion: v1\nkind: ConfigMap\n', 'jobs/empty.yaml': '# nothing\n' },
  },
  {
    rule: 'invalid-expression',
    name: 'what a folder has left is a list, what a file has left is not',
    text: workflow(`
steps:
  - {name: many, manifest: jobs/many, results: {size: integer}}
  - {name: one, manifest: jobs/one.yaml, results: {size: integer}}
  - {name: a, image: x, dependsOn: [many], if: «steps.many.results.size > 1}
  - {name: b, image: x, dependsOn: [one], if: '«steps.one.results.size[0] > 1'}
  - {name: c, image: x, dependsOn: [many, one], if: 'steps.many.results.size[0] > steps.one.results.size'}
  - {name: d, image: x, dependsOn: [many], forEach: steps.many.results.size, env: [{name: A, value: "\${{ item + 1 }} \${{ «item == 'x' }}"}]}
  - {name: e, image: x, dependsOn: [one], forEach: «steps.one.results.size}
  - {name: f, image: x, dependsOn: [many/a], if: 'steps["many/a"].results.size > 1'}
  - {name: g, image: x, dependsOn: [many], if: steps.many.results.«sise == 1}
`),
    wantMessages: ['">" does not take', 'cannot index', 'convert with int()', 'must come to a list', 'did you mean "size"'],
    others: { 'jobs/many/a.yaml': job(), 'jobs/many/b.yaml': job(), 'jobs/one.yaml': job() },
  },
]

describe('rules about manifests', () => {
  testRules(CASES)
})

describe('mistakes within a manifest', () => {
  const REFERENCES = {
    'workflows/a.yaml': workflow('steps: [{name: one, manifest: jobs/a.yaml}]'),
    'workflows/b.yaml': workflow('steps: [{name: one, manifest: jobs}]', 'b'),
  }
  const JOB = 'apiVersion: batch/v1\nkind: Job\nspec:\n'

  it.each([
    { name: 'several documents', text: `${job()}---\napiVersion: v1\nkind: ConfigMap\n`, want: ['6:1 manifest-several-documents'] },
    { name: 'no template', text: JOB, want: ['3:1 manifest-invalid'] },
    { name: 'no containers', text: `${JOB}  template: {spec: {containers: []}}\n`, want: ['4:21 manifest-invalid'] },
    {
      name: 'containers that are none',
      text: `${JOB}  template: {spec: {containers: [x, {name: a}]}}\n`,
      want: ['4:34 wrong-type', '4:37 manifest-invalid'],
    },
    {
      name: 'refused fields',
      text: `${JOB}  ttlSecondsAfterFinished: 1\n  selector: {}\n  manualSelector: true\n  template: {spec: {containers: [{name: c, image: x}]}}\n`,
      want: ['4:3 refused-field', '5:3 refused-field', '6:3 refused-field'],
    },
    {
      name: 'expressions',
      text: `${JOB}  template: {spec: {containers: [{name: c, image: "x:\${{ params.tag }}"}]}}\n`,
      want: ['4:65 invalid-expression'],
    },
    {
      name: 'what Kubernetes would refuse',
      text: `${JOB}  backofLimit: 1\n  template:\n    spec:\n      restartPolicy: Always\n      containers:\n        - {name: c, image: x, comand: [a], resources: {limits: {cpu: 100x, memory: 64Mib}}}\n        - {name: c, image: x, env: [{name: A, value: 1}], volumeMounts: [{name: data, mountPath: /d}]}\n`,
      want: [
        '4:3 unknown-field',
        '7:22 invalid-value',
        '9:31 unknown-field',
        '9:70 invalid-value',
        '9:84 invalid-value',
        '10:18 duplicate-item',
        '10:54 wrong-type',
        '10:81 mount-without-volume',
      ],
    },
    {
      name: 'expressions where none is allowed',
      text: `apiVersion: batch/v1\nkind: Job\nmetadata: {name: "\${{ vars.a }}"}\nspec: {template: {spec: {containers: [{name: c, image: x, command: [sh, -c, "\${{ vars.a }}"]}]}}}\n`,
      want: ['3:19 misplaced-expression', '4:78 expression-in-script'],
    },
    { name: 'a fault of syntax', text: 'kind: [\n', want: ['2:1 yaml-syntax'] },
    { name: 'no text', text: '\0', want: ['1:1 file-not-text'] },
  ])('$name: shown there, once, and every workflow that names it is invalid', async ({ text, want }) => {
    const definitions = await load({ ...REFERENCES, 'jobs/a.yaml': text })
    expect(definitions.diagnostics.map(({ file, line, column, rule }) => `${file} ${line}:${column} ${rule}`)).toEqual(
      want.map((place) => `jobs/a.yaml ${place}`),
    )
    expect(definitions.invalidWorkflows).toEqual(['a', 'b'])
  })

  it('a backoffLimit of its own stays beside retries, which override it', async () => {
    const manifest = `${JOB}  backoffLimit: 3\n  template: {spec: {containers: [{name: c, image: x}]}}\n`
    const definitions = await load({
      'workflows/a.yaml': workflow('steps: [{name: one, manifest: jobs/a.yaml, retries: 1}]'),
      'jobs/a.yaml': manifest,
    })
    expect(definitions.diagnostics).toEqual([])
    expect(definitions.workflows[0]?.steps[0]).toMatchObject({ retries: 1, work: { manifest: { spec: { backoffLimit: 3 } } } })
  })
})

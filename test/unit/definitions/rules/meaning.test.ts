import { describe, expect, it } from 'vitest'
import { checkMarked, schedule, workflow } from '../check-marked.ts'
import { testRules, type RuleCase } from './test-rules.ts'

const CASES: RuleCase[] = [
  {
    rule: 'condition-never-holds',
    name: 'the same step twice, each way',
    text: workflow(`
steps:
  - {name: a, image: x}
  - {name: b, image: x, dependsOn: [a, {step: «a, when: Failed}]}
  - {name: c, image: x, dependsOn: [{step: a, when: NotFailed}, {step: «a, when: Failed}]}
  - {name: d, image: x, dependsOn: [a, {step: a, when: Always}]}
`),
    wantMessages: ['"a" cannot also be Failed', '"a" cannot also be Failed'],
  },
  {
    rule: 'condition-never-holds',
    name: 'through the steps in between, also where the failure is forgiven',
    text: workflow(`
steps:
  - {name: a, image: x}
  - {name: repair, image: x, dependsOn: [{step: a, when: Failed}]}
  - {name: further, image: x, dependsOn: [repair]}
  - {name: never, image: x, dependsOn: [a, «further]}
  - {name: after, image: x, dependsOn: [never]}
  - {name: either, image: x, dependsOn: [{step: a, when: NotFailed}, {step: further, when: NotFailed}]}
  - {name: soft, image: x, allowFailure: true}
  - {name: both, image: x, dependsOn: [soft, {step: soft, when: Failed}]}
`),
    wantMessages: ['asks something of "a"'],
  },
  {
    rule: 'condition-never-holds',
    name: 'a join cannot fail',
    text: workflow(`
steps:
  - {name: a, image: x}
  - {name: all, dependsOn: [a]}
  - {name: b, image: x, dependsOn: [{step: «all, when: Failed}]}
`),
    wantMessages: ['runs nothing and cannot fail'],
  },
  {
    rule: 'constant-condition',
    name: 'conditions that use nothing',
    text: workflow(`
steps:
  - {name: a, image: x, if: «1 > 2}
  - {name: b, image: x, if: "\${{ «true }}", dependsOn: [a]}
  - {name: c, image: x, if: run.commit == "", dependsOn: [a]}
`),
    wantMessages: ['always false', 'always true'],
  },
  {
    rule: 'input-without-output',
    name: 'inputs of steps that keep nothing, have not ended, or do not exist',
    text: workflow(`
steps:
  - {name: a, image: x, output: true}
  - {name: b, image: x, dependsOn: [a]}
  - {name: c, image: x, dependsOn: [b], inputs: [a, «b, {step: «d}, «e]}
  - {name: d, image: x, output: true}
finally:
  - {name: f, image: x, inputs: [a, d]}
`),
    wantMessages: ['add "output: true"', 'add it to dependsOn', 'no step "e"'],
  },
  {
    rule: 'matrix-too-large',
    name: 'more Jobs than a run may have, alone and together',
    text: workflow(`
steps:
  - {name: a, image: x, «matrix: {a: [${'1, '.repeat(40)}], b: [${'1, '.repeat(40)}]}}
  - {name: b, image: x, dependsOn: [a], forEach: params.list}
params: {list: {type: array, default: []}}
`),
    wantMessages: ['1600 Jobs'],
  },
  {
    rule: 'matrix-too-large',
    name: 'two that are fine each',
    text: workflow(`
steps:
  - {name: a, image: x, matrix: {a: [${'1, '.repeat(20)}], b: [${'1, '.repeat(30)}]}}
  - {name: b, image: x, dependsOn: [a], «forEach: [${'1, '.repeat(500)}]}
`),
    wantMessages: ['more than 1000 steps'],
  },
  {
    rule: 'empty-expansion',
    name: 'lists without items',
    text: workflow(`
steps:
  - {name: a, image: x, «matrix: {a: [1], b: []}}
  - {name: b, image: x, «forEach: [], dependsOn: [a]}
`),
    wantMessages: ['empty', 'empty'],
  },
  {
    rule: 'invalid-name',
    name: 'names of results and keys of a matrix',
    text: workflow('steps: [{name: a, image: x, results: {ok: string, «"a b": string}, matrix: {«"1": [a], b: [c]}}]'),
    wantMessages: ['the result "a b"', 'the key of the matrix "1"'],
  },
  {
    rule: 'invalid-name',
    name: 'of a webhook',
    text: workflow('triggers: {webhook: [{name: «Nightly}]}\nsteps: [{name: a, image: x}]'),
    wantMessages: ['write "nightly"'],
  },
  {
    rule: 'duplicate-webhook',
    name: 'twice the same',
    text: workflow('triggers: {webhook: [{name: a}, {name: «a}]}\nsteps: [{name: a, image: x}]'),
    wantMessages: ['there already'],
  },
  {
    rule: 'derived-name',
    name: 'of a schedule inside a workflow',
    text: workflow(`triggers: {schedule: [{name: «${'n'.repeat(40)}, cron: "@daily"}]}\nsteps: [{name: a, image: x}]`, 'w'.repeat(40)),
    wantMessages: ['81 characters'],
  },
  {
    rule: 'derived-name',
    name: 'of a file in a folder of manifests',
    text: workflow('steps: [{name: a, manifest: «jobs}]'),
    others: { [`jobs/${'n'.repeat(70)}.yaml`]: jobNamed() },
    wantMessages: ['rename the file'],
  },
  {
    rule: 'mount-without-volume',
    name: 'of a step, of defaults and of an init container',
    text: workflow(`
defaults: {pod: {volumes: [{name: data, emptyDir: {}}]}}
steps:
  - {name: a, image: x, volumeMounts: [{name: data, mountPath: /d}, {name: «dta, mountPath: /e}]}
  - {name: b, image: x, dependsOn: [a], volumeMounts: [{name: «data, mountPath: /d}], pod: {volumes: []}}
  - {name: c, image: x, dependsOn: [a], pod: {initContainers: [{name: i, image: x, volumeMounts: [{name: «other, mountPath: /e}]}]}}
`),
    wantMessages: ['did you mean "data"', 'add it to "volumes" of the pod', 'add it to "volumes" of the pod'],
  },
  {
    rule: 'cron-never-fires',
    name: 'days that no year has',
    text: workflow(`
triggers:
  schedule:
    - {name: a, cron: «"0 0 30 2 *"}
    - {name: b, cron: "0 0 30 2 mon"}
    - {name: c, cron: "0 0 29 feb *"}
    - {name: d, cron: «"0 0 31 4,6,9,11 */2"}
steps: [{name: a, image: x}]
`),
    wantMessages: ['no year', 'no year'],
  },
  {
    rule: 'missing-param',
    name: 'triggers that give no values',
    text: workflow(`
params: {site: {required: true}}
triggers: {«push: , «pullRequest: , «workflow: [{name: b}], webhook: [{name: w}]}
steps: [{name: a, image: x}]
`),
    others: { 'workflows/b.yaml': workflow('steps: [{name: a, image: x}]', 'b') },
    wantMessages: ['a push gives', 'a pull request gives', 'the end of another workflow gives'],
  },
  {
    rule: 'unknown-workflow',
    name: 'that a workflow waits for',
    text: workflow('triggers: {workflow: [{name: «bb}]}\nsteps: [{name: a, image: x}]'),
    others: { 'workflows/b.yaml': workflow('steps: [{name: a, image: x}]', 'b') },
    wantMessages: ['did you mean "b"'],
  },
  {
    rule: 'workflow-loop',
    name: 'workflows that start each other',
    text: workflow('triggers: {workflow: [{name: «c}]}\nsteps: [{name: a, image: x}]'),
    others: {
      'workflows/b.yaml': workflow('triggers: {workflow: [{name: a}]}\nsteps: [{name: a, image: x}]', 'b'),
      'workflows/c.yaml': workflow('triggers: {workflow: [{name: b}]}\nsteps: [{name: a, image: x}]', 'c'),
    },
    wantMessages: ['a -> b -> c -> a'],
  },
  {
    rule: 'workflow-loop',
    name: 'a workflow that starts itself',
    text: workflow('triggers: {workflow: [{name: «a, result: Failed}]}\nsteps: [{name: a, image: x}]'),
    wantMessages: ['a -> a'],
  },
  {
    rule: 'image-latest',
    name: 'images that are others tomorrow',
    text: workflow(`
chain: true
defaults: {image: «busybox}
steps:
  - {name: a, script: echo}
  - {name: b, script: echo}
  - {name: c, image: «"registry.example.com:5000/x:latest"}
  - {name: d, image: "registry.example.com:5000/x:1"}
  - {name: e, image: "x@sha256:0"}
  - {name: f, image: "x:\${{ vars.tag }}"}
`),
    wantMessages: ['has no tag', 'pushed last'],
  },
  {
    rule: 'cached-tag',
    name: 'tags that a cache does not follow',
    text: workflow(`
chain: true
steps:
  - {name: a, image: «"x:1", cache: true}
  - {name: b, image: "x@sha256:0", cache: {salt: a}}
  - {name: c, image: "x:1", cache: false}
`),
    wantMessages: ['name a digest'],
  },
  {
    rule: 'no-resources',
    name: 'steps that ask for nothing, once',
    text: workflow(`
chain: true
steps:
  - {name: a, image: "x:1", resources: {requests: {cpu: 1}}}
  - {name: «b, image: "x:1"}
  - {name: c, image: "x:1"}
`),
    wantMessages: ['this and 1 other step ask for no CPU'],
  },
  {
    rule: 'exclusive-fields',
    name: 'two ways to expand, and what a template says',
    text: workflow(`
chain: true
steps:
  - {name: a, image: x, «matrix: {a: [b]}, forEach: [c]}
  - {name: b, use: t, «image: x, «script: echo}
  - {name: c, approval: {by: [me]}, «undo: {script: x}}
`),
    others: { 'workflows/t.yaml': workflow('step: {image: x}', 't').replace('kind: Workflow', 'kind: StepTemplate') },
    wantMessages: ['make the items a key', 'give it a parameter', 'give it a parameter', 'could be undone'],
  },
]

function jobNamed(): string {
  return 'apiVersion: batch/v1\nkind: Job\nspec: {template: {spec: {restartPolicy: Never, containers: [{name: main, image: x}]}}}\n'
}

describe('rules about what is meant', () => {
  testRules(CASES)

  it('a Schedule document that never ticks', async () => {
    const { rules } = await checkMarked(schedule('workflow: a\ncron: "0 0 31 2 *"'), { 'workflows/b.yaml': workflow('steps: [{name: a, image: x}]') })
    expect(rules).toEqual(['cron-never-fires'])
  })
})

describe('fields of Kubernetes in a step', () => {
  it.each([
    { field: 'comand: [x]', want: 'did you mean "command"' },
    { field: 'resources: {limits: {cpu: 100x}}', want: 'is no quantity of Kubernetes: "100x"' },
    { field: 'resources: {requests: {memory: 64Mib}}', want: 'did you mean "64Mi"' },
    { field: 'resources: {requests: {memory: 64 MB}}', want: 'did you mean "64M"' },
    { field: 'resources: {request: {memory: 64Mi}}', want: 'did you mean "requests"' },
    { field: 'imagePullPolicy: Allways', want: 'did you mean "Always"' },
    { field: 'pod: {tolerations: [{effect: noschedule}]}', want: 'did you mean "NoSchedule"' },
    { field: 'pod: {serviceAcountName: x}', want: 'did you mean "serviceAccountName"' },
    { field: 'pod: {hostNetwork: "yes"}', want: 'true or false' },
    { field: 'job: {paralelism: 2}', want: 'did you mean "parallelism"' },
    { field: 'job: {completions: two}', want: 'a whole number' },
    { field: 'livenessProbe: {httpGet: {prot: http}}', want: 'did you mean "port"' },
    { field: 'securityContext: {capabilities: {dropp: [ALL]}}', want: 'did you mean "drop"' },
    { field: 'envFrom: [{secretref: {name: x}}]', want: 'did you mean "secretRef"' },
    { field: 'env: [{name: A, valueFrom: {secretKeyRef: {name: x}}}]', want: 'needs the field "key"' },
    { field: 'undo: {securityContext: {runAsUsr: 1}}', want: 'did you mean "runAsUser"' },
  ])('$field', async ({ field, want }) => {
    const { messages } = await checkMarked(workflow(`steps: [{name: a, image: x, ${field}}]`))
    expect(messages.join('\n')).toContain(want)
    const inDefaults = await checkMarked(workflow(`defaults: {${field}}\nsteps: [{name: a, image: x}]`))
    expect(inDefaults.messages.join('\n')).toContain(want)
  })

  it.each([
    'resources: {limits: {cpu: 1, memory: 1.5Gi, "example.com/gpu": "2"}}',
    'pod: {securityContext: null, volumes: [{name: v, emptyDir: {sizeLimit: 1e3}}], activeDeadlineSeconds: "${{ params.seconds }}"}',
    'job: {podFailurePolicy: {rules: [{action: FailJob, onExitCodes: {operator: In, values: [1]}}]}}',
    'readinessProbe: {httpGet: {port: 80, path: /}, periodSeconds: 3}',
  ])('takes %s', async (field) => {
    const { rules } = await checkMarked(workflow(`params: {seconds: {type: integer, default: 1}}\nsteps: [{name: a, image: x, ${field}}]`))
    expect(rules).toEqual([])
  })
})

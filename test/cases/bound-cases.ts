import type { RunCase } from './run-case.ts'
import { AT, manifest, once, resultsManifest } from './run-case.ts'

/** Cases of limits, of cancelling, and of what expressions may know. */
export const BOUND_CASES: readonly RunCase[] = [
  {
    name: 'a pod that cannot start',
    spec: `
steps:
  - name: stuck
    image: busybox
    startTimeout: 60s
    env: [{name: PASSWORD, valueFrom: {secretKeyRef: {name: nowhere, key: password}}}]
    script: 'true'
  - {name: alarm, image: busybox, script: 'true', dependsOn: [{step: stuck, when: Failed}]}
  - {name: after, image: busybox, script: 'true', dependsOn: [stuck]}
`,
    outcomes: { stuck: { blocked: 'CreateContainerConfigError' } },
    wantResult: 'Failed',
    wantReason: 'StepFailed',
    wantSteps: ['stuck Failed CreateContainerConfigError', 'alarm Succeeded', 'after Skipped DependencyNotMet'],
  },
  {
    name: 'no more steps at once than the workflow allows',
    spec: `
maxParallel: 2
steps:
  - {name: a, image: busybox, script: sleep 0.2}
  - {name: b, image: busybox, script: sleep 0.2}
  - {name: c, image: busybox, script: sleep 0.2}
  - {name: d, image: busybox, script: sleep 0.2}
finally:
  - {name: x, image: busybox, script: sleep 0.2}
  - {name: y, image: busybox, script: sleep 0.2}
  - {name: z, image: busybox, script: sleep 0.2}
`,
    wantMostActive: 2,
    wantResult: 'Succeeded',
    wantSteps: ['a Succeeded', 'b Succeeded', 'c Succeeded', 'd Succeeded', 'x Succeeded', 'y Succeeded', 'z Succeeded'],
  },
  {
    name: 'no more expansions at once than their step allows',
    spec: `
steps:
  - {name: each, image: busybox, forEach: [a, b, c, d], maxParallel: 2, script: sleep 0.2}
`,
    wantMostActive: 2,
    wantResult: 'Succeeded',
    wantSteps: ['each/0 Succeeded', 'each/1 Succeeded', 'each/2 Succeeded', 'each/3 Succeeded'],
  },
  {
    name: 'an approval that is cancelled while it waits',
    spec: `
steps:
  - {name: gate, approval: {by: [ann]}}
  - {name: publish, image: busybox, script: 'true', dependsOn: [gate]}
  - {name: always, image: busybox, script: 'true', dependsOn: [{step: gate, when: Always}]}
`,
    act: once('gate', 'Running', { cancelSteps: [{ step: 'gate', by: 'ann', reason: 'not today' }] }),
    wantResult: 'Succeeded',
    wantSteps: ['gate Cancelled StepCancelled', 'publish Skipped DependencyNotMet', 'always Succeeded'],
  },
  {
    name: 'a folder of manifests that is cancelled by its name',
    files: Object.fromEntries(['jobs/many/a.yaml', 'jobs/many/b.yaml'].map((path) => [path, manifest(0, 'sleep 600')])),
    spec: `
steps:
  - {name: many, manifest: jobs/many}
  - {name: after, image: busybox, script: 'true', dependsOn: [many]}
`,
    outcomes: { 'many/a': { lasts: true }, 'many/b': { lasts: true } },
    act: once('many/b', 'Running', { cancelSteps: [{ step: 'many', by: 'ann', reason: 'stuck' }] }),
    wantResult: 'Succeeded',
    wantSteps: ['many/a Cancelled StepCancelled', 'many/b Cancelled StepCancelled', 'after Skipped DependencyNotMet'],
  },
  {
    name: 'a run that is cancelled in its finally steps: these go on, and it is Cancelled',
    spec: `
steps:
  - {name: work, image: busybox, script: 'true'}
finally:
  - {name: clean, image: busybox, script: 'sleep 1'}
  - {name: notify, image: busybox, script: 'test "$RESULT" = Cancelled', env: [{name: RESULT, value: "\${{ run.result }}"}], dependsOn: [clean]}
`,
    act: once('clean', 'Running', { cancel: { by: 'fusee', reason: 'replaced by another', word: 'Replaced' } }),
    wantResult: 'Cancelled',
    wantReason: 'Replaced',
    wantSteps: ['work Succeeded', 'clean Succeeded', 'notify Succeeded'],
  },
  {
    name: 'a list has no effect on a step without a Job',
    spec: `
defaults: {forEach: [1, 2]}
steps:
  - {name: join}
  - {name: gate, approval: {by: [ann]}, dependsOn: [join]}
  - {name: work, image: busybox, script: 'true', dependsOn: [gate]}
finally:
  - {name: end, dependsOn: []}
`,
    act: once('gate', 'Running', { approvals: [{ step: 'gate', by: 'ann', at: AT }] }),
    wantResult: 'Succeeded',
    wantSteps: ['join Succeeded', 'gate Succeeded Approved', 'work/0 Succeeded', 'work/1 Succeeded', 'end Succeeded'],
  },
  {
    name: 'what a folder of manifests has left is a list, in the order of its files; what a file has left is a value',
    files: { 'jobs/many/a.yaml': resultsManifest(3), 'jobs/many/b.yaml': resultsManifest(4), 'jobs/one.yaml': resultsManifest(5) },
    spec: `
steps:
  - {name: many, manifest: jobs/many, results: {size: integer}}
  - {name: one, manifest: jobs/one.yaml, results: {size: integer}}
  - {name: sum, image: busybox, script: 'true', dependsOn: [many, one], if: 'steps.many.results.size[0] + steps.many.results.size[1] == steps.one.results.size + 2'}
  - {name: each, image: busybox, dependsOn: [many], forEach: steps.many.results.size, env: [{name: MORE, value: "\${{ item + 1 }}"}], script: 'test "$MORE" -gt 3'}
  - {name: file, image: busybox, script: 'true', dependsOn: [many/b], if: "steps['many/b'].results.size == 4"}
  - {name: late, image: busybox, script: 'true', dependsOn: [{step: many/a, when: Always}, many], if: 'steps.many.results.size == [3, 4]'}
`,
    outcomes: { 'many/a': { results: 'size=3\n' }, 'many/b': { results: 'size=4\n' }, one: { results: 'size=5\n' } },
    wantResult: 'Succeeded',
    wantSteps: [
      'many/a Succeeded',
      'many/b Succeeded',
      'one Succeeded',
      'sum Succeeded',
      'each/0 Succeeded',
      'each/1 Succeeded',
      'file Succeeded',
      'late Succeeded',
    ],
    wantResults: { 'many/a': { size: 3 }, 'many/b': { size: 4 }, one: { size: 5 } },
  },
  {
    name: 'failFast when an expression fails: nothing else begins',
    spec: `
failFast: true
params: {map: {type: object, default: {}}}
steps:
  - {name: first, image: busybox, script: 'true'}
  - {name: bad, image: busybox, env: [{name: A, value: "\${{ params.map.nothing.there }}"}], script: 'true'}
  - {name: last, image: busybox, script: 'true'}
  - {name: alarm, image: busybox, script: 'true', dependsOn: [{step: bad, when: Failed}]}
`,
    wantResult: 'Failed',
    wantSteps: ['first Skipped FailFast', 'bad Failed ExpressionFailed', 'last Skipped FailFast', 'alarm Succeeded'],
  },
  {
    name: 'conditions on what a step from a template has left, or has not, and on a folder of manifests',
    files: {
      'workflows/measure.yaml': `apiVersion: fusee.dev/v1alpha1
kind: StepTemplate
metadata: {name: measure}
spec:
  step:
    image: busybox
    results: {size: integer}
    script: echo size=7 > "$FUSEE_RESULTS"
`,
      ...Object.fromEntries(['jobs/many/a.yaml', 'jobs/many/b.yaml'].map((path) => [path, manifest(path.endsWith('b.yaml') ? 1 : 0)])),
    },
    spec: `
params: {go: {type: boolean, default: false}}
steps:
  - {name: done, use: measure}
  - {name: left-out, use: measure, if: params.go}
  - {name: many, manifest: jobs/many}
  - {name: large, image: busybox, script: 'true', dependsOn: [done], if: steps.done.results.size > 5}
  - {name: none, image: busybox, script: 'true', dependsOn: [{step: left-out, when: NotFailed}], if: 'steps["left-out"].results.size == null'}
  - {name: some, image: busybox, script: 'true', dependsOn: [{step: many, when: Always}], if: steps.many.result == 'Failed'}
  - {name: one, image: busybox, script: 'true', dependsOn: [many/a], if: "steps['many/a'].result == 'Succeeded'"}
`,
    outcomes: { done: { results: 'size=7\n' }, 'many/b': { exitCodes: [1] } },
    wantResult: 'Failed',
    wantSteps: [
      'done Succeeded',
      'left-out Skipped ConditionFalse',
      'many/a Succeeded',
      'many/b Failed ExitCode',
      'large Succeeded',
      'none Succeeded',
      'some Succeeded',
      'one Succeeded',
    ],
    wantResults: { done: { size: 7 } },
  },
]

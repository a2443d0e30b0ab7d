import { BOUND_CASES } from './bound-cases.ts'
import type { RunCase } from './run-case.ts'
import { AT, manifest, once } from './run-case.ts'

/** The table. */
export const RUN_CASES: readonly RunCase[] = [
  ...BOUND_CASES,
  {
    name: 'a diamond',
    spec: `
steps:
  - {name: a, image: busybox, script: 'true'}
  - {name: b, image: busybox, script: 'true', dependsOn: [a]}
  - {name: c, image: busybox, script: 'true', dependsOn: [a]}
  - {name: d, dependsOn: [b, c]}
`,
    wantResult: 'Succeeded',
    wantSteps: ['a Succeeded', 'b Succeeded', 'c Succeeded', 'd Succeeded'],
  },
  {
    name: 'a failure that is answered',
    spec: `
steps:
  - {name: measure, image: busybox, script: exit 3}
  - {name: alarm, image: busybox, script: 'true', dependsOn: [{step: measure, when: Failed}]}
  - {name: publish, image: busybox, script: 'true', dependsOn: [measure]}
  - {name: tell, image: busybox, script: 'true', dependsOn: [{step: publish, when: NotFailed}]}
  - {name: whatever, image: busybox, script: 'true', dependsOn: [{step: publish, when: Always}]}
`,
    outcomes: { measure: { exitCodes: [3] } },
    wantResult: 'Failed',
    wantReason: 'StepFailed',
    wantSteps: ['measure Failed ExitCode', 'alarm Succeeded', 'publish Skipped DependencyNotMet', 'tell Succeeded', 'whatever Succeeded'],
  },
  {
    name: 'a failure that is allowed',
    spec: `
steps:
  - {name: try, image: busybox, script: exit 1, allowFailure: true}
  - {name: next, image: busybox, script: 'true', dependsOn: [try]}
`,
    outcomes: { try: { exitCodes: [1] } },
    wantResult: 'Succeeded',
    wantSteps: ['try Failed ExitCode', 'next Succeeded'],
  },
  {
    name: 'conditions on params and on results of steps',
    spec: `
params: {site: {default: www.example.org}}
steps:
  - name: measure
    image: busybox
    results: {kilobytes: integer, name: string}
    script: printf 'kilobytes=12\\nname=index\\n' >> "$FUSEE_RESULTS"
  - {name: large, image: busybox, script: 'true', dependsOn: [measure], if: steps.measure.results.kilobytes > 10}
  - {name: small, image: busybox, script: 'true', dependsOn: [measure], if: steps.measure.results.kilobytes <= 10}
  - {name: other, image: busybox, script: 'true', if: "params.site != 'www.example.org'"}
`,
    outcomes: { measure: { results: 'kilobytes=12\nname=index\n' } },
    wantResult: 'Succeeded',
    wantSteps: ['measure Succeeded', 'large Succeeded', 'small Skipped ConditionFalse', 'other Skipped ConditionFalse'],
    wantResults: { measure: { kilobytes: 12, name: 'index' } },
  },
  {
    name: 'results that are too large, wrong, undeclared or missing',
    spec: `
steps:
  - {name: large, image: busybox, results: {a: string}, allowFailure: true, script: 'head -c 5000 /dev/zero | tr "\\\\0" x > "$FUSEE_RESULTS"'}
  - {name: wrong, image: busybox, results: {a: integer}, allowFailure: true, script: 'echo a=many > "$FUSEE_RESULTS"'}
  - {name: other, image: busybox, results: {a: string}, allowFailure: true, script: 'echo b=1 > "$FUSEE_RESULTS"'}
  - {name: none, image: busybox, results: {a: string}, allowFailure: true, script: 'true'}
  - {name: json, image: busybox, results: {a: array, b: object}, script: 'echo "{\\"a\\": [1, 2], \\"b\\": {\\"c\\": null}}" > "$FUSEE_RESULTS"'}
`,
    outcomes: {
      large: { results: 'x'.repeat(4097) },
      wrong: { results: 'a=many\n' },
      other: { results: 'b=1\n' },
      json: { results: '{"a": [1, 2], "b": {"c": null}}\n' },
    },
    wantResult: 'Succeeded',
    wantSteps: [
      'large Failed ResultsTooLarge',
      'wrong Failed ResultsInvalid',
      'other Failed ResultsInvalid',
      'none Failed ResultsInvalid',
      'json Succeeded',
    ],
    wantResults: { json: { a: [1, 2], b: { c: null } } },
  },
  {
    name: 'a matrix whose dependents wait for all of it',
    spec: `
steps:
  - name: build
    image: busybox
    matrix: {os: [linux, darwin], arch: [amd64, arm64]}
    env: [{name: TARGET, value: "\${{ matrix.os }}-\${{ matrix.arch }}"}]
    results: {target: string}
    script: echo "target=$TARGET" > "$FUSEE_RESULTS"; test "$TARGET" != darwin-arm64
  - {name: after, image: busybox, script: 'true', dependsOn: [build]}
  - {name: alarm, image: busybox, script: 'true', dependsOn: [{step: build, when: Failed}]}
  - {name: join, dependsOn: [{step: build, when: Always}]}
`,
    outcomes: {
      'build/0': { results: 'target=linux-amd64' },
      'build/1': { results: 'target=linux-arm64' },
      'build/2': { results: 'target=darwin-amd64' },
      'build/3': { exitCodes: [1] },
    },
    wantResult: 'Failed',
    wantSteps: [
      'build/0 Succeeded',
      'build/1 Succeeded',
      'build/2 Succeeded',
      'build/3 Failed ExitCode',
      'after Skipped DependencyNotMet',
      'alarm Succeeded',
      'join Succeeded',
    ],
    wantResults: { 'build/0': { target: 'linux-amd64' }, 'build/2': { target: 'darwin-amd64' } },
  },
  {
    name: 'forEach over a param and over a result, one after the other, and what they leave in order',
    spec: `
params: {sites: {type: array, default: [one, two]}}
steps:
  - name: count
    image: busybox
    forEach: params.sites
    maxParallel: 1
    env: [{name: SITE, value: "\${{ item }}"}]
    results: {size: integer}
    script: echo "size=\${#SITE}" > "$FUSEE_RESULTS"
  - name: sum
    image: busybox
    dependsOn: [count]
    env: [{name: SIZES, value: "\${{ steps.count.results.size }}"}]
    results: {sizes: array}
    script: echo "sizes=$SIZES" > "$FUSEE_RESULTS"
  - name: each
    image: busybox
    dependsOn: [sum]
    forEach: steps.sum.results.sizes
    env: [{name: SIZE, value: "\${{ item }}"}]
    script: test "$SIZE" = 5
`,
    params: { sites: ['three', 'fiver'] },
    outcomes: { 'count/0': { results: 'size=5' }, 'count/1': { results: 'size=5' }, sum: { results: 'sizes=[5,5]' } },
    wantResult: 'Succeeded',
    wantSteps: ['count/0 Succeeded', 'count/1 Succeeded', 'sum Succeeded', 'each/0 Succeeded', 'each/1 Succeeded'],
    wantResults: { sum: { sizes: [5, 5] } },
  },
  {
    name: 'forEach over nothing, and over what is no list',
    spec: `
params: {sites: {type: array, default: []}, thing: {type: object, default: {}}}
steps:
  - {name: none, image: busybox, script: 'true', forEach: params.sites}
  - {name: after, image: busybox, script: 'true', dependsOn: [none]}
  - {name: bad, image: busybox, script: 'true', allowFailure: true, forEach: "params.thing.sites"}
`,
    wantResult: 'Succeeded',
    wantSteps: ['none Succeeded NothingToDo', 'after Succeeded', 'bad Failed ExpressionFailed'],
  },
  {
    name: 'undos, the latest first, of what succeeded only; finally afterwards',
    spec: `
steps:
  - {name: a, image: busybox, script: 'true', undo: {script: 'true'}}
  - {name: b, image: busybox, script: 'true', dependsOn: [a], undo: {script: exit 4}}
  - {name: c, image: busybox, script: exit 3, dependsOn: [b], undo: {script: 'true'}}
finally:
  - {name: notify, image: busybox, env: [{name: RESULT, value: "\${{ run.result }}"}], script: 'test "$RESULT" = Failed'}
`,
    outcomes: { c: { exitCodes: [3] }, 'b undo': { exitCodes: [4] } },
    wantResult: 'Failed',
    wantReason: 'StepFailed',
    wantSteps: ['a Succeeded', 'a undo Succeeded', 'b Succeeded', 'b undo Failed ExitCode', 'c Failed ExitCode', 'notify Succeeded'],
  },
  {
    name: 'a finally step that fails',
    spec: `
steps: [{name: a, image: busybox, script: 'true'}]
finally: [{name: last, image: busybox, script: exit 5}]
`,
    outcomes: { last: { exitCodes: [5] } },
    wantResult: 'Failed',
    wantSteps: ['a Succeeded', 'last Failed ExitCode'],
  },
  {
    name: 'failFast',
    spec: `
failFast: true
steps:
  - {name: long, image: busybox, script: sleep 600}
  - {name: broken, image: busybox, script: exit 1}
  - {name: after, image: busybox, script: 'true', dependsOn: [long]}
  - {name: alarm, image: busybox, script: 'true', dependsOn: [{step: broken, when: Failed}]}
`,
    outcomes: { long: { lasts: true }, broken: { exitCodes: [1] } },
    wantResult: 'Failed',
    wantSteps: ['long Cancelled FailFast', 'broken Failed ExitCode', 'after Skipped FailFast', 'alarm Succeeded'],
  },
  {
    name: 'an approval that is given',
    spec: `
steps:
  - {name: build, image: busybox, script: 'true'}
  - {name: gate, dependsOn: [build], approval: {by: [ann]}}
  - {name: publish, image: busybox, script: 'true', dependsOn: [gate]}
`,
    act: once('gate', 'Running', { approvals: [{ step: 'gate', by: 'ann', at: AT }] }),
    wantResult: 'Succeeded',
    wantSteps: ['build Succeeded', 'gate Succeeded Approved', 'publish Succeeded'],
    wantResults: { gate: { approvedBy: 'ann', approvedAt: AT } },
  },
  {
    name: 'an approval that nobody gives',
    spec: `
steps:
  - {name: gate, approval: {timeout: 1s}}
  - {name: publish, image: busybox, script: 'true', dependsOn: [gate]}
`,
    wantResult: 'Failed',
    wantSteps: ['gate Failed Timeout', 'publish Skipped DependencyNotMet'],
  },
  {
    name: 'a run that is cancelled',
    spec: `
steps:
  - {name: first, image: busybox, script: 'true', undo: {script: 'true'}}
  - {name: long, image: busybox, script: sleep 600, dependsOn: [first]}
  - {name: after, image: busybox, script: 'true', dependsOn: [long]}
finally: [{name: notify, image: busybox, script: 'true'}]
`,
    outcomes: { long: { lasts: true } },
    act: once('long', 'Running', { cancel: { by: 'ann', reason: 'wrong branch' } }),
    wantResult: 'Cancelled',
    wantReason: 'RunCancelled',
    wantSteps: ['first Succeeded', 'long Cancelled RunCancelled', 'after Skipped RunCancelled', 'notify Succeeded'],
  },
  {
    name: 'a step that is cancelled',
    spec: `
steps:
  - {name: long, image: busybox, script: sleep 600}
  - {name: after, image: busybox, script: 'true', dependsOn: [long]}
  - {name: always, image: busybox, script: 'true', dependsOn: [{step: long, when: Always}]}
`,
    outcomes: { long: { lasts: true } },
    act: once('long', 'Running', { cancelSteps: [{ step: 'long', by: 'ann', reason: 'stuck' }] }),
    wantResult: 'Succeeded',
    wantSteps: ['long Cancelled StepCancelled', 'after Skipped DependencyNotMet', 'always Succeeded'],
  },
  {
    name: 'a run that is over time',
    spec: `
timeout: 10s
steps:
  - {name: long, image: busybox, script: sleep 600}
  - {name: after, image: busybox, script: 'true', dependsOn: [long]}
finally: [{name: notify, image: busybox, script: 'true'}]
`,
    outcomes: { long: { lasts: true } },
    wantResult: 'TimedOut',
    wantReason: 'RunTimedOut',
    wantSteps: ['long Cancelled RunTimedOut', 'after Skipped RunTimedOut', 'notify Succeeded'],
  },
  {
    name: 'a step that is over time',
    spec: `
steps:
  - {name: long, image: busybox, timeout: 1s, script: sleep 600}
  - {name: alarm, image: busybox, script: 'true', dependsOn: [{step: long, when: Failed}]}
`,
    outcomes: { long: { lasts: true } },
    wantResult: 'Failed',
    wantSteps: ['long Failed Timeout', 'alarm Succeeded'],
  },
  {
    name: 'a second try',
    spec: `
steps:
  - {name: flaky, image: busybox, retries: 1, script: '[ -e /tmp/fusee-case-$FUSEE_RUN ] && rm /tmp/fusee-case-$FUSEE_RUN || { : > /tmp/fusee-case-$FUSEE_RUN; exit 9; }'}
`,
    outcomes: { flaky: { exitCodes: [9, 0] } },
    wantResult: 'Succeeded',
    wantSteps: ['flaky Succeeded'],
    wantExitCodes: { flaky: [9, 0] },
  },
  {
    name: 'an expression that cannot be worked out',
    spec: `
params: {map: {type: object, default: {}}}
steps:
  - {name: bad, image: busybox, env: [{name: A, value: "\${{ params.map.nothing.there }}"}], script: 'true'}
  - {name: alarm, image: busybox, script: 'true', dependsOn: [{step: bad, when: Failed}]}
`,
    wantResult: 'Failed',
    wantSteps: ['bad Failed ExpressionFailed', 'alarm Succeeded'],
  },
  {
    name: 'a step that fails at every try',
    spec: `
steps:
  - {name: broken, image: busybox, retries: 1, script: exit 7}
  - {name: alarm, image: busybox, script: 'true', dependsOn: [{step: broken, when: Failed}]}
`,
    outcomes: { broken: { exitCodes: [7, 7] } },
    wantResult: 'Failed',
    wantSteps: ['broken Failed ExitCode', 'alarm Succeeded'],
    wantExitCodes: { broken: [7, 7], alarm: [0] },
  },
  {
    name: 'a chain, with a step from a template',
    files: {
      'workflows/greet.yaml': `apiVersion: fusee.dev/v1alpha1
kind: StepTemplate
metadata: {name: greet}
spec:
  params: {whom: {default: nobody}}
  step:
    image: busybox
    results: {greeted: string}
    env: [{name: WHOM, value: "\${{ params.whom }}"}]
    script: echo "greeted=$WHOM" > "$FUSEE_RESULTS"
`,
    },
    spec: `
chain: true
params: {site: {default: moon}}
steps:
  - {name: first, image: busybox, script: 'true'}
  - {name: second, use: greet, with: {whom: "\${{ params.site }}"}}
  - {name: third, image: busybox, script: 'true', if: steps.second.results.greeted == 'moon'}
`,
    outcomes: { second: { results: 'greeted=moon\n' } },
    wantResult: 'Succeeded',
    wantSteps: ['first Succeeded', 'second Succeeded', 'third Succeeded'],
    wantResults: { second: { greeted: 'moon' } },
  },
  {
    name: 'manifests, one and a folder of them',
    files: Object.fromEntries(
      ['jobs/one.yaml', 'jobs/many/a.yaml', 'jobs/many/b.yaml'].map((path) => [path, manifest(path.endsWith('b.yaml') ? 1 : 0)]),
    ),
    spec: `
steps:
  - {name: one, manifest: jobs/one.yaml, env: [{name: CODE, value: "0"}]}
  - {name: many, manifest: jobs/many, dependsOn: [one]}
  - {name: after, image: busybox, script: 'true', dependsOn: [many]}
  - {name: alarm, image: busybox, script: 'true', dependsOn: [{step: many, when: Failed}]}
`,
    outcomes: { 'many/b': { exitCodes: [1] }, one: { exitCodes: [0] } },
    wantResult: 'Failed',
    wantSteps: ['one Succeeded', 'many/a Succeeded', 'many/b Failed ExitCode', 'after Skipped DependencyNotMet', 'alarm Succeeded'],
  },
  {
    name: 'what a container sees of its run and its params, and fields that expressions make',
    spec: `
params: {site: {default: one}, big-list: {type: array, default: [1, 2]}, count: {type: integer, required: true}}
steps:
  - name: look
    image: "\${{ 'busybox' }}"
    results: {seen: string, typed: object}
    env: [{name: COUNT, value: "\${{ params.count + 1 }}"}]
    script: |
      printf "seen=%s %s %s %s\\ntyped=%s\\n" "$FUSEE_WORKFLOW" "$FUSEE_PARAM_SITE" "$FUSEE_PARAM_BIG_LIST" "$COUNT" "$FUSEE_PARAMS" > "$FUSEE_RESULTS"
  - {name: words, image: busybox, dependsOn: [look], command: [test], args: ["\${{ steps.look.results.typed.count }}", -eq, "2"]}
`,
    params: { count: 2 },
    outcomes: { look: { results: 'seen=case one [1,2] 3\ntyped={"site":"one","big-list":[1,2],"count":2}\n' } },
    wantResult: 'Succeeded',
    wantSteps: ['look Succeeded', 'words Succeeded'],
    wantResults: { look: { seen: 'case one [1,2] 3', typed: { site: 'one', 'big-list': [1, 2], count: 2 } } },
  },
  {
    name: 'params that are not as declared',
    spec: `
params: {site: {pattern: "^[a-z]+$"}, level: {enum: [low, high], default: low}, count: {type: integer, required: true}}
steps: [{name: work, image: busybox, script: 'true'}]
`,
    params: { site: 'ONE', level: 'middle' },
    wantResult: 'Failed',
    wantReason: 'InvalidParams',
    wantSteps: [],
  },
  {
    name: 'a rerun of what failed: what succeeded is taken over with its results',
    spec: `
steps:
  - {name: measure, image: busybox, results: {size: integer}, script: exit 1}
  - {name: publish, image: busybox, script: 'true', dependsOn: [measure], if: steps.measure.results.size == 7}
`,
    carriedOver: [{ name: 'measure', finishedAt: AT, results: { size: 7 } }],
    wantResult: 'Succeeded',
    wantSteps: ['measure Succeeded CarriedOver', 'publish Succeeded'],
    wantResults: { measure: { size: 7 } },
  },
  {
    name: 'one expansion that is cancelled, and undos of expansions',
    spec: `
steps:
  - name: each
    image: busybox
    forEach: [0, 600]
    env: [{name: SECONDS_TO_SLEEP, value: "\${{ item }}"}]
    script: sleep "$SECONDS_TO_SLEEP"
    undo: {script: 'true'}
  - {name: after, image: busybox, script: 'true', dependsOn: [each]}
  - {name: broken, image: busybox, script: exit 1, dependsOn: [{step: each, when: Always}]}
`,
    outcomes: { 'each/1': { lasts: true }, broken: { exitCodes: [1] } },
    act: once('each/1', 'Running', { cancelSteps: [{ step: 'each/1', by: 'ann', reason: 'stuck' }] }),
    wantResult: 'Failed',
    wantSteps: [
      'each/0 Succeeded',
      'each/0 undo Succeeded',
      'each/1 Cancelled StepCancelled',
      'after Skipped DependencyNotMet',
      'broken Failed ExitCode',
    ],
  },
  {
    name: 'finally steps that wait for each other, one that may fail, and one with a condition',
    spec: `
steps: [{name: work, image: busybox, script: exit 1, allowFailure: true}]
finally:
  - {name: try, image: busybox, script: exit 2, allowFailure: true}
  - {name: next, image: busybox, script: 'true', dependsOn: [try]}
  - {name: only-when-failed, image: busybox, script: 'true', if: run.result == 'Failed'}
`,
    outcomes: { work: { exitCodes: [1] }, try: { exitCodes: [2] } },
    wantResult: 'Succeeded',
    wantSteps: ['work Failed ExitCode', 'try Failed ExitCode', 'next Succeeded', 'only-when-failed Skipped ConditionFalse'],
  },
  {
    name: 'several completions, by a field of the Job',
    spec: `
steps:
  - {name: many, image: busybox, script: 'true', job: {completions: 2, parallelism: 2}, pod: {terminationGracePeriodSeconds: 1}}
  - {name: after, image: busybox, script: 'true', dependsOn: [many]}
`,
    wantResult: 'Succeeded',
    wantSteps: ['many Succeeded', 'after Succeeded'],
  },
]

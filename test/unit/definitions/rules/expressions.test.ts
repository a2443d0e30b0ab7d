import { describe } from 'vitest'
import { workflow } from '../check-marked.ts'
import { testRules, type RuleCase } from './test-rules.ts'

const CASES: RuleCase[] = [
  {
    rule: 'invalid-expression',
    name: 'conditions as other systems write them',
    text: workflow(`
params: {site: {default: "a and b"}, count: {type: integer, default: 1}}
steps:
  - {name: a, image: x}
  - {name: b, image: x, dependsOn: [a], if: params.site == "a and b" «and params.count > 1}
  - {name: c, image: x, dependsOn: [a], if: "«\${{ steps.a.result }} == 'Failed'"}
  - {name: d, image: x, dependsOn: [a], if: «always()}
  - {name: e, image: x, dependsOn: [a], if: 'params.site == "x and y"'}
`),
    wantMessages: ['write &&', 'around all of it', 'when: Failed'],
  },
  {
    rule: 'unmarked-expression',
    name: 'as other systems write them, in any field of a step, and never what is meant for others',
    text: workflow(`
params: {site: {default: x}}
defaults: {env: [{name: A, value: "a «{{params.site}}"}]}
steps:
  - name: a
    image: x
    args: ["«\${params.site}", "«$(params.site)", "$$(params.site) \${HOME} $(A) \${{ params.site }} {{ .Values.x }}", "«{{ steps['b'].result }}"]
    forEach: [1]
    env: [{name: B, value: "«{{ item }}"}, {name: C, value: "«{{ vars.y }}"}]
    pod: {schedulerName: "«{{ matrix.zone }}"}
  - name: b
    image: x
    dependsOn: [a]
    script: |
      echo "\${params.site} $(run.sh) {{ .State }} {{ params }}"
      echo «{{ params.site }}
`),
    wantMessages: ['"${{ params.site }}"', '', '', '', '"${{ item }}"', '"${{ vars.y }}"', '"${{ matrix.zone }}"', 'has to come by "env"'],
  },
  {
    rule: 'invalid-expression',
    name: 'a condition whose type is wrong, with the place inside',
    text: workflow(`
params: {count: {type: integer, default: 1}}
steps:
  - {name: a, image: x, if: "params.«cuont > 1"}
  - {name: b, image: x, if: «params.count, dependsOn: [a]}
  - {name: c, image: x, if: "\${{ «params.count == 'one' }}", dependsOn: [a]}
  - {name: d, image: x, if: "params.count > «", dependsOn: [a]}
`),
    wantMessages: ['did you mean "count"', 'must come to true or false', 'convert with int()', 'unexpected token: the end'],
  },
  {
    rule: 'invalid-expression',
    name: 'texts in env, args, image and pod, also over several lines',
    text: workflow(`
steps:
  - name: a
    image: "x:\${{ params.«tag }}"
    args:
      - |
        first line
        \${{ vars.ok }} and \${{ «nothing }}
    env:
      - {name: A, value: "\${{ steps.«b.result }}"}
      - {name: B, value: "«\${{ vars.x"}
    pod:
      nodeSelector: {zone: "\${{ 1 + «}}"}
`),
    wantMessages: ['there is no parameter "tag"', 'there is no variable "nothing"', 'there is no step "b"', 'not closed', 'unexpected token'],
  },
  {
    rule: 'invalid-expression',
    name: 'results: only of steps that are waited for, only declared ones, and of the declared type',
    text: workflow(`
steps:
  - {name: load, image: x, results: {kilobytes: integer}}
  - {name: other, image: x, if: steps.«load.results.kilobytes > 0}
  - {name: near, image: x, dependsOn: [load], if: steps.load.results.«kilobyte > 0}
  - {name: far, image: x, dependsOn: [near], if: «steps.load.results.kilobytes == "a"}
  - {name: good, image: x, dependsOn: [near], if: steps.load.results.kilobytes > 0}
  - {name: missing, image: x, dependsOn: [{step: load, when: Always}], if: steps.load.results.kilobytes == null}
finally:
  - {name: last, image: x, if: run.result == "Failed" && steps.load.result == "Failed"}
`),
    wantMessages: ['add it to dependsOn', 'did you mean "kilobytes"', 'convert with int()'],
  },
  {
    rule: 'invalid-expression',
    name: 'matrix and items',
    text: workflow(`
params: {sites: {type: array, default: []}, site: {default: x}}
steps:
  - name: a
    image: x
    matrix: {size: [1, 2], site: "\${{ params.sites }}", note: ["\${{ params.site }}"]}
    env:
      - {name: A, value: "\${{ matrix.size + 1 }} \${{ matrix.site }} \${{ «matrix.note + 1 }} \${{ matrix.«sise }}"}
      - {name: B, value: "\${{ «item }}"}
  - {name: b, image: x, dependsOn: [a], forEach: «params.site}
  - {name: c, image: x, dependsOn: [a], forEach: [x, y], env: [{name: A, value: "\${{ «item * 2 }}"}]}
  - {name: d, image: x, dependsOn: [a], forEach: params.sites, if: «item == 1}
`),
    wantMessages: [
      'convert with int()',
      'did you mean "size"',
      'no forEach',
      'must come to a list',
      '"*" does not take text',
      'before the step is expanded',
    ],
  },
  {
    rule: 'invalid-expression',
    name: 'in defaults, for the first step that they do not suit',
    text: workflow(`
defaults: {image: x, env: [{name: A, value: "\${{ steps.«a.result }}"}]}
steps:
  - {name: a, script: echo, dependsOn: []}
  - {name: b, script: echo, dependsOn: [a]}
`),
    wantMessages: ['(in step "a", which takes this default)'],
  },
  {
    rule: 'invalid-expression',
    name: 'in a group, before any step',
    text: workflow(`
concurrency: {policy: Forbid, group: "\${{ trigger.branch }}-\${{ «steps.a.result }}"}
steps: [{name: a, image: x}]
`),
    wantMessages: ['no step has run yet'],
  },
  {
    rule: 'invalid-expression',
    name: 'in an undo, which sees how it ended',
    text: workflow(`
steps:
  - name: a
    image: x
    results: {id: string}
    undo: {command: [rm], args: ["\${{ steps.a.results.id }}", "\${{ run.result }}", "\${{ «steps.a.results.id + 1 }}"]}
`),
    wantMessages: ['convert with int()'],
  },
  {
    rule: 'misplaced-expression',
    name: 'where nobody works it out',
    text: workflow(`
timeout: "\${{ vars.x }}"
steps:
  - name: a
    image: x
    workingDir: /a/«\${{ vars.x }}
    description: ignored
`)
      .replace('timeout: "${{ vars.x }}"\n', '')
      .replace('    description: ignored\n', ''),
    wantMessages: ['refused in "workingDir"'],
  },
  {
    rule: 'misplaced-expression',
    name: 'in labels, and names of variables',
    text: workflow(`
description: "\${{ is just text here }}"
triggers: {push: {paths: ["«\${{ vars.x }}"]}}
steps:
  - {name: a, image: x, env: [{name: "«\${{ vars.x }}", value: ok}]}
`),
    wantMessages: ['refused in "triggers"', 'refused in "env.name"'],
  },
  {
    rule: 'expression-in-script',
    name: 'in a script, an undo, and after a shell',
    text: workflow(`
params: {a: {default: x}}
chain: true
steps:
  - {name: a, image: x, script: "echo «\${{ params.a }}"}
  - {name: b, image: x, script: echo, undo: {script: "echo «\${{ params.a }}"}}
  - {name: c, image: x, command: [/bin/bash, -euc, "echo «\${{ params.a }}"]}
  - {name: d, image: x, command: [env, A=1, sh], args: [-c, echo, "«\${{ params.a }}"]}
  - {name: e, image: x, command: [echo, sh, "\${{ params.a }}"]}
  - {name: f, image: x, pod: {initContainers: [{name: i, image: x, command: [sh, -c, "«\${{ params.a }}"]}]}}
`),
    wantMessages: ['refused in a script', 'refused in a script', 'after "sh -c"', 'after "sh -c"', 'after "sh -c"'],
  },
]

describe('rules about expressions', () => {
  testRules(CASES)
})

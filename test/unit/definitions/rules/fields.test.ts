import { describe } from 'vitest'
import { job, workflow } from '../check-marked.ts'
import { testRules, type RuleCase } from './test-rules.ts'

const CASES: RuleCase[] = [
  {
    rule: 'exclusive-fields',
    name: 'a script is the command',
    text: workflow(`
steps:
  - {name: a, image: x, script: echo, «command: [x], «args: [y]}
`),
    wantMessages: ['"command" cannot stand beside "script"', '"args"'],
  },
  {
    rule: 'exclusive-fields',
    name: 'a manifest says everything but env, retries and timeout',
    text: workflow(`
steps:
  - {name: a, manifest: jobs/a.yaml, «image: x, «pod: {}, «job: {}, env: [], retries: 1, timeout: 1m}
`),
    wantMessages: ['"image" cannot stand beside "manifest"'],
    others: { 'jobs/a.yaml': job() },
  },
  {
    rule: 'exclusive-fields',
    name: 'in defaults as well',
    text: workflow(`
defaults: {image: x, script: echo, «command: [x]}
steps: [{name: a}]
`),
    wantMessages: ['beside "script"'],
  },
  {
    rule: 'refused-field',
    name: 'what Fusee does with Jobs itself',
    text: workflow(`
steps:
  - name: a
    image: x
    job: {«ttlSecondsAfterFinished: 1, «selector: {}, «manualSelector: true, «template: {}, completions: 2}
    pod: {«containers: [], hostNetwork: true}
`),
    wantMessages: ['"retention" of the workflow'],
  },
  {
    rule: 'refused-field',
    name: 'a backoffLimit beside retries',
    text: workflow(`
chain: true
defaults: {image: x, job: {«backoffLimit: 1}}
steps:
  - {name: a, retries: 1, image: x, job: {«backoffLimit: 3}}
  - {name: b, image: x, job: {backoffLimit: 3}}
`),
    wantMessages: ['"retries"'],
  },
  {
    rule: 'missing-image',
    name: 'a container step without an image',
    text: workflow(`
steps:
  - {name: «a, script: echo}
`),
    wantMessages: ['step "a" needs an image'],
  },
  {
    rule: 'expression-in-script',
    name: 'at its place within a block scalar',
    text: workflow(`
steps:
  - name: a
    image: x
    script: |
      echo one
        echo «\${{ params.site }}
`),
    wantMessages: ['"env"'],
  },
  {
    rule: 'expression-in-script',
    name: 'in a folded and in a quoted one',
    text: workflow(`
chain: true
steps:
  - name: a
    image: x
    script: >-
      echo one
      «\${{ a }} \${{ b }}
  - {name: b, image: x, script: 'it''s «\${{ c }}'}
`),
    wantMessages: [],
  },
  {
    rule: 'not-supported-yet',
    name: 'every field that this version does not carry out',
    text: workflow(`
triggers: {«pullRequest: {}}
steps:
  - {name: a, image: "x@sha256:0", «output: true, «cache: true, «pool: p}
  - {name: b, image: "x:1", dependsOn: [a], «inputs: [a], «caches: [{name: n, path: /n}], source: {«paths: [a]}}
`),
    wantMessages: ['"triggers.pullRequest" is not supported yet'],
  },
  {
    rule: 'invalid-variable',
    name: 'what Kubernetes would refuse',
    text: workflow(`
steps:
  - {name: a, image: x, script: echo, env: [{name: «"A=B", value: b}]}
  - {name: b, dependsOn: [a], image: x, script: echo, env: [{name: "E f", value: g}, {name: «ü, value: h}]}
`),
    wantMessages: ['holds "="', 'characters that no variable'],
  },
  {
    rule: 'variable-overridden',
    name: 'what never reaches the step',
    text: workflow(`
defaults: {image: x, env: [{name: A, value: a}]}
steps:
  - {name: a, script: echo, env: [{name: A, value: b}, {name: «FUSEE_RUN, value: c}]}
  - {name: b, dependsOn: [a], script: echo, env: [{name: B, value: b}, {name: «B, value: c}]}
`),
    wantMessages: ['Fusee sets "FUSEE_RUN" itself', 'set twice'],
  },
  {
    rule: 'invalid-image',
    name: 'what no registry can hold',
    text: workflow(`
steps:
  - {name: a, image: «"busy box:1", script: echo}
  - {name: b, dependsOn: [a], image: «Busybox:1, script: echo}
  - {name: c, dependsOn: [b], image: Registry.example.com:5000/a/b:Tag-1, script: echo}
  - {name: d, dependsOn: [c], image: "\${{ vars.image }}", script: echo}
  - {name: e, dependsOn: [d], image: «"a/:1", script: echo}
`),
    wantMessages: ['holds white space', 'write "busybox:1"', 'is no image'],
  },
  {
    rule: 'no-effect',
    name: 'of a step without a Job',
    text: workflow(`
steps:
  - {name: a, image: x, script: echo}
  - {name: join, dependsOn: [a], «results: {b: integer}, «undo: {script: echo}, «matrix: {c: [1]}, «retries: 1}
`),
    wantMessages: ['"results" has no effect', '"undo"', '"matrix"', '"retries"'],
  },
  {
    rule: 'no-effect',
    name: 'without what it goes with',
    text: workflow(`
concurrency: {policy: Forbid, «limit: 3, group: a}
steps:
  - {name: a, image: x, script: echo, «maxParallel: 2, undo: {script: echo}}
finally:
  - {name: last, image: x, script: echo, «undo: {script: echo}}
`),
    wantMessages: ['policy: Queue', '"matrix" or "forEach"', 'runs when all else'],
  },
  {
    rule: 'no-effect',
    name: 'a group of runs that are all let in',
    text: workflow(`
concurrency: {«group: a}
steps: [{name: a, image: x, script: echo}]
`),
    wantMessages: ['Allow'],
  },
  {
    rule: 'path-never-matches',
    name: 'paths that no file has',
    text: workflow(`
triggers: {push: {paths: ["!a/**", /a/**, ./b, d/, «../c, "!e/*.md", «"!e/../f"]}}
steps: [{name: a, image: x, script: echo}]
`),
    wantMessages: ['"../c" matches nothing', '"!e/../f"'],
  },
]

describe('rules about fields', () => {
  testRules(CASES)
})

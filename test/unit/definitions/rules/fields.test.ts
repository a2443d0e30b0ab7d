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
    wantMessages: ['spec.retention'],
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
]

describe('rules about fields', () => {
  testRules(CASES)
})

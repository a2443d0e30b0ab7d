import { describe } from 'vitest'
import { job, workflow } from '../check-marked.ts'
import { testRules, type RuleCase } from './test-rules.ts'

const CASES: RuleCase[] = [
  {
    rule: 'invalid-name',
    name: 'a name with capitals and underscores gets a proposal',
    text: `apiVersion: fusee.dev/v1alpha1
kind: Workflow
metadata: {name: «My_Flow}
spec: {steps: [{name: one, image: x}]}
`,
    wantMessages: ['write "my-flow"'],
  },
  {
    rule: 'invalid-name',
    name: 'a name of 300 characters is shown cut',
    text: `apiVersion: fusee.dev/v1alpha1
kind: Workflow
metadata: {name: «${'a'.repeat(300)}}
spec: {steps: [{name: one, image: x}]}
`,
    wantMessages: ['has 300 characters'],
  },
  {
    rule: 'invalid-name',
    name: 'names of steps, parameters and schedules are names too',
    text: workflow(`
params:
  «1st: {}
  «__proto__: {}
triggers:
  schedule:
    - {name: «Night, cron: '@daily'}
steps:
  - {name: «-a, image: x}
`),
    wantMessages: [],
  },
  {
    rule: 'reserved-name',
    name: 'state is where Fusee keeps its own files',
    text: `apiVersion: fusee.dev/v1alpha1
kind: Workflow
metadata: {name: «state}
spec: {steps: [{name: one, image: x}]}
`,
    wantMessages: ['reserved'],
  },
  {
    rule: 'invalid-label',
    name: 'keys and values that Kubernetes refuses',
    text: `apiVersion: fusee.dev/v1alpha1
kind: Workflow
metadata:
  name: a
  labels:
    «a/b/c: x
    example.org/team: «a b
    «fusee.dev/run: x
    «app.kubernetes.io/managed-by: me
    empty: ''
spec: {steps: [{name: one, image: x}]}
`,
    wantMessages: ['no label key', 'no label value', 'set by Fusee', 'set by Fusee'],
  },
  {
    rule: 'duplicate-step',
    name: 'two steps of one name, also across steps and finally',
    text: workflow(`
chain: true
steps:
  - {name: one, image: x}
  - {name: «one, image: x}
finally:
  - {name: «one, image: x}
`),
    wantMessages: ['line 8'],
  },
  {
    rule: 'duplicate-step',
    name: 'two files of a manifest folder that differ only in their extension',
    text: workflow(`
steps:
  - {name: jobs, manifest: «jobs}
`),
    wantMessages: ['jobs/a'],
    others: { 'jobs/a.yaml': job(), 'jobs/a.yml': job() },
  },
]

describe('rules about names', () => {
  testRules(CASES)
})

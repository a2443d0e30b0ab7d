import { describe } from 'vitest'
import { schedule, workflow } from '../check-marked.ts'
import { testRules, type RuleCase } from './test-rules.ts'

const CASES: RuleCase[] = [
  {
    rule: 'invalid-default',
    name: 'of another type, not among the values, against the pattern',
    text: workflow(`
params:
  a: {default: «1}
  b: {type: integer, default: «1.5}
  c: {enum: [x, y], default: «z}
  d: {pattern: '^a$', default: «b}
  e: {type: array, default: [1]}
  f: {type: object, default: {a: 1}}
  g: {type: boolean, default: «null}
steps: [{name: a, image: x}]
`),
    wantMessages: ['quote it: "1"', 'a whole number', 'one of "x", "y"', 'must match ^a$', 'true or false'],
  },
  {
    rule: 'invalid-enum',
    name: 'a value of another type',
    text: workflow(`
params:
  a: {type: integer, enum: [1, «two]}
steps: [{name: a, image: x}]
`),
    wantMessages: ['a whole number'],
  },
  {
    rule: 'invalid-pattern',
    name: 'no regular expression, and one that has no text to match',
    text: workflow(`
params:
  a: {pattern: «'('}
  b: {type: integer, pattern: «a}
steps: [{name: a, image: x}]
`),
    wantMessages: ['no regular expression', 'of type integer'],
  },
  {
    rule: 'required-with-default',
    name: 'a default that is never used',
    text: workflow(`
params:
  a: {required: true, «default: x}
steps: [{name: a, image: x}]
`),
    wantMessages: ['take one of them out'],
  },
  {
    rule: 'param-collision',
    name: 'two parameters of one environment variable',
    text: workflow(`
params:
  a-b: {}
  «A_b: {}
steps: [{name: a, image: x}]
`),
    wantMessages: ['FUSEE_PARAM_A_B'],
  },
  {
    rule: 'missing-param',
    name: 'a push gives no values',
    text: workflow(`
triggers:
  «push: {}
params:
  a: {required: true}
steps: [{name: a, image: x}]
`),
    wantMessages: ['"a", which is required'],
  },
  {
    rule: 'missing-param',
    name: 'a schedule inside the workflow that leaves one out',
    text: workflow(`
triggers:
  schedule:
    - «cron: '@daily'
params:
  a: {required: true}
steps: [{name: a, image: x}]
`),
    wantMessages: ['requires a value for "a"'],
  },
  {
    rule: 'missing-param',
    name: 'a schedule of its own, at its params',
    text: schedule(`
workflow: w
cron: '@daily'
«params: {}
`),
    wantMessages: ['requires a value for "a"'],
    others: { 'workflows/w.yaml': workflow('params: {a: {required: true}}\nsteps: [{name: one, image: x}]', 'w') },
  },
  {
    rule: 'unknown-param',
    name: 'gets a proposal',
    text: schedule(`
workflow: w
cron: '@daily'
params: {«siet: x}
`),
    wantMessages: ['did you mean "site"'],
    others: { 'workflows/w.yaml': workflow('params: {site: {}}\nsteps: [{name: one, image: x}]', 'w') },
  },
  {
    rule: 'invalid-param',
    name: 'of the wrong type',
    text: schedule(`
workflow: w
cron: '@daily'
params: {n: «x, s: «2}
`),
    wantMessages: ['a whole number', 'quote it: "2"'],
    others: { 'workflows/w.yaml': workflow('params: {n: {type: integer}, s: {}}\nsteps: [{name: one, image: x}]', 'w') },
  },
]

describe('rules about params', () => {
  testRules(CASES)
})

import { describe } from 'vitest'
import { job, workflow } from '../check-marked.ts'
import { testRules, type RuleCase } from './test-rules.ts'

const CASES: RuleCase[] = [
  {
    rule: 'duplicate-dependency',
    name: 'the same step in the same way',
    text: workflow(`
steps:
  - {name: a, image: x}
  - {name: b, image: x, dependsOn: [a, «a]}
  - {name: c, image: x, dependsOn: [a, b, {step: «a, when: Succeeded}, {step: a, when: NotFailed}]}
`),
    wantMessages: ['"a" is there already', 'name the step that is meant'],
  },
  {
    rule: 'open-approval',
    name: 'one that names nobody',
    text: workflow(`
steps:
  - {name: a, «approval: {}}
  - {name: b, dependsOn: [a], «approval: {by: [], timeout: 3d}}
  - {name: c, dependsOn: [a], approval: {by: [ops]}}
`),
    wantMessages: ['groups or users in "by"', 'everybody'],
  },
  {
    rule: 'unknown-dependency',
    name: 'a near name is proposed',
    text: workflow(`
steps:
  - {name: load, image: x}
  - {name: measure, image: x, dependsOn: [«laod]}
`),
    wantMessages: ['did you mean "load"'],
  },
  {
    rule: 'unknown-dependency',
    name: 'the name within a condition is what is marked',
    text: workflow(`
steps:
  - name: measure
    image: x
    dependsOn:
      - {when: Failed, step: «other}
`),
    wantMessages: ['no step "other"'],
  },
  {
    rule: 'unknown-dependency',
    name: 'finally steps and steps do not wait for each other',
    text: workflow(`
steps:
  - {name: one, image: x, dependsOn: [«last]}
finally:
  - {name: last, image: x, dependsOn: [«one]}
`),
    wantMessages: ['is a finally step', 'none of the finally steps'],
  },
  {
    rule: 'unknown-dependency',
    name: 'a file that a manifest folder does not have',
    text: workflow(`
steps:
  - {name: jobs, manifest: jobs}
  - {name: after, image: x, dependsOn: [jobs/a, «jobs/b]}
`),
    wantMessages: ['no step "jobs/b", did you mean "jobs/a"?'],
    others: { 'jobs/a.yaml': job() },
  },
  {
    rule: 'step-cycle',
    name: 'the cycle is shown from its first step in the file',
    text: workflow(`
steps:
  - {name: free, image: x}
  - name: b
    image: x
    «dependsOn:
      - d
  - {name: c, image: x, dependsOn: [b]}
  - {name: d, image: x, dependsOn: [free, c]}
`),
    wantMessages: ['b -> d -> c -> b'],
  },
  {
    rule: 'step-cycle',
    name: 'a step that waits for itself',
    text: workflow(`
steps:
  - {name: a, image: x, «dependsOn: [a]}
`),
    wantMessages: ['a -> a'],
  },
  {
    rule: 'step-cycle',
    name: 'two knots are two cycles',
    text: workflow(`
steps:
  - {name: a, image: x, «dependsOn: [b]}
  - {name: b, image: x, dependsOn: [a]}
  - {name: c, image: x, «dependsOn: [d, a]}
  - {name: d, image: x, dependsOn: [c]}
`),
    wantMessages: ['a -> b -> a', 'c -> d -> c'],
  },
  {
    rule: 'step-cycle',
    name: 'through the order that chain gives',
    text: workflow(`
chain: true
steps:
  - {name: a, image: x, «dependsOn: [b]}
  - {name: b, image: x}
`),
    wantMessages: ['a -> b -> a'],
  },
  {
    rule: 'step-cycle',
    name: 'through a file of a manifest folder',
    text: workflow(`
steps:
  - {name: jobs, manifest: jobs, «dependsOn: [after]}
  - {name: after, image: x, dependsOn: [jobs/a]}
`),
    wantMessages: ['jobs -> after -> jobs'],
    others: { 'jobs/a.yaml': job() },
  },
  {
    rule: 'step-cycle',
    name: 'among finally steps',
    text: workflow(`
steps: [{name: one, image: x}]
finally:
  - {name: a, image: x, «dependsOn: [b]}
  - {name: b, image: x, dependsOn: [a]}
`),
    wantMessages: ['a -> b -> a'],
  },
  {
    rule: 'steps-unordered',
    name: 'several steps without any order',
    text: workflow(`
«steps:
  - {name: a, image: x}
  - {name: b, image: x}
`),
    wantMessages: ['chain: true'],
  },
  {
    rule: 'too-many-steps',
    name: 'more than a run can have',
    text: workflow(`
chain: true
defaults: {image: x}
«steps: [${Array.from({ length: 1001 }, (_, index) => `{name: s${index}, script: x}`).join(', ')}]
`),
    wantMessages: ['1001'],
  },
]

describe('rules about order', () => {
  testRules(CASES)
})

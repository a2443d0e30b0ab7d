import { describe } from 'vitest'
import { schedule, workflow } from '../check-marked.ts'
import { testRules, type RuleCase } from './test-rules.ts'

const CASES: RuleCase[] = [
  {
    rule: 'unknown-workflow',
    name: 'gets a proposal',
    text: schedule(`
workflow: «nigthly
cron: '@daily'
`),
    wantMessages: ['did you mean "nightly"'],
    others: { 'workflows/w.yaml': workflow('steps: [{name: one, image: x}]', 'nightly') },
  },
  {
    rule: 'unnamed-schedule',
    name: 'several schedules without names',
    text: workflow(`
triggers:
  schedule:
    - «cron: '@daily'
    - {name: b, cron: '@weekly'}
    - «{cron: '@hourly'}
steps: [{name: a, image: x}]
`),
    wantMessages: ['add "name"'],
  },
  {
    rule: 'unknown-time-zone',
    name: 'gets a proposal',
    text: workflow(`
triggers:
  schedule:
    - {cron: '@daily', timeZone: «Europe/Helsinky}
steps: [{name: a, image: x}]
`),
    wantMessages: ['did you mean "Europe/Helsinki"'],
  },
  {
    rule: 'unknown-time-zone',
    name: 'offsets are none',
    text: schedule(`
workflow: w
cron: '@daily'
timeZone: «'+02:00'
`),
    wantMessages: ['IANA'],
    others: { 'workflows/w.yaml': workflow('steps: [{name: one, image: x}]', 'w') },
  },
  {
    rule: 'invalid-cron',
    name: 'of a trigger and of a document',
    text: workflow(`
triggers:
  schedule:
    - {cron: «'0 0 3 * * *'}
steps: [{name: a, image: x}]
`),
    wantMessages: ['write five'],
  },
]

describe('rules about schedules', () => {
  testRules(CASES)
})

import { describe, expect, it } from 'vitest'
import { formatTick } from '../../../src/clock.ts'
import type { Definitions } from '../../../src/definitions/workflow.ts'
import { changeGraph } from '../../../src/plan/change-graph.ts'
import { planChange, type ChangePlan } from '../../../src/plan/plan-change.ts'
import { describePlan, printPlan } from '../../../src/plan/print-plan.ts'
import { createCronTicks } from '../../../src/triggers/cron.ts'
import { load, schedule, workflow } from '../definitions/check-marked.ts'

const NOW = Date.parse('2026-11-20T12:00:00Z')

async function plan(before: Record<string, string>, after: Record<string, string>, changedPaths: string[] = Object.keys(after)): Promise<ChangePlan> {
  const [was, is]: [Definitions, Definitions] = [await load(before), await load(after)]
  return planChange({ before: was, after: is, changedPaths, branch: 'main', message: '', repository: 'data/jobs', nowMs: NOW })
}

const OLD = workflow(`
triggers: {push: {paths: ["data/**"]}, schedule: [{cron: "0 3 * * *"}]}
steps:
  - {name: load, image: "x:1"}
  - {name: measure, image: "x:1", dependsOn: [load]}
  - {name: gone, image: "x:1", dependsOn: [load]}
`)
const NEW = workflow(`
triggers: {push: {paths: ["data/**"]}, schedule: [{cron: "0 4 * * *", timeZone: Europe/Helsinki}]}
timeout: 1h
steps:
  - {name: load, image: "x:2", retries: 1}
  - {name: measure, image: "x:1", dependsOn: [load]}
  - {name: report, image: "x:1", dependsOn: [{step: measure, when: Always}]}
`)

describe('the plan of a change', () => {
  it('tells workflows, steps and schedules that are added, changed and removed', async () => {
    const before = { 'workflows/a.yaml': OLD, 'workflows/b.yaml': workflow('steps: [{name: one, image: "x:1"}]', 'b') }
    const after = { 'workflows/a.yaml': NEW, 'workflows/c.yaml': workflow('triggers: {push: }\nsteps: [{name: one, image: "x:1"}]', 'c') }
    const found = await plan(before, after, ['workflows/a.yaml', 'workflows/b.yaml', 'workflows/c.yaml'])
    expect(printPlan(found)).toBe(`~ workflow a (workflows/a.yaml): timeout
    ~ load: image, retries
    + report (after measure Always)
    - gone (after load)
- workflow b (workflows/b.yaml)
    - one
+ workflow c (workflows/c.yaml)
    + one

~ schedule a of a: cron, timeZone
    next: 2026-11-21T02:00:00Z, 2026-11-22T02:00:00Z, 2026-11-23T02:00:00Z, 2026-11-24T02:00:00Z, 2026-11-25T02:00:00Z

merging starts: c
`)
    expect(describePlan(found)).toMatchObject({
      workflows: [{ name: 'a', change: 'Changed', fields: ['timeout'], mermaid: expect.stringContaining('flowchart') as string }, {}, {}],
      schedules: [{ name: 'a', change: 'Changed' }],
      starts: ['c'],
      held: [],
      diagnostics: [],
    })
  })

  it('draws both versions in one picture', async () => {
    const [change] = (await plan({ 'workflows/a.yaml': OLD }, { 'workflows/a.yaml': NEW })).workflows
    if (!change) throw new Error('nothing changed')
    expect(changeGraph(change)?.split('\n').slice(0, 8)).toEqual([
      'flowchart LR',
      '  s0["load"]:::Changed',
      '  s1["measure"]',
      '  s2["report"]:::Added',
      '  s3["gone"]:::Removed',
      '  s0 --> s1',
      '  s1 -->|Always| s2',
      '  s0 --> s3',
    ])
  })

  it('is empty for a file that only moved, and starts what a push of it starts', async () => {
    const found = await plan({ 'workflows/a.yaml': OLD }, { 'workflows/moved.yaml': OLD }, ['workflows/a.yaml', 'workflows/moved.yaml'])
    expect(printPlan(found)).toBe('no workflow and no schedule changes\n\nmerging starts nothing\n')
    expect((await plan({ 'workflows/a.yaml': OLD }, { 'workflows/a.yaml': OLD }, ['data/x'])).starts).toEqual(['a'])
  })

  it('leaves out what the change breaks, since that keeps its last version, and tells why', async () => {
    const broken = workflow('triggers: {schedule: [{cron: "0 3 * * *"}]}\nchain: true\nsteps: [{name: load}, {name: load}]')
    const found = await plan({ 'workflows/a.yaml': OLD }, { 'workflows/a.yaml': broken })
    expect(found).toMatchObject({ workflows: [], schedules: [], starts: [], diagnostics: [{ rule: 'duplicate-step' }] })
  })

  it('tells what is held back, and schedules of their own', async () => {
    const suspended = workflow('suspend: {reason: site moves}\ntriggers: {push: }\nsteps: [{name: load, image: "x:1"}]')
    const found = await plan(
      { 'workflows/a.yaml': OLD },
      { 'workflows/a.yaml': suspended, 'workflows/s.yaml': schedule('workflow: a\ncron: "@daily"') },
    )
    expect(found.held).toEqual([{ workflow: 'a', reason: 'site moves' }])
    expect(found.schedules.map(({ name, change }) => `${name} ${change}`)).toEqual(['a Removed', 's Added'])
    expect(printPlan(found)).toContain('merging would start a, but: site moves')
  })

  it('starts nothing where nothing differs', async () => {
    const always = { 'workflows/a.yaml': workflow('triggers: {push: }\nsteps: [{name: load, image: "x:1"}]') }
    expect((await plan(always, always, [])).starts).toEqual([])
    expect((await plan(always, always, ['README.md'])).starts).toEqual(['a'])
  })

  it('calls a script what it is written as', async () => {
    const [was, is] = ['echo a', 'echo b'].map((script) => ({
      'workflows/a.yaml': workflow(`steps: [{name: load, image: "x:1", script: ${script}}]`),
    }))
    expect((await plan(was ?? {}, is ?? {})).workflows[0]?.steps).toEqual([{ name: 'load', change: 'Changed', fields: ['script'] }])
  })

  it('tells ticks as the Repository of that name has them, and which are Skipped', async () => {
    const suspended = workflow('suspend: {until: 2027-01-01}\ntriggers: {schedule: [{cron: "H H * * *"}]}\nsteps: [{name: load, image: "x:1"}]')
    const found = await plan(
      {},
      { 'workflows/a.yaml': suspended, 'workflows/s.yaml': schedule('workflow: a\ncron: "@daily"\nsuspend: {reason: site moves}') },
    )
    const first = createCronTicks({ cron: 'H H * * *', timeZone: 'Etc/UTC', seed: 'data/jobs a' }).next(NOW)
    expect(found.schedules.map(({ next: [next], suspended: why }) => [next, why])).toEqual([
      [formatTick(first ?? 0), 'the workflow a is suspended until 2027-01-01T00:00:00Z'],
      ['2026-11-21T00:00:00Z', 'the workflow a is suspended until 2027-01-01T00:00:00Z'],
    ])
    expect(printPlan(found)).toContain('    suspended, its ticks are Skipped: the workflow a is suspended until 2027-01-01T00:00:00Z\n')
  })

  it('draws no picture of too many steps', async () => {
    const many = workflow(`chain: true\nsteps: [${Array.from({ length: 101 }, (_, index) => `{name: s${index}, image: "x:1"}`).join(', ')}]`)
    const [change] = (await plan({}, { 'workflows/a.yaml': many })).workflows
    expect(change && changeGraph(change)).toBe(null)
  })
})

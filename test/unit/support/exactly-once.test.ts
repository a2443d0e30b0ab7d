import { describe, expect, it } from 'vitest'
import type { RunRecord } from '../../../src/history/record.ts'
import type { StoredJob } from '../../../src/runs/objects.ts'
import type { StepResult, StoredRun, Trigger } from '../../../src/runs/run.ts'
import type { StoryFacts } from '../../support/exactly-once.ts'
import { findViolations } from '../../support/exactly-once.ts'
import type { StoryWorld } from '../../support/story-world.ts'
import type { WantedWorkflow } from '../../support/story-workflows.ts'

const PUSHED = 'b'.repeat(40)
const UNSEEN = 'c'.repeat(40)
const TICK = '2026-11-20T12:01:00Z'
const LATER_TICK = '2026-11-20T12:02:00Z'

const pair: WantedWorkflow = {
  name: 'pair',
  trigger: { kind: 'Push', commits: 'Latest' },
  result: 'Succeeded',
  keeps: 1,
  steps: {
    one: { results: ['Succeeded'], after: [], starts: [1, 1], ends: 1 },
    two: { results: ['Succeeded'], after: ['one'], starts: [1, 1], ends: 1 },
  },
}
const nightly: WantedWorkflow = { ...pair, name: 'nightly', trigger: { kind: 'Schedule', catchUp: 'Latest' }, steps: {} }

const facts: StoryFacts = { workflows: [pair, nightly], pushed: [PUSHED], observed: [PUSHED], judgedUpToMs: Date.parse('2026-11-20T12:00:00Z') }

function recordAt(run: string, workflow: string, trigger: Trigger, steps: string[]): StoryWorld['records'][number] {
  const step = (name: string) => ({ name, kind: 'Step', result: 'Succeeded' as StepResult })
  const record = { run, workflow, commit: PUSHED, trigger, result: 'Succeeded', steps: steps.map(step) } as unknown as RunRecord
  return { path: `history/${workflow}/2026/11/20/${run}.json`, record }
}

function runObject(name: string, workflow: string, trigger: Trigger): StoredRun {
  return {
    metadata: { name, finalizers: [] },
    spec: { workflow, commit: PUSHED, trigger },
    status: { phase: 'Finished', steps: [], recorded: { commit: '', at: '' } },
  } as unknown as StoredRun
}

function jobOf(run: string, finalizers: string[] = []): StoredJob {
  return { metadata: { name: `${run}-job`, labels: { 'fusee.dev/run': run }, finalizers } } as unknown as StoredJob
}

const push: Trigger = { kind: 'Push', branch: 'main' }
const tick: Trigger = { kind: 'Schedule', schedule: 'nightly', tick: LATER_TICK }

/** A world in which all is well: a push has run, of two ticks the newer one has. */
function goodWorld(): StoryWorld {
  const records = [recordAt('pair-1', 'pair', push, ['one', 'two']), recordAt('nightly-1', 'nightly', tick, [])]
  const added = records.flatMap(({ path }): [string, string][] => [
    [path, 'A'],
    [path.replace('.json', '.md'), 'A'],
  ])
  const missed = { schedule: 'nightly', fate: 'Missed' as const, reason: '', run: null, from: TICK, to: TICK, count: 1 }
  return {
    cursors: { schedules: { nightly: { judgedUpTo: LATER_TICK, form: '' } }, fates: [] } as unknown as StoryWorld['cursors'],
    runs: [runObject('pair-1', 'pair', push), runObject('nightly-1', 'nightly', tick)],
    jobs: [jobOf('pair-1')],
    records,
    ticks: [{ path: 'history/nightly/2026/11/20/ticks.json', ranges: [missed] }],
    log: [
      { id: 'first', parents: [], runs: [], changes: new Map([['history/state/owner.json', 'A']]) },
      { id: 'second', parents: ['first'], runs: ['pair-1', 'nightly-1'], changes: new Map(added) },
    ],
    evidence: [
      { run: 'pair-1', step: 'one', what: 'start', atNs: 1n },
      { run: 'pair-1', step: 'one', what: 'end', atNs: 2n },
      { run: 'pair-1', step: 'two', what: 'start', atNs: 3n },
      { run: 'pair-1', step: 'two', what: 'end', atNs: 4n },
    ],
    fsck: '',
    leftOvers: [],
  }
}

interface Case {
  title: string
  harm: (world: StoryWorld) => void
  facts?: Partial<StoryFacts>
  want: RegExp
}

const cases: Case[] = [
  {
    title: 'a step ran twice',
    harm: ({ evidence }) => evidence.push({ run: 'pair-1', step: 'one', what: 'start', atNs: 2n }),
    want: /one began 2 times/,
  },
  { title: 'a step never ran', harm: (world) => (world.evidence = world.evidence.filter(({ step }) => step !== 'two')), want: /two began 0 times/ },
  { title: 'a step was cut off', harm: ({ evidence }) => evidence.pop(), want: /two came to its end 0 times/ },
  {
    title: 'a step ran before what it needs',
    harm: ({ evidence }) => evidence.splice(2, 1, { run: 'pair-1', step: 'two', what: 'start', atNs: 1n }),
    want: /two began before one had ended/,
  },
  {
    title: 'a step ended otherwise',
    harm: ({ records }) => Object.assign(records[0]?.record.steps[0] ?? {}, { result: 'Failed' }),
    want: /one ended Failed/,
  },
  {
    title: 'a skipped step ran',
    harm: ({ records }) => Object.assign(records[0]?.record.steps[0] ?? {}, { result: 'Skipped' }),
    want: /one was skipped, and ran/,
  },
  { title: 'a run ended otherwise', harm: ({ records }) => Object.assign(records[0]?.record ?? {}, { result: 'Failed' }), want: /ended Failed/ },
  { title: 'a run has two records', harm: ({ records }) => records.push(recordAt('pair-1', 'pair', push, ['one', 'two'])), want: /several records/ },
  {
    title: 'a commit ran twice',
    harm: ({ runs, records }) => (runs.push(runObject('pair-2', 'pair', push)), records.push(recordAt('pair-2', 'pair', push, []))),
    want: /pair ran several times at b/,
  },
  { title: 'a commit did not run', harm: () => undefined, facts: { pushed: [PUSHED, UNSEEN], observed: [PUSHED, UNSEEN] }, want: /did not run at c/ },
  { title: 'nobody pushed what ran', harm: () => undefined, facts: { pushed: [], observed: [] }, want: /which nobody pushed/ },
  {
    title: 'a tick has a run and a fate',
    harm: ({ ticks }) => Object.assign(ticks[0]?.ranges[0] ?? {}, { from: LATER_TICK }),
    want: /not exactly one fate/,
  },
  { title: 'a tick has no fate', harm: (world) => (world.ticks = []), want: /not exactly one fate: nightly at 2026-11-20T12:01:00Z/ },
  {
    title: 'a tick was late, but in another run',
    harm: ({ ticks }) => Object.assign(ticks[0]?.ranges[0] ?? {}, { fate: 'Late', run: 'other' }),
    want: /late, but not its run/,
  },
  {
    title: 'a tick is not due',
    harm: ({ records }) => Object.assign(records[1]?.record ?? {}, { trigger: { ...tick, tick: '2026-11-20T11:00:00Z' } }),
    want: /not due/,
  },
  {
    title: 'a record was changed',
    harm: ({ log, records }) => void log[1]?.changes.set(records[0]?.path ?? '', 'M'),
    want: /not added once and left alone: M/,
  },
  { title: 'a record was written by two commits', harm: ({ log }) => void log[0]?.runs.push('pair-1'), want: /not named by the commit/ },
  { title: 'a file was deleted', harm: ({ log }) => void log[1]?.changes.set('history/x', 'D'), want: /was deleted/ },
  { title: 'the history has a merge', harm: ({ log }) => void log[1]?.parents.push('other'), want: /second does not follow/ },
  { title: 'the history has two beginnings', harm: ({ log }) => void log[1]?.parents.pop(), want: /second does not follow/ },
  { title: 'git finds fault', harm: (world) => (world.fsck = 'missing blob'), want: /missing blob/ },
  { title: 'a lock was left behind', harm: ({ leftOvers }) => leftOvers.push('refs/x.lock'), want: /left behind/ },
  {
    title: 'an ended run has no record',
    harm: ({ runs }) => runs.push(runObject('pair-2', 'pair', push)),
    want: /pair-2 has ended and has no record/,
  },
  { title: 'a Run is not marked', harm: ({ runs }) => delete runs[0]?.status?.recorded, want: /not marked as recorded/ },
  { title: 'a Job is held', harm: ({ jobs }) => jobs.push(jobOf('pair-1', ['fusee.dev/record'])), want: /still held/ },
  { title: 'a Job is left alone', harm: ({ jobs }) => jobs.push(jobOf('swept')), want: /has no Run/ },
  { title: 'too many Runs stay', harm: ({ runs }) => runs.push(...runs.slice(0, 1)), want: /2 Runs of pair are kept/ },
  {
    title: 'unknown steps ran',
    harm: ({ evidence }) => evidence.push({ run: 'ghost', step: 'one', what: 'start', atNs: 1n }),
    want: /steps of ghost ran/,
  },
]

describe('the judge of stories', () => {
  it('finds nothing in a good world', () => {
    expect(findViolations(goodWorld(), facts)).toEqual([])
  })

  it.each(cases)('tells that $title', ({ harm, facts: over, want }) => {
    const world = goodWorld()
    harm(world)
    expect(findViolations(world, { ...facts, ...over }).join('\n')).toMatch(want)
  })
})

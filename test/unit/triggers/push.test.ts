import { describe, expect, it } from 'vitest'
import type { Suspension, Workflow } from '../../../src/definitions/workflow.ts'
import type { PushedCommit, PushInput } from '../../../src/triggers/push.ts'
import { planPush } from '../../../src/triggers/push.ts'

const NOW = Date.parse('2026-11-20T12:00:00Z')

function workflow(name: string, push: Workflow['push'], suspend: Suspension | null = null): Workflow {
  return {
    name,
    labels: {},
    description: null,
    params: {},
    push,
    pullRequest: null,
    webhooks: [],
    upstream: [],
    concurrency: { policy: 'Allow', group: null, limit: 100 },
    expect: { successWithinSeconds: null, durationSeconds: null },
    suspend,
    timeoutSeconds: null,
    retention: { succeeded: 10, failed: 30, maxAgeSeconds: 7_776_000 },
    failFast: false,
    maxParallel: null,
    steps: [],
    finally: [],
    file: `workflows/${name}.yaml`,
  }
}

const latest = (paths: string[] = [], name = 'build'): Workflow => workflow(name, { paths, commits: 'Latest' })
const each = (paths: string[] = [], name = 'build'): Workflow => workflow(name, { paths, commits: 'Each' })

function commit(name: string, workflows: Workflow[], changedPaths: string[], message = 'work'): PushedCommit {
  return { commit: name, changedPaths, message, workflows }
}

/** A push of commits, oldest first, whose last is the tip; what they change adds up. Held runs are lines such as `build c1: reason`. */
function push(commits: PushedCommit[], over: Partial<PushInput> = {}): { started: string[]; held: string[] } {
  const tip = commits.at(-1) ?? commit('none', [], [])
  const { requests, held } = planPush({
    branch: 'main',
    tip: { ...tip, changedPaths: commits.flatMap(({ changedPaths }) => changedPaths) },
    each: commits,
    workflows: new Map(tip.workflows.map((definition) => [definition.name, { definition }])),
    suspend: null,
    nowMs: NOW,
    ...over,
  })
  return {
    started: requests.map((request) => `${request.workflow} ${request.commit}`),
    held: held.map((one) => `${one.workflow} ${one.commit}: ${one.reason}`),
  }
}

describe('a push', () => {
  it('asks for a run of the branch at the commit', () => {
    const tip = commit('c1', [latest()], ['src/a.ts'])
    const workflows = new Map([['build', { definition: latest() }]])
    expect(planPush({ branch: 'main', tip, each: [], workflows, suspend: false, nowMs: NOW })).toEqual({
      requests: [{ workflow: 'build', commit: 'c1', trigger: { kind: 'Push', branch: 'main' }, params: {} }],
      held: [],
    })
  })

  const pushes: { name: string; commits: PushedCommit[]; wantStarted: string[] }[] = [
    { name: 'a workflow without the trigger', commits: [commit('c1', [workflow('build', null)], ['a'])], wantStarted: [] },
    { name: 'Latest, once at the tip', commits: [commit('c1', [latest()], ['a']), commit('c2', [latest()], ['b'])], wantStarted: ['build c2'] },
    {
      name: 'Latest, when an earlier commit has changed what is meant',
      commits: [commit('c1', [latest(['a'])], ['a']), commit('c2', [latest(['a'])], ['b'])],
      wantStarted: ['build c2'],
    },
    { name: 'Latest, when nothing that is meant has changed', commits: [commit('c1', [latest(['a'])], ['b'])], wantStarted: [] },
    {
      name: 'Latest, by the definition at the tip',
      commits: [commit('c1', [latest(['a'])], ['a']), commit('c2', [latest(['b'])], ['c'])],
      wantStarted: [],
    },
    { name: 'Latest, invalid at the tip', commits: [commit('c1', [latest()], ['a']), commit('c2', [], ['workflows/build.yaml'])], wantStarted: [] },
    {
      name: 'Each, one a commit, oldest first',
      commits: [commit('c1', [each()], ['a']), commit('c2', [each()], ['b'])],
      wantStarted: ['build c1', 'build c2'],
    },
    {
      name: 'Each, only where the commit itself has changed what is meant',
      commits: [commit('c1', [each(['a'])], ['b']), commit('c2', [each(['a'])], ['a'])],
      wantStarted: ['build c2'],
    },
    { name: 'Each, not where it is invalid', commits: [commit('c1', [], ['a']), commit('c2', [each()], ['b'])], wantStarted: ['build c2'] },
    {
      name: 'Each and Latest side by side',
      commits: [commit('c1', [each(), latest([], 'deploy')], ['a']), commit('c2', [each(), latest([], 'deploy')], ['b'])],
      wantStarted: ['build c1', 'build c2', 'deploy c2'],
    },
    { name: 'a workflow that the push adds', commits: [commit('c1', [latest()], ['workflows/build.yaml'])], wantStarted: ['build c1'] },
    {
      name: 'a workflow that the push adds, with paths that do not mean its file',
      commits: [commit('c1', [latest(['src/**'])], ['workflows/build.yaml'])],
      wantStarted: [],
    },
    {
      name: 'a workflow that the push adds beside what it means',
      commits: [commit('c1', [latest(['src/**'])], ['src/a', 'workflows/build.yaml'])],
      wantStarted: ['build c1'],
    },
    {
      name: 'nothing but history',
      commits: [commit('c1', [latest(), each([], 'other')], ['history/README.md', 'history/build/README.md'])],
      wantStarted: [],
    },
    {
      name: 'nothing but history, though meant',
      commits: [commit('c1', [latest(['history/**']), each(['**'], 'other')], ['history/README.md'])],
      wantStarted: [],
    },
    {
      name: 'history beside other files that are not meant',
      commits: [commit('c1', [latest(['**/*.md'])], ['history/README.md', 'src/a.ts'])],
      wantStarted: [],
    },
    {
      name: 'history after other commits',
      commits: [commit('c1', [latest(), each([], 'other')], ['a']), commit('c2', [latest(), each([], 'other')], ['history/README.md'])],
      wantStarted: ['other c1', 'build c2'],
    },
    { name: 'a file that only begins like history', commits: [commit('c1', [latest()], ['history.md'])], wantStarted: ['build c1'] },
    { name: 'an empty commit', commits: [commit('c1', [latest()], [])], wantStarted: ['build c1'] },
    { name: 'an empty commit where paths are asked for', commits: [commit('c1', [latest(['**'])], [])], wantStarted: [] },
  ]
  it.each(pushes)('starts: $name', ({ commits, wantStarted }) => {
    expect(push(commits)).toEqual({ started: wantStarted, held: [] })
  })

  it('starts nothing of a workflow that the tip no longer has, but of one that it breaks', () => {
    const commits = [commit('c1', [each()], ['a']), commit('c2', [], ['workflows/build.yaml'])]
    expect(push(commits, { workflows: new Map() }).started).toEqual([])
    expect(push(commits, { workflows: new Map([['build', { definition: each() }]]) }).started).toEqual(['build c1'])
  })

  it('runs the newest fifty commits at most', () => {
    const commits = Array.from({ length: 60 }, (_, index) => commit(`c${index}`, [each()], ['a']))
    const { started } = push(commits)
    expect(started).toHaveLength(50)
    expect([started[0], started.at(-1)]).toEqual(['build c10', 'build c59'])
  })
})

describe('a run by push is held back', () => {
  const until = (time: string, reason: string | null): Suspension => ({ untilMs: Date.parse(time), reason })

  it('by a mark in the message, for Latest in that of the tip', () => {
    const marked = [commit('c1', [each(), latest([], 'deploy')], ['a'], 'typo\n\n[Skip Fusee]'), commit('c2', [each(), latest([], 'deploy')], ['b'])]
    expect(push(marked)).toEqual({ started: ['build c2', 'deploy c2'], held: ['build c1: the commit message says [skip fusee]'] })
    expect(push(marked.toReversed())).toEqual({
      started: ['build c2'],
      held: ['build c1: the commit message says [skip fusee]', 'deploy c1: the commit message says [skip fusee]'],
    })
  })

  it('by no other mark', () => {
    expect(push([commit('c1', [latest()], ['a'], 'work [skip ci]')]).started).toEqual(['build c1'])
  })

  it.each([
    { name: 'of the Repository', over: { suspend: true }, wantHeld: ['build c1: the repository is suspended'] },
    { name: 'of the Repository, with a reason', over: { suspend: until('2027-01-01T00:00:00Z', 'site moves') }, wantHeld: ['build c1: site moves'] },
    {
      name: 'of the workflow in force',
      over: { workflows: new Map([['build', { definition: { suspend: until('2026-11-20T12:00:01Z', null) } }]]) },
      wantHeld: ['build c1: the workflow build is suspended until 2026-11-20T12:00:01Z'],
    },
    { name: 'that has ended', over: { suspend: until('2026-11-20T12:00:00Z', 'site moves') }, wantHeld: [] },
  ])('by a suspension $name', ({ over, wantHeld }) => {
    const { started, held } = push([commit('c1', [latest()], ['a'])], over)
    expect(held).toEqual(wantHeld)
    expect(started).toHaveLength(1 - wantHeld.length)
  })

  it('only where it would have started', () => {
    expect(push([commit('c1', [latest(['b'])], ['a'], '[skip fusee]')], { suspend: true })).toEqual({ started: [], held: [] })
  })
})

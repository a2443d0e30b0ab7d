import { describe, expect, it } from 'vitest'
import type { CommitSha, StatusBranch } from '../../../src/git/ports.ts'
import { createSimulatedGit, type SimulatedGit } from '../../../src/git/simulated.ts'
import { claimBranch, takeOver } from '../../../src/history/owner.ts'
import { recordOnce } from '../../../src/history/record-once.ts'
import type { Finding } from '../../../src/history/verify/finding.ts'
import type { Overview } from '../../../src/history/overview.ts'
import { claimOf, encodeOwner, type Owner, releaseOf } from '../../../src/history/owner-file.ts'
import type { WorkflowState } from '../../../src/history/state.ts'
import type { TicksFile } from '../../../src/history/ticks.ts'
import { verifyHistory } from '../../../src/history/verify/verify.ts'
import { writeHistory } from '../../../src/history/write.ts'
import type { Cursors, StoredRun, TickFate } from '../../../src/runs/run.ts'
import { COMMIT, cursorsWith, everyHour, failedRun, fateOf, finishedRun, inForce, REPOSITORY } from '../../support/history-builders.ts'

const NOW_MS = Date.parse('2026-11-20T02:00:00Z')
const STATE = 'history/state/nightly-report.json'
const OVERVIEW = 'history/state/overview.json'
const OWNER = 'history/state/owner.json'
const TICKS = 'history/nightly-report/2026/11/20/ticks.json'
const OTHER_COMMIT = 'c0ffee0000000000000000000000000000000002'

const CLAIM = claimOf('us', 'data/data-jobs', new Date(NOW_MS).toISOString())

/** Files of a commit on its way; null removes one. */
type Files = Map<string, string | null>
/** One way to lie, in a commit that is otherwise as the controller writes it. */
interface Lie {
  name: string
  tell: (files: Files) => void
  wantRule?: string
  wantPath: string
  want: string
}

const lies: Lie[] = [
  ...inState([
    { name: 'a run that is left out', change: (state) => state.runs.pop(), want: 'it does not tell of nightly-report-9f3k2m7qxz' },
    {
      name: 'another result',
      change: ({ runs }) => set(runs, 2, { result: 'Succeeded' }),
      want: 'it tells of nightly-report-9f3k2m7qxz another result than',
    },
    {
      name: 'another duration',
      change: ({ runs }) => set(runs, 0, { startedAt: runs[0]?.finishedAt ?? '' }),
      want: 'it tells of nightly-report-c another startedAt than',
    },
    { name: 'a step that has not failed', change: ({ runs }) => set(runs, 2, { failedStep: 'load' }), want: 'another failedStep than' },
    {
      name: 'a success that nobody had',
      change: (state) => (state.lastSuccessAt = '2026-11-20T09:00:00Z'),
      want: 'its lastSuccessAt is not what its records say',
    },
    {
      name: 'a beginning that was another',
      change: (state) => (state.firstRunAt = '2026-11-20T09:00:00Z'),
      want: 'its firstRunAt is not what its records say',
    },
    { name: 'another order of runs', change: (state) => state.runs.reverse(), want: 'where nightly-report-c belongs' },
    {
      name: 'a run that nobody recorded',
      change: ({ runs }) => runs.push({ ...at(runs, 0), run: 'ghost' }),
      want: 'it tells of ghost, which is none of its newest runs',
    },
    {
      name: 'another commit that was dealt with',
      change: (state) => (state.lastCommit = OTHER_COMMIT),
      want: 'its lastCommit is not what the overview says',
    },
    { name: 'another valid commit', change: (state) => (state.validCommit = OTHER_COMMIT), want: 'its validCommit is not what the overview says' },
    {
      name: 'a cursor of its own',
      change: ({ schedules }) => Object.assign(schedules, { 'nightly-nordics': { judgedUpTo: '2026-11-21T09:00:00Z', form: 'x' } }),
      want: 'its schedules is not what the overview says',
    },
    { name: 'no cursor', change: ({ schedules }) => delete schedules['nightly-nordics'], want: 'its schedules is not what the overview says' },
    {
      name: 'another number of ticks',
      change: ({ tickDays }) => set(at(tickDays, 0).rows, 0, { count: 7 }),
      want: 'its ticks of 2026/11/21 are not those',
    },
    {
      name: 'another reason of ticks',
      change: ({ tickDays }) => set(at(tickDays, 1).rows, 0, { reason: 'all was well' }),
      want: 'its ticks of 2026/11/20 are not those',
    },
    { name: 'a day of ticks that is left out', change: ({ tickDays }) => tickDays.pop(), want: 'its ticks of 2026/11/20 are not those' },
    {
      name: 'a day of ticks that is made up',
      change: ({ tickDays }) => tickDays.push({ ...at(tickDays, 0), day: '2026/11/01' }),
      want: 'its ticks of 2026/11/01 are not those',
    },
    { name: 'days in another order', change: ({ tickDays }) => tickDays.reverse(), want: 'its days with ticks are in another order' },
    { name: 'another workflow', change: (state) => (state.workflow = 'site'), want: 'it is the state of site' },
  ]),
  ...inOverview([
    { name: 'a workflow that is left out', change: ({ workflows }) => workflows.pop(), want: 'it has no row of site' },
    {
      name: 'a workflow that is made up',
      change: ({ workflows }) => workflows.push({ ...at(workflows, 0), workflow: 'zebra' }),
      want: 'it has a row of zebra, of which nothing is known',
    },
    {
      name: 'another trend',
      change: ({ workflows }) => set(workflows, 0, { trend: ['Succeeded'] }),
      want: 'the row of nightly-report does not tell what its state says',
    },
    {
      name: 'another trend of a workflow that it does not record',
      change: ({ workflows }) => set(workflows, 1, { trend: ['Failed'] }),
      want: 'the row of site does not tell what its state says',
    },
    { name: 'another last run', change: ({ workflows }) => set(workflows, 0, { last: null }), want: 'the row of nightly-report does not tell' },
    { name: 'a workflow without its page', change: ({ workflows }) => set(workflows, 1, { hasPage: false }), want: 'the row of site does not tell' },
    { name: 'rows in another order', change: ({ workflows }) => workflows.reverse(), want: 'its rows are in another order' },
    {
      name: 'a run as under way that it records',
      change: ({ started }) => started.push({ run: 'nightly-report-c', workflow: 'nightly-report', trigger: { kind: 'Push', branch: 'main' } }),
      want: 'it says that nightly-report-c has no record',
    },
  ]),
  {
    name: 'a cursor that goes back',
    tell: (files) => [STATE, OVERVIEW].forEach((path) => replace(files, path, '2026-11-21T09:00:00Z', '2026-11-20T05:00:00Z')),
    wantRule: 'cursor-moved-back',
    wantPath: OVERVIEW,
    want: 'the ticks of nightly-nordics were judged up to 2026-11-20T09:00:00Z, now up to 2026-11-20T05:00:00Z',
  },
  {
    name: 'a cursor before the ticks whose fate is told',
    tell: (files) => [STATE, OVERVIEW].forEach((path) => replace(files, path, '2026-11-21T09:00:00Z', '2026-11-20T10:00:00Z')),
    wantPath: OVERVIEW,
    want: 'its cursor of nightly-nordics lies before the tick 2026-11-21T00:00:00Z, whose fate is told',
  },
  {
    name: 'that nothing was rewound',
    tell: edit<Overview>(OVERVIEW, ({ cursors }) => (cursors.rewound = false)),
    wantRule: 'cursor-moved-back',
    wantPath: OVERVIEW,
    want: 'it no longer says that the followed branch was rewound',
  },
  { name: 'no state', tell: (files) => files.set(STATE, null), wantPath: STATE, want: 'it is not there' },
  {
    name: 'the state of before',
    tell: (files) => files.delete(STATE),
    wantPath: STATE,
    want: 'it tells of nightly-report-b where nightly-report-c belongs',
  },
  {
    name: 'a field twice',
    tell: (files) => replace(files, STATE, '"lastCommit"', '"lastCommit": null,\n  "lastCommit"'),
    wantPath: STATE,
    want: 'it is not laid out as Fusee does it',
  },
  {
    name: 'a field of the record twice',
    tell: (files) => replace(files, 'history/nightly-report/2026/11/20/nightly-report-c.json', '"result": ', '"result": "Failed",\n  "result": '),
    wantRule: 'record-malformed',
    wantPath: 'history/nightly-report/2026/11/20/nightly-report-c.json',
    want: 'it is not laid out as Fusee does it',
  },
  {
    name: 'ticks of another day',
    tell: (files) => replace(files, TICKS.replace('/20/', '/21/'), '2026-11-21T00:00:00Z', '2026-11-19T00:00:00Z'),
    wantRule: 'ticks-malformed',
    wantPath: TICKS.replace('/20/', '/21/'),
    want: 'it tells of ticks of another day',
  },
  {
    name: 'ticks of another workflow',
    tell: (files) => replace(files, TICKS.replace('/20/', '/21/'), '"workflow": "nightly-report"', '"workflow": "site"'),
    wantRule: 'ticks-malformed',
    wantPath: TICKS.replace('/20/', '/21/'),
    want: 'the ticks in it are of site',
  },
  {
    name: 'a tick twice',
    tell: edit<TicksFile>(TICKS.replace('/20/', '/21/'), ({ ranges }) => ranges.unshift({ ...at(ranges, 0), fate: 'Skipped' })),
    wantRule: 'ticks-malformed',
    wantPath: TICKS.replace('/20/', '/21/'),
    want: 'a tick may stand there twice',
  },
  {
    name: 'another claim of the same owner',
    tell: (files) => files.set(OWNER, encodeOwner({ ...CLAIM, claimedAt: '2026-11-01T00:00:00Z' })),
    wantRule: 'owner-changed',
    wantPath: OWNER,
    want: 'it changes though us goes on owning the branch',
  },
]

function inState(all: { name: string; change: (state: WorkflowState) => unknown; want: string }[]): Lie[] {
  return all.map(({ name, change, want }) => ({ name: `state with ${name}`, tell: edit<WorkflowState>(STATE, change), wantPath: STATE, want }))
}

function inOverview(all: { name: string; change: (overview: Overview) => unknown; want: string }[]): Lie[] {
  return all.map(({ name, change, want }) => ({ name: `an overview with ${name}`, tell: edit<Overview>(OVERVIEW, change), wantPath: OVERVIEW, want }))
}

function edit<T>(path: string, change: (json: T) => unknown): Lie['tell'] {
  return (files) => {
    const json = JSON.parse(files.get(path) ?? '') as T
    change(json)
    files.set(path, `${JSON.stringify(json, null, 2)}\n`)
  }
}

function replace(files: Files, path: string, text: string, by: string): void {
  const before = files.get(path) ?? ''
  if (!before.includes(text)) throw new Error(`${path} holds no ${text}`)
  files.set(path, before.replaceAll(text, by))
}

function at<T>(list: readonly T[], index: number): T {
  return list[index] as T
}

function set<T extends object>(list: readonly T[], index: number, fields: Partial<T>): void {
  Object.assign(at(list, index), fields)
}

describe('verifying the state of a status branch', () => {
  it('finds nothing wrong with what Fusee has written', async () => {
    const git = await branch()
    await record(git)
    expect(await findings(git)).toEqual([])
  })

  it.each(lies)('finds $name', async ({ tell, wantRule = 'state-differs', wantPath, want }) => {
    const git = await branch()
    const commit = await record(git, (files, message) => {
      tell(files)
      return message
    })
    expect(await findings(git)).toContainEqual({ rule: wantRule, commit, path: wantPath, message: expect.stringContaining(want) as string })
  })

  it.each([
    {
      name: 'another duration',
      write: (text: string) => text.replace('3m12s', '1s'),
      want: 'its first line should be "nightly-report: Succeeded after 3m12s [skip ci]"',
    },
    {
      name: 'something else too',
      write: (text: string) => text.replace('\n\n', '\n\nAll is well.\n\n'),
      want: 'Fusee does not write such a message: "All is well."',
    },
  ])('finds a message that tells $name', async ({ write, want }) => {
    const git = await branch()
    const commit = await record(git, (_files, message) => write(message))
    expect(await findings(git)).toEqual([{ rule: 'message-differs', commit, path: null, message: want }])
  })

  it('finds a message that does not tell of the ticks of its commit', async () => {
    const git = await branch()
    const commit = await record(git, () => 'all is well [skip ci]\n', [])
    expect(await findings(git)).toMatchObject([{ rule: 'message-differs', commit, message: expect.stringContaining('fates of ticks') as string }])
  })

  it.each<{ name: string; owner: Owner; message: string; want: string }>([
    {
      name: 'a take-over from nobody',
      owner: releaseOf(CLAIM, 'them', 'ada', CLAIM.claimedAt),
      message: 'x',
      want: 'the branch is taken from them, us owned it',
    },
    {
      name: 'a take-over by nobody',
      owner: { ...releaseOf(CLAIM, 'us', 'ada', CLAIM.claimedAt), releasedBy: undefined } as unknown as Owner,
      message: 'x',
      want: 'it does not say who took the branch',
    },
    {
      name: 'a take-over of another claim',
      owner: { ...releaseOf(CLAIM, 'us', 'ada', CLAIM.claimedAt), claimedAt: '2026-01-01T00:00:00Z' },
      message: 'x',
      want: 'it tells of another claim',
    },
  ])('finds $name', async ({ owner, message, want }) => {
    const git = await branch()
    const commit = await put(git, { [OWNER]: encodeOwner(owner) }, `${message} [skip ci]\n`)
    expect(await findings(git)).toContainEqual({ rule: 'owner-changed', commit, path: OWNER, message: expect.stringContaining(want) as string })
  })

  it('finds a former owner who claims the branch again, and a claim that the message hides', async () => {
    const git = await branch()
    await takeOver({ status: git.open().status, by: 'ada', nowMs: NOW_MS })
    const commit = await put(git, { [OWNER]: encodeOwner(CLAIM) }, 'us claims this branch [skip ci]\n')
    expect(await findings(git)).toMatchObject([{ rule: 'owner-changed', commit, message: 'us claims the branch, from which it was taken' }])
    const other = await branch()
    await takeOver({ status: other.open().status, by: 'ada', nowMs: NOW_MS })
    await put(other, { [OWNER]: encodeOwner({ ...CLAIM, owner: 'them' }) }, 'nothing [skip ci]\n')
    expect(await findings(other)).toMatchObject([{ rule: 'message-differs', message: 'its message should be "them claims this branch [skip ci]"' }])
  })

  it('finds an overview that is said to be begun anew, and is not', async () => {
    const git = await branch()
    const overview = new Map([[OVERVIEW, (await git.readFiles()).get(OVERVIEW) ?? null]])
    edit<Overview>(OVERVIEW, ({ workflows }) => set(workflows, 0, { trend: [] }))(overview)
    const commit = await put(git, { [OVERVIEW]: overview.get(OVERVIEW) ?? '' }, 'Begin anew [skip ci]\n')
    expect(await findings(git)).toContainEqual({
      rule: 'unexplained-change',
      commit,
      path: OVERVIEW,
      message: 'it changes without any record or tick in the same commit',
    })
  })

  it('finds pages of nothing, also where nobody has claimed the branch', async () => {
    const git = await branch()
    await put(git, { 'history/README-2.md': 'x', 'history/ghost/README.md': 'x' }, 'x [skip ci]\n')
    const atTip = (await findings(git)).filter(({ commit }) => commit === null)
    expect(atTip.map(({ rule, path }) => [rule, path])).toEqual([
      ['state-differs', 'history/state/ghost.json'],
      ['page-differs', 'history/README-2.md'],
    ])
    const unowned = createSimulatedGit({ now: () => NOW_MS })
    await recordOnce(unowned.open().status, failedRun())
    expect(await findings(unowned)).toEqual([])
    await put(unowned, { 'history/README.md': 'all green' }, 'x [skip ci]\n')
    expect((await findings(unowned)).map(({ rule }) => rule)).toEqual(['unexplained-change', 'page-differs'])
  })

  it('takes a run that no controller has started for what it is', async () => {
    const git = await branch()
    const run = finishedRun({ name: 'site-2', workflow: 'site', createdAt: '2026-11-20T05:00:00Z' })
    await recordOnce(git.open().status, { ...run, metadata: { ...run.metadata, namespace: 'of-a-clone' } })
    await recordOnce(git.open().status, finishedRun({ name: 'new-1', workflow: 'new', createdAt: '2026-11-20T05:00:00Z' }))
    await record(git)
    expect(await findings(git)).toEqual([])
  })

  it('goes on from the state at the commit that is known to be good', async () => {
    const git = await branch()
    const since = git.tip('fusee/status') as CommitSha
    const commit = await record(git, (files, message) => {
      edit<WorkflowState>(STATE, ({ runs }) => runs.pop())(files)
      return message
    })
    expect(await findings(git, since)).toContainEqual({
      rule: 'state-differs',
      commit,
      path: STATE,
      message: 'it does not tell of nightly-report-9f3k2m7qxz',
    })
  })
})

/** A branch with two workflows, three runs and odd ticks of one day. */
async function branch(): Promise<SimulatedGit> {
  const git = createSimulatedGit({ now: () => NOW_MS })
  const { status } = git.open()
  await claimBranch({ status, owner: 'us', repository: REPOSITORY, nowMs: NOW_MS })
  const known = { rewound: true, validCommits: { 'nightly-report': COMMIT, site: COMMIT }, ...judgedUpTo('2026-11-20T09:00:00Z') }
  await write(status, [failedRun()], { ...known, fates: [fateOf('2026-11-20T00:00:00Z')] })
  const later = finishedRun({ name: 'nightly-report-b', createdAt: '2026-11-20T03:00:00Z' })
  await write(status, [later, finishedRun({ name: 'site-1', workflow: 'site' })], { ...known, fates: [fateOf('2026-11-20T00:30:00Z')] })
  return git
}

/** One more run and the fate of a tick of the next day, by a commit that is told otherwise on its way. */
async function record(
  git: SimulatedGit,
  tell: (files: Files, message: string) => string = (_files, message) => message,
  runs = [finishedRun({ name: 'nightly-report-c', createdAt: '2026-11-20T04:00:00Z' })],
): Promise<CommitSha> {
  const { status } = git.open()
  const commit: StatusBranch['commit'] = (parent, changes, message) => {
    const files: Files = new Map([...changes].map(([path, bytes]) => [path, bytes === null ? null : Buffer.from(bytes).toString()]))
    const told = tell(files, message)
    return status.commit(parent, new Map([...files].map(([path, text]) => [path, text === null ? null : Buffer.from(text)])), told)
  }
  const known = { rewound: true, validCommits: { 'nightly-report': COMMIT, site: COMMIT }, ...judgedUpTo('2026-11-21T09:00:00Z') }
  await write({ ...status, commit }, runs, { ...known, fates: [fateOf('2026-11-21T00:00:00Z')] })
  return git.tip('fusee/status') as CommitSha
}

function judgedUpTo(at: string): Pick<Cursors, 'schedules'> {
  return { schedules: { 'nightly-nordics': { judgedUpTo: at, form: 'abc' } } }
}

async function put(git: SimulatedGit, files: Record<string, string>, message: string): Promise<CommitSha> {
  return git.pushCommit(files, message, { branch: 'fusee/status' })
}

async function write(status: StatusBranch, runs: StoredRun[], cursors: Partial<Cursors> & { fates: TickFate[] }): Promise<void> {
  await writeHistory({
    status,
    owner: 'us',
    repository: REPOSITORY,
    runs,
    cursors: cursorsWith(cursors),
    versions: inForce('nightly-nordics', 'nightly-report'),
    cron: everyHour,
    nowMs: NOW_MS,
    started: [],
    held: [],
    knownTip: null,
  })
}

async function findings(git: SimulatedGit, since: CommitSha | null = null): Promise<Finding[]> {
  const tip = git.tip('fusee/status') as CommitSha
  return (await verifyHistory({ log: git.log, tip, keys: null, since, anchors: [], against: null })).findings
}

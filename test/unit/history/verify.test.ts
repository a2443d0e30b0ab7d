import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createCommitSigner } from '../../../src/git/commit-signer.ts'
import { openRepository } from '../../../src/git/open.ts'
import type { CommitSha, CommitSigner, StatusBranch } from '../../../src/git/ports.ts'
import { readRefLog } from '../../../src/git/ref-log.ts'
import { parseTrustedKeys } from '../../../src/git/trusted-keys.ts'
import { claimBranch, takeOver } from '../../../src/history/owner.ts'
import { encodeRecord, recordOf } from '../../../src/history/record.ts'
import { type Verification, type VerifyRequest, verifyHistory } from '../../../src/history/verify/verify.ts'
import { writeHistory } from '../../../src/history/write.ts'
import { cursorsWith, everyHour, failedRun, fateOf, finishedRun, inForce, REPOSITORY } from '../../support/history-builders.ts'
import { findTip, importCommits, moveBranch, runGit } from '../../support/git-program.ts'
import { sshKey } from '../../support/ssh-keys.ts'
import { removeFolder } from '../../support/remove-folder.ts'

const NOW_MS = Date.parse('2026-11-20T02:00:00Z')
const BRANCH = 'fusee/status'
const DAY = 'history/nightly-report/2026/11/20'
const FAILED = `${DAY}/nightly-report-9f3k2m7qxz`
const OTHER = `${DAY}/nightly-report-b`
const OURS = 'nightly-report: Succeeded after 3m12s [skip ci]\n'
const failed = failedRun()
const later = finishedRun({ name: 'nightly-report-b', createdAt: '2026-11-20T03:00:00Z' })
const record = encodeRecord(recordOf(failed))

describe('verifying a status branch', () => {
  let template: string
  const folders: string[] = []
  beforeAll(async () => {
    template = await newFolder()
    await runGit(template, ['init', '--bare', '--quiet', '--initial-branch=main'])
    const status = await openStatus(template)
    await claimBranch({ status, owner: 'us', repository: REPOSITORY, nowMs: NOW_MS })
    await write(status, [failed], [fateOf('2026-11-20T00:00:00Z'), fateOf('2026-11-20T05:00:00Z', { fate: 'Late', reason: null, run: 'x' })])
    await write(status, [later, finishedRun({ name: 'site-1', workflow: 'site' })], [fateOf('2026-11-20T00:30:00Z')])
  })
  afterAll(() => Promise.all(folders.map((folder) => removeFolder(folder))))

  it('finds nothing wrong with what Fusee has written, take-overs and refills included', async () => {
    const folder = await copy()
    const status = await openStatus(folder)
    expect(await verify(folder)).toMatchObject({ commits: 3, records: 3, otherPages: 0, refilled: [], backdated: [], findings: [] })
    await takeOver({ status, by: 'ada', nowMs: NOW_MS })
    await claimBranch({ status, owner: 'them', repository: REPOSITORY, nowMs: NOW_MS })
    await write(status, [finishedRun({ name: 'nightly-report-c', createdAt: '2026-11-20T04:00:00Z' })], [], { owner: 'them' })
    await write(status, [finishedRun({ name: 'nightly-report-c', createdAt: '2026-11-20T05:00:00Z' })], [], { owner: 'them' })
    await write(status, [], [fateOf('2026-11-20T05:00:00Z', { fate: 'Lost', reason: 'gone', run: 'x' })], { owner: 'them' })
    expect(await verify(folder)).toMatchObject({ commits: 8, records: 5, findings: [] })
    const tip = await findTip(folder, `refs/heads/${BRANCH}`)
    await moveBranch(folder, BRANCH, null)
    await write(await openStatus(folder), [], [], { held: [failed, later], knownTip: tip })
    expect(await verify(folder)).toMatchObject({ commits: 1, records: 2, findings: [], refilled: [await findTip(folder, `refs/heads/${BRANCH}`)] })
  })

  const forged = encodeRecord({ ...recordOf(later), result: 'Failed' })
  const tampering: { name: string; files: Record<string, string | null>; message?: string; want: [rule: string, path: string | null][] }[] = [
    {
      name: 'a changed record',
      files: { [`${FAILED}.json`]: record.replace('"result": "Failed"', '"result": "Succeeded"') },
      want: [
        ['record-changed', `${FAILED}.json`],
        ['state-differs', 'history/state/nightly-report.json'],
      ],
    },
    { name: 'a record that is none any more', files: { [`${FAILED}.json`]: '{}' }, want: [['record-changed', `${FAILED}.json`]] },
    { name: 'a record laid out anew', files: { [`${FAILED}.json`]: record.replace('{', '{ ') }, want: [['record-changed', `${FAILED}.json`]] },
    {
      name: 'a removed record',
      files: { [`${OTHER}.json`]: null, [`${OTHER}.md`]: null },
      want: [
        ['record-removed', `${OTHER}.json`],
        ['state-differs', 'history/state/nightly-report.json'],
        ['state-differs', 'history/state/nightly-report.json'],
        ['state-differs', 'history/state/overview.json'],
      ],
    },
    {
      name: 'a removed page',
      files: { [`${FAILED}.md`]: null },
      want: [
        ['page-changed', `${FAILED}.md`],
        ['page-missing', `${FAILED}.md`],
      ],
    },
    ...[7, 0].map((format): (typeof tampering)[number] => ({
      name: `fairy tales that say they are of the format ${format}`,
      files: {
        'history/nightly-report/README.md': `all green\n<!-- fusee page ${format} -->\n`,
        'history/README.md': `all green\n<!-- fusee page ${format} -->\n`,
      },
      want: [
        ['unexplained-change', 'history/README.md'],
        ['unexplained-change', 'history/nightly-report/README.md'],
        ['page-differs', 'history/nightly-report/README.md'],
        ['page-differs', 'history/README.md'],
      ],
    })),
    { name: 'a changed page', files: { [`${FAILED}.md`]: 'all is well\n' }, want: [['page-changed', `${FAILED}.md`]] },
    {
      name: 'a record that the message does not name, with another page',
      files: { [`${DAY}/forged.json`]: forged.replaceAll('nightly-report-b', 'forged'), [`${DAY}/forged.md`]: 'all is well\n' },
      want: [
        ['page-differs', `${DAY}/forged.md`],
        ['message-differs', null],
        ['message-differs', null],
        ['state-differs', 'history/state/nightly-report.json'],
        ['state-differs', 'history/state/nightly-report.json'],
        ['state-differs', 'history/state/overview.json'],
      ],
    },
    {
      name: 'a record in another place',
      files: { 'history/site/2026/11/19/nightly-report-9f3k2m7qxz.json': record },
      want: [
        ['record-misplaced', 'history/site/2026/11/19/nightly-report-9f3k2m7qxz.json'],
        ['page-missing', 'history/site/2026/11/19/nightly-report-9f3k2m7qxz.md'],
      ],
    },
    {
      name: 'a file that is no record',
      files: { [`${DAY}/notes.json`]: '{}' },
      want: [
        ['record-malformed', `${DAY}/notes.json`],
        ['page-missing', `${DAY}/notes.md`],
      ],
    },
    {
      name: 'trailers of a run that is not recorded',
      files: { 'history/state/owner.json': null },
      message: `${OURS}\nFusee-Run: ghost\nFusee-Result: Succeeded\n`,
      want: [
        ['message-differs', null],
        ['owner-changed', 'history/state/owner.json'],
      ],
    },
    {
      name: 'another owner without a take-over',
      files: {
        'history/state/owner.json':
          '{"apiVersion":"fusee.dev/v1alpha1","kind":"Owner","owner":"them","repository":"a/b","claimedAt":"2026-11-20T00:00:00Z"}',
      },
      want: [
        ['owner-changed', 'history/state/owner.json'],
        ['page-differs', 'history/README.md'],
      ],
    },
    { name: 'removed ticks', files: { [`${DAY}/ticks.json`]: null }, want: [['ticks-removed', `${DAY}/ticks.json`]] },
    { name: 'ticks that are none', files: { [`${DAY}/ticks.json`]: '[]' }, want: [['ticks-malformed', `${DAY}/ticks.json`]] },
    {
      name: 'the page of a workflow that tells a fairy tale',
      files: { 'history/nightly-report/README.md': 'all green\n' },
      want: [
        ['unexplained-change', 'history/nightly-report/README.md'],
        ['page-differs', 'history/nightly-report/README.md'],
      ],
    },
    {
      name: 'an overview that tells a fairy tale',
      files: { 'history/README.md': 'all green\n' },
      want: [
        ['unexplained-change', 'history/README.md'],
        ['page-differs', 'history/README.md'],
      ],
    },
    { name: 'a file of others', files: { 'src/index.js': 'x' }, want: [['foreign-path', 'src/index.js']] },
    {
      name: 'a message of others',
      files: {},
      message: 'Update records\n',
      want: [
        ['foreign-commit', null],
        ['foreign-commit', null],
      ],
    },
  ]
  it.each(tampering)('finds $name', async ({ files, message = OURS, want }) => {
    const folder = await copy()
    const status = await openStatus(folder)
    const parent = await status.fetchTip()
    const encoder = new TextEncoder()
    const commit = await status.commit(
      parent,
      new Map(Object.entries(files).map(([file, text]) => [file, text === null ? null : encoder.encode(text)])),
      message,
    )
    const { findings } = await verify(folder)
    expect(findings.map(({ rule, path: file }) => [rule, file])).toEqual(want)
    expect(new Set(findings.map((finding) => finding.commit).filter((one) => one !== null))).toEqual(new Set([commit]))
  })

  it('notes a commit that says it was made before the one below it', async () => {
    const folder = await copy()
    await write((await open(folder, null, NOW_MS - 1000)).status, [finishedRun({ name: 'nightly-report-c', createdAt: '2026-11-20T04:00:00Z' })], [])
    expect(await verify(folder)).toMatchObject({ backdated: [await findTip(folder, `refs/heads/${BRANCH}`)], findings: [] })
  })

  it('finds a tick whose fate was changed', async () => {
    const folder = await copy()
    const status = await openStatus(folder)
    await write(status, [], [fateOf('2026-11-20T00:00:00Z', { fate: 'Skipped', reason: 'suspended' })])
    expect((await verify(folder)).findings).toMatchObject([
      { rule: 'ticks-changed', path: `${DAY}/ticks.json`, message: 'tick 2026-11-20T00:00:00Z of nightly-nordics was Missed and becomes Skipped' },
    ])
  })

  it.each([
    {
      field: 'reason',
      fate: { reason: 'all was fine' },
      want: /^tick 2026-11-20T00:00:00Z of nightly-nordics is Missed as before, its reason was ".*" and becomes "all was fine"$/,
    },
    { field: 'run', fate: { run: 'another' }, want: /its run was none and becomes "another"$/ },
  ])('finds a tick whose $field was changed', async ({ fate, want }) => {
    const folder = await copy()
    await write(await openStatus(folder), [], [fateOf('2026-11-20T00:00:00Z', fate)])
    const message = expect.stringMatching(want) as string
    expect((await verify(folder)).findings).toMatchObject([{ rule: 'ticks-changed', path: `${DAY}/ticks.json`, message }])
  })

  it('finds a commit by somebody else, a merge, and one that was committed again', async () => {
    const folder = await copy()
    await importCommits(folder, [{ 'history/nightly-report/README.md': 'x\n' }], { branch: BRANCH, message: OURS })
    expect(await rules(folder)).toContain('foreign-commit')
    const other = await copy()
    const tip = await findTip(other, `refs/heads/${BRANCH}`)
    const main = await importCommits(other, [{ 'a.txt': 'x' }])
    await importCommits(other, [{ 'a.txt': 'x' }], { branch: BRANCH, message: OURS, merge: [main] })
    expect((await verify(other)).findings[0]).toMatchObject({
      rule: 'foreign-commit',
      message: expect.stringContaining(`it merges ${main}`) as string,
    })
    const amended = await copy()
    await runGit(amended, ['update-ref', `refs/heads/${BRANCH}`, await runGit(amended, ['rev-parse', `${String(tip)}~1`])])
    const tree = await runGit(amended, ['rev-parse', `${String(tip)}^{tree}`])
    const message = await runGit(amended, ['log', '-1', '--format=%B', String(tip)])
    const commit = await runGit(amended, ['-c', 'user.name=Fusee', 'commit-tree', tree, '-p', `${String(tip)}~1`, '-m', message])
    await runGit(amended, ['update-ref', `refs/heads/${BRANCH}`, commit])
    expect((await verify(amended)).findings).toMatchObject([
      { rule: 'foreign-commit', commit, message: expect.stringContaining('by Test <test@localhost>') as string },
    ])
  })

  it('finds a history that was rewritten, by the log of a clone, by a commit that is known, and by what main holds', async () => {
    const folder = await copy()
    const clone = await newFolder()
    await runGit(clone, ['clone', '--quiet', folder, '.'])
    const before = await findTip(folder, `refs/heads/${BRANCH}`)
    await runGit(folder, ['read-tree', BRANCH])
    await importCommits(folder, [{ [`${FAILED}.json`]: record, [`${OTHER}.json`]: 'x' }], { branch: 'main' })
    const status = await openStatus(folder)
    await moveBranch(folder, BRANCH, null)
    await write(status, [later], [])
    await runGit(clone, ['fetch', '--quiet'])

    const anchors = await readRefLog(clone, BRANCH)
    expect(anchors.map(({ commit }) => commit)).toContain(before)
    expect((await verify(clone, { anchors })).findings).toMatchObject([
      { rule: 'rewritten', commit: before, message: expect.stringContaining(`refs/remotes/origin/${BRANCH}@{1}`) as string },
    ])
    expect((await verify(clone, { since: before })).findings).toMatchObject([{ rule: 'rewritten', commit: before }])
    const { log } = await open(clone)
    const against = { commit: (await log.tip('main')) as CommitSha, name: 'main' }
    expect((await verify(clone, { against })).findings).toMatchObject([
      { rule: 'record-removed', path: `${FAILED}.json`, message: 'main holds this record, the status branch does not' },
      { rule: 'record-differs', path: `${OTHER}.json` },
    ])
  })

  it('checks only what came after a commit that is known to be good', async () => {
    const folder = await copy()
    await importCommits(folder, [{ 'x.txt': 'x' }], { branch: BRANCH })
    const since = await findTip(folder, `refs/heads/${BRANCH}`)
    await write(await openStatus(folder), [finishedRun({ name: 'nightly-report-d', createdAt: '2026-11-20T09:00:00Z' })], [])
    expect(await rules(folder)).toContain('foreign-commit')
    expect(await verify(folder, { since })).toMatchObject({ commits: 1, records: 1, findings: [] })
  })

  it('says where a shallow clone ends', async () => {
    const clone = await newFolder()
    await runGit(clone, ['clone', '--quiet', '--depth=1', '--branch', BRANCH, `file://${template}`, '.'])
    const { findings, commits } = await verify(clone)
    expect(commits).toBe(0)
    expect(findings).toMatchObject([{ rule: 'shallow', message: expect.stringContaining('git fetch --unshallow') as string }])
  })

  it('finds commits that are not signed, or not by a key that is trusted, or whose signature was made for another', async () => {
    const [ours, theirs] = [await sshKey(), await sshKey()]
    const sign = await createCommitSigner({ text: ours.privateKey })
    const keys = await parseTrustedKeys([{ name: 'keys', text: ours.publicKey }])
    const folder = await newFolder()
    await runGit(folder, ['init', '--bare', '--quiet'])
    const status = await openStatus(folder, sign)
    await claimBranch({ status, owner: 'us', repository: REPOSITORY, nowMs: NOW_MS })
    await write(status, [failed], [])
    expect((await verify(folder, { keys })).findings).toEqual([])
    const good = await findTip(folder, `refs/heads/${BRANCH}`)

    await write(await openStatus(folder), [later], [])
    expect(await rules(folder, { keys })).toEqual(['signature-missing'])
    expect(await rules(folder)).toEqual(['signature-missing'])

    await moveBranch(folder, BRANCH, good)
    await write(await openStatus(folder, await createCommitSigner({ text: theirs.privateKey })), [later], [])
    expect(await rules(folder, { keys })).toEqual(['signature-untrusted'])
    expect(await rules(folder)).toEqual([])

    await moveBranch(folder, BRANCH, good)
    const forger: CommitSigner = (payload) => sign(Buffer.from(Buffer.from(payload).toString().replace('Succeeded', 'Failed')))
    await write(await openStatus(folder, forger), [later], [])
    expect((await verify(folder, { keys })).findings).toMatchObject([
      { rule: 'signature-bad', message: 'its signature is not good: it was made for other bytes' },
    ])
  })

  async function newFolder(): Promise<string> {
    const folder = await mkdtemp(path.join(tmpdir(), 'fusee-verify-test-'))
    folders.push(folder)
    return folder
  }

  async function copy(): Promise<string> {
    const folder = await newFolder()
    await runGit(folder, ['clone', '--quiet', '--bare', template, '.'])
    return folder
  }
})

function open(folder: string, sign: CommitSigner | null = null, nowMs = NOW_MS) {
  return openRepository({ url: folder, branch: null, statusBranch: BRANCH, dataFolder: folder, now: () => nowMs, sign })
}

async function openStatus(folder: string, sign: CommitSigner | null = null): Promise<StatusBranch> {
  return (await open(folder, sign)).status
}

async function verify(folder: string, wish: Partial<VerifyRequest> = {}): Promise<Verification> {
  const { log } = await open(folder)
  const tip = (await log.tip(BRANCH)) as CommitSha
  return verifyHistory({ log, tip, keys: null, since: null, anchors: [], against: null, ...wish })
}

async function rules(folder: string, wish: Partial<VerifyRequest> = {}): Promise<string[]> {
  return (await verify(folder, wish)).findings.map(({ rule }) => rule)
}

function write(
  status: StatusBranch,
  runs: Parameters<typeof writeHistory>[0]['runs'],
  fates: ReturnType<typeof fateOf>[],
  wish: Partial<Parameters<typeof writeHistory>[0]> = {},
) {
  return writeHistory({
    status,
    owner: 'us',
    repository: REPOSITORY,
    runs,
    cursors: cursorsWith({ fates, schedules: { 'nightly-nordics': { judgedUpTo: '2026-11-20T09:00:00Z', form: 'abc' } } }),
    versions: inForce('nightly-nordics', 'nightly-report'),
    cron: everyHour,
    nowMs: NOW_MS,
    started: [],
    held: [],
    knownTip: null,
    ...wish,
  })
}

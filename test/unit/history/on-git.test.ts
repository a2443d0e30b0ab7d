import { execFile } from 'node:child_process'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openRepository } from '../../../src/git/open.ts'
import type { StatusBranch } from '../../../src/git/ports.ts'
import { claimBranch, takeOver } from '../../../src/history/owner.ts'
import { hasRecord, readCursorCopies, readHistory } from '../../../src/history/read.ts'
import { writeHistory } from '../../../src/history/write.ts'
import { cursorsWith, everyHour, failedRun, fateOf, finishedRun, inForce, REPOSITORY } from '../../support/history-builders.ts'
import { removeFolder } from '../../support/remove-folder.ts'

const NOW_MS = Date.parse('2026-11-20T02:00:00Z')

describe('the status branch in a real repository', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'fusee-history-test-'))
    await git('init', '--bare', '--quiet', '--initial-branch=main')
  })
  afterEach(() => removeFolder(folder))

  it('holds commits, trailers and trees that git accepts', async () => {
    const status = await open()
    await claimBranch({ status, owner: 'us', repository: REPOSITORY, nowMs: NOW_MS })
    const hostile = finishedRun({ name: 'x\nFusee-Result: Forged', workflow: '../..', createdAt: '2026-11-21T00:00:00Z' })
    await write(status, { runs: [failedRun()], fates: [fateOf('2026-11-20T00:00:00Z')] })
    await write(status, { runs: [finishedRun({ name: 'nightly-report-b' }), hostile], fates: [] })
    await write(status, { runs: [failedRun(), hostile], fates: [fateOf('2026-11-20T00:00:00Z')] })

    expect(await git('log', '--format=%s', 'fusee/status')).toEqual([
      '2 runs: 2 Succeeded [skip ci]',
      'nightly-report: Failed at measure after 3m12s [skip ci]',
      'us claims this branch [skip ci]',
    ])
    expect(await git('log', '--format=%(trailers:key=Fusee-Result,valueonly,separator=%x2C)', 'fusee/status')).toEqual([
      'Succeeded,Succeeded',
      'Failed',
      '',
    ])
    expect(await git('log', '-1', '--skip=1', '--format=%(trailers:only,unfold,separator=%x2C)', 'fusee/status')).toEqual([
      'Fusee-Run: nightly-report-9f3k2m7qxz,Fusee-Workflow: nightly-report,Fusee-Commit: c0ffee0000000000000000000000000000000001,Fusee-Trigger: Schedule,Fusee-Result: Failed',
    ])
    expect(await git('ls-tree', '-r', '--name-only', 'fusee/status')).toEqual([
      'history/README.md',
      'history/_._../2026/11/21/x_Fusee-Result__Forged.json',
      'history/_._../2026/11/21/x_Fusee-Result__Forged.md',
      'history/_._../README.md',
      'history/nightly-report/2026/11/20/nightly-report-9f3k2m7qxz.json',
      'history/nightly-report/2026/11/20/nightly-report-9f3k2m7qxz.md',
      'history/nightly-report/2026/11/20/nightly-report-b.json',
      'history/nightly-report/2026/11/20/nightly-report-b.md',
      'history/nightly-report/2026/11/20/ticks.json',
      'history/nightly-report/README.md',
      'history/state/_._...json',
      'history/state/nightly-report.json',
      'history/state/overview.json',
      'history/state/owner.json',
    ])
    expect(await git('fsck', '--strict', '--no-dangling', '--no-progress')).toEqual([])
  })

  it('is read back by another process', async () => {
    await write(await open(), { runs: [failedRun(), finishedRun({ name: 'nightly-report-b' })], fates: [] })
    const status = await open()
    await status.fetchTip()
    expect((await readHistory(status, { limit: 9 })).records.map(({ run }) => run)).toEqual(['nightly-report-b', 'nightly-report-9f3k2m7qxz'])
    expect(await hasRecord(status, 'nightly-report', 'nightly-report-b')).toBe(true)
    expect(await hasRecord(status, 'nightly-report', 'nightly-report-c')).toBe(false)
    expect((await readCursorCopies(status))?.schedules).toEqual(cursorsWith().schedules)
  })

  it('takes what several processes write at once, every record once', async () => {
    const names = Array.from({ length: 4 }, (_, index) => `nightly-report-${index}`)
    await write(await open(), { runs: [failedRun()], fates: [] })
    await Promise.all(names.map(async (name) => write(await open(), { runs: [finishedRun({ name })], fates: [] })))
    const status = await open()
    await status.fetchTip()
    expect((await readHistory(status, { limit: 99 })).records.map(({ run }) => run).sort()).toEqual([
      'nightly-report-0',
      'nightly-report-1',
      'nightly-report-2',
      'nightly-report-3',
      'nightly-report-9f3k2m7qxz',
    ])
    expect(await git('rev-list', '--count', 'fusee/status')).toEqual(['5'])
  })

  it('is refilled after somebody has deleted it', async () => {
    const status = await open()
    await write(status, { runs: [failedRun()], fates: [] })
    await git('update-ref', '-d', 'refs/heads/fusee/status')
    expect((await write(status, { runs: [failedRun()], fates: [] })).kind).toBe('Written')
    expect(await git('rev-list', '--count', 'fusee/status')).toEqual(['1'])
    expect(await takeOver({ status: await open(), by: 'ada', nowMs: NOW_MS })).toMatchObject({ kind: 'TakenOver', formerOwner: 'us' })
    expect((await write(status, { runs: [], fates: [fateOf('2026-11-20T00:00:00Z')] })).kind).toBe('BranchOwned')
  })

  async function open(): Promise<StatusBranch> {
    const { status } = await openRepository({ url: folder, branch: null, statusBranch: 'fusee/status', dataFolder: folder, now: () => NOW_MS })
    return status
  }

  function write(status: StatusBranch, { runs, fates }: { runs: ReturnType<typeof finishedRun>[]; fates: ReturnType<typeof fateOf>[] }) {
    const versions = inForce('nightly-nordics', 'nightly-report')
    return writeHistory({
      status,
      owner: 'us',
      repository: REPOSITORY,
      runs,
      cursors: cursorsWith({ fates }),
      versions,
      cron: everyHour,
      nowMs: NOW_MS,
      started: [],
      held: [],
      knownTip: null,
    })
  }

  async function git(...words: string[]): Promise<string[]> {
    const env = { PATH: process.env['PATH'], GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' }
    const { stdout } = await promisify(execFile)('git', words, { cwd: folder, env })
    return stdout === '' ? [] : stdout.replace(/\n$/, '').split('\n')
  }
})

import { existsSync } from 'node:fs'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { createHistoryCommand, type OpenStatus } from '../../../src/cli/history.ts'
import type { Shell } from '../../../src/cli/shell.ts'
import { createLocalLog } from '../../../src/git/commit-log.ts'
import { asCommitSha, type CommitLog, GitError } from '../../../src/git/ports.ts'
import { claimBranch } from '../../../src/history/owner.ts'
import { encodeRecord, recordOf } from '../../../src/history/record.ts'
import { writeHistory } from '../../../src/history/write.ts'
import type { StoredRun, TickFate } from '../../../src/runs/run.ts'
import { cursorsWith, everyHour, failedRun, fateOf, finishedRun, inForce, REPOSITORY } from '../../support/history-builders.ts'
import { createMemoryRemote, type MemoryRemote } from '../../support/memory-status-branch.ts'

const noLog: CommitLog = { ...createLocalLog('/nonexistent'), tip: async () => null }
const failed = failedRun()
const pushed = finishedRun({ name: 'site-b8d7k2m7qx', workflow: 'site', createdAt: '2026-11-20T09:30:00Z' })

describe('fusee history', () => {
  it('shows the records of all workflows, newest first', async () => {
    const { out, exitCode } = await run(await remoteWith([failed, pushed]), [])
    expect(out).toBe(
      [
        'RUN                        RESULT       STARTED BY                                       STARTED (UTC)        DURATION  COMMIT',
        'site-b8d7k2m7qx            ✓ Succeeded  Push to main                                     2026-11-20 09:30:01  3m12s     c0ffee0000',
        'nightly-report-9f3k2m7qxz  ✗ Failed     Schedule nightly-nordics, tick 2026-11-20 01:00  2026-11-20 01:00:03  3m12s     c0ffee0000',
        '',
        '1 of 2 succeeded (50 %) · duration p50 3m12s, p95 3m12s · last success 2026-11-20 09:33:13',
        '',
      ].join('\n'),
    )
    expect(exitCode).toBe(0)
  })

  it('shows one workflow, and no more than asked for', async () => {
    const remote = await remoteWith([failed, pushed])
    expect((await run(remote, ['nightly-report'])).out.split('\n')).toHaveLength(5)
    expect((await run(remote, ['--limit', '1'])).out).toContain('site-b8d7k2m7qx')
    expect((await run(remote, ['--limit', '1'])).out).not.toContain('nightly-report-9f3k2m7qxz')
    expect((await run(remote, ['--limit', '1'])).out).toContain(
      '\n1 of 2 shown · 1 of 2 succeeded (50 %) · duration p50 3m12s, p95 3m12s · last success',
    )
    expect((await run(remote, ['--limit', '1', '--result', 'Failed'])).out).toContain('\n0 of 1 succeeded (0 %)')
  })

  it('shows what was asked for: a result, a trigger, one run', async () => {
    const remote = await remoteWith([failed, pushed])
    expect((await run(remote, ['--result', 'Failed', '--output', 'json'])).out).not.toContain('site-b8d7k2m7qx')
    expect((await run(remote, ['--trigger', 'push', '--output', 'json'])).out).not.toContain('nightly-report-9f3k2m7qxz')
    expect((await run(remote, ['--run', 'nightly-report-9f3k2m7qxz'])).out).toContain('## Last lines of measure')
    await expect(run(remote, ['--run', 'none'])).rejects.toThrow('has no record of a run "none"')
  })

  it('prints whole records as JSON and nothing else', async () => {
    const { out, err } = await run(await remoteWith([failed]), ['nightly-report', '--output', 'json'])
    expect(JSON.parse(out)).toEqual({ records: [JSON.parse(encodeRecord(recordOf(failed)))] })
    expect(err).toBe('')
  })

  it('gives the numbers of the newest records where there are very many, and says so', async () => {
    const runs = Array.from({ length: 1100 }, (_, index) =>
      finishedRun({
        name: `nightly-report-${index}`,
        createdAt: new Date(Date.UTC(2026, 10, 20 - Math.floor(index / 100), 12, 0, -index)).toISOString(),
        result: index < 1090 ? 'Succeeded' : 'Failed',
      }),
    )
    const remote = await remoteWith(runs)
    const last = (out: string): string | undefined => out.trimEnd().split('\n').at(-1)
    expect(last((await run(remote, ['--limit', '2'])).out)).toMatch(
      /^2 shown · of the newest 1000 records 1000 of 1000 succeeded \(100 %\) · duration p50 3m12s, p95 3m12s · last success /,
    )
    expect(last((await run(remote, ['--result', 'Failed', '--limit', '2'])).out)).toMatch(
      /^2 of 10 shown · 0 of 10 succeeded \(0 %\) · .* · no success$/,
    )
    expect(last((await run(remote, ['--limit', '1100'])).out)).toMatch(/^1090 of 1100 succeeded/)
  })

  it('tells of ticks that did not simply fire, with the reason, beside the runs of the same days', async () => {
    const remote = await remoteWith([failed, pushed], fates)
    const { out } = await run(remote, [])
    expect(out.split('\n').slice(-4)).toEqual([
      'TICKS (UTC)                                    SCHEDULE         FATE     RUN                 REASON',
      '2026-11-20 03:00                               nightly-nordics  Skipped  nightly-report-3x7  run nightly-report-9f3k2m7qxz has not ended',
      '2026-11-20 01:30 to 2026-11-20 02:30, 3 ticks  nightly-nordics  Missed                       nothing was running',
      '',
    ])
    expect((await run(remote, ['nightly-report', '--trigger', 'Schedule'])).out).toContain('nothing was running')
    for (const words of [['site'], ['--result', 'Failed'], ['--trigger', 'Push'], ['--run', 'site-b8d7k2m7qx']])
      expect((await run(remote, words)).out).not.toContain('nothing was running')
  })

  it('prints ticks as JSON beside the records, as their files hold them', async () => {
    const { out } = await run(await remoteWith([pushed], fates), ['--output', 'json'])
    const { records, ticks } = JSON.parse(out) as { records: { run: string }[]; ticks: unknown[] }
    expect(records.map((record) => record.run)).toEqual(['site-b8d7k2m7qx'])
    expect(ticks[1]).toEqual({
      workflow: 'nightly-report',
      schedule: 'nightly-nordics',
      fate: 'Missed',
      reason: 'nothing was running',
      run: null,
      from: '2026-11-20T01:30:00Z',
      to: '2026-11-20T02:30:00Z',
      count: 3,
    })
  })

  it('shows ticks of one fate alone, as far back as there are any', async () => {
    const remote = await remoteWith([pushed], fates)
    const { out } = await run(remote, ['--fate', 'Missed', 'Lost', '--limit', '1'])
    expect(out).toMatch(/^TICKS/)
    expect(out.split('\n')).toHaveLength(3)
    expect(out).toContain('3 ticks')
    expect(JSON.parse((await run(remote, ['--fate', 'Skipped', '--output', 'json'])).out)).toMatchObject({
      records: [],
      ticks: [{ fate: 'Skipped' }],
    })
    expect((await run(remote, ['--fate', 'Lost'])).out).toBe('No such tick is recorded.\n')
    await expect(run(remote, ['--fate', 'Late', '--result', 'Failed'])).rejects.toThrow('--fate is about ticks')
  })

  it('names a file of ticks that it cannot read', async () => {
    const remote = await remoteWith([failed], fates)
    remote.push({ 'history/nightly-report/2026/11/20/ticks.json': '{}' })
    expect(await run(remote, [])).toMatchObject({
      exitCode: 1,
      err: expect.stringContaining('2026/11/20/ticks.json: apiVersion: missing') as unknown,
    })
  })

  it('keeps hostile names from steering the terminal', async () => {
    const { out } = await run(
      await remoteWith([finishedRun({ name: 'x\u001b]0;evil\u0007\ny', trigger: { kind: 'Manual', key: 'k', by: '\u009b31mada' } })]),
      [],
    )
    expect(out.split('\n')).toHaveLength(5)
    expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
  })

  it('names what it cannot read, shows the rest and exits with 1', async () => {
    const remote = await remoteWith([failed])
    remote.push({ 'history/nightly-report/2026/11/20/broken.json': '{}' })
    const { out, err, exitCode } = await run(remote, [])
    expect(out).toContain('nightly-report-9f3k2m7qxz')
    expect(err).toBe(
      'fusee: history/nightly-report/2026/11/20/broken.json: not a well-formed record: apiVersion: missing, expected "fusee.dev/v1alpha1"\n',
    )
    expect(exitCode).toBe(1)
  })

  it('says that nothing has finished yet on a branch that is only claimed', async () => {
    expect((await run(await remoteWith([]), [])).out).toBe('No run is recorded yet.\n')
  })

  it('has nothing to show, and no failure, while there is no status branch', async () => {
    const note = '/work-folder/data-jobs has no branch fusee/status: nothing has been recorded there yet\n'
    expect(await run(createMemoryRemote(), [])).toEqual({ out: note, err: '', exitCode: 0 })
    const json = await run(createMemoryRemote(), ['--output', 'json'])
    expect({ ...json, out: JSON.parse(json.out) as unknown }).toEqual({ out: { records: [] }, err: `fusee: ${note}`, exitCode: 0 })
  })

  it('has one clear message for an unknown workflow', async () => {
    const wantMessage = '/work-folder/data-jobs has no records of a workflow "nightly" on fusee/status, only of nightly-report, site'
    await expect(run(await remoteWith([failed, pushed]), ['nightly'])).rejects.toThrow(wantMessage)
  })

  it('shows the repository as it may be shown', async () => {
    const open: OpenStatus = async () => ({
      url: 'https://git.example.com/a/b.git',
      status: createMemoryRemote().open(),
      log: noLog,
      close: async () => undefined,
    })
    const { out } = await run(createMemoryRemote(), ['--repo', 'https://ada:s3cret@git.example.com/a/b.git'], open)
    expect(out).toBe('https://git.example.com/a/b.git has no branch fusee/status: nothing has been recorded there yet\n')
  })

  it.each(['0', '-1', '1.5', 'many', ''])('refuses --limit %j', async (limit) => {
    await expect(run(createMemoryRemote(), [`--limit=${limit}`])).rejects.toMatchObject({ code: 'commander.invalidArgument' })
  })
})

describe('fusee history take-over', () => {
  it('frees the branch and says what happens next', async () => {
    const remote = await remoteWith([failed])
    const { out, exitCode } = await run(remote, ['take-over'])
    expect(out).toBe('us no longer owns the status branch; the next other controller that starts claims it\n')
    expect(exitCode).toBe(0)
    expect(JSON.parse(remote.files().get('history/state/owner.json') ?? '')).toMatchObject({ owner: null, formerOwner: 'us' })
  })

  it('prints what it has done as JSON', async () => {
    const { out } = await run(await remoteWith([failed]), ['take-over', '--output', 'json'])
    expect(JSON.parse(out)).toMatchObject({ kind: 'TakenOver', formerOwner: 'us', commit: expect.stringMatching(/^[0-9a-f]{40}$/) as unknown })
  })

  it('does not take over what a plain clone has of its origin alone', async () => {
    const tip: CommitLog['tip'] = async () => asCommitSha('c'.repeat(40))
    const open: OpenStatus = async ({ url }) => ({ url, status: createMemoryRemote().open(), log: { ...noLog, tip }, close: async () => undefined })
    await expect(run(createMemoryRemote(), ['take-over'], open)).rejects.toThrow('only as its origin had it last: take the branch over there')
  })

  it('says so when there is nothing to take over', async () => {
    expect(await run(createMemoryRemote(), ['take-over'])).toMatchObject({
      exitCode: 1,
      out: expect.stringContaining('no status branch yet') as unknown,
    })
    const remote = await remoteWith([])
    await run(remote, ['take-over'])
    expect(await run(remote, ['take-over'])).toMatchObject({ exitCode: 0, out: expect.stringContaining('taken from us already') as unknown })
  })
})

describe('the folder for what is fetched', () => {
  it('is gone at the end, also after a failure', async () => {
    const folders: string[] = []
    const filled = await remoteWith([failed])
    const open: OpenStatus = async (options) => {
      expect(existsSync(options.dataFolder)).toBe(true)
      folders.push(options.dataFolder)
      if (folders.length > 1) throw new GitError('RepositoryNotFound', 'no repository here')
      return opened(filled, options)
    }
    await run(createMemoryRemote(), [], open)
    await expect(run(createMemoryRemote(), [], open)).rejects.toThrow('no repository here')
    expect(folders.map((folder) => existsSync(folder))).toEqual([false, false])
  })

  it.each([
    { repo: './data-jobs', wantUrl: '/work-folder/data-jobs' },
    { repo: '/elsewhere', wantUrl: '/elsewhere' },
    { repo: 'https://git.example.com/a/b.git', wantUrl: 'https://git.example.com/a/b.git' },
  ])('opens $repo', async ({ repo, wantUrl }) => {
    const urls: string[] = []
    const filled = await remoteWith([failed])
    await run(
      createMemoryRemote(),
      ['--repo', repo],
      (options) => {
        urls.push(options.url, options.statusBranch)
        return opened(filled, options)
      },
      ['--branch', 'other/status'],
    )
    expect(urls).toEqual([wantUrl, 'other/status'])
  })
})

const fates = [
  ...['01:30', '02:00', '02:30'].map((time) => fateOf(`2026-11-20T${time}:00Z`)),
  fateOf('2026-11-20T03:00:00Z', { fate: 'Skipped', reason: 'run nightly-report-9f3k2m7qxz has not ended', run: 'nightly-report-3x7' }),
]

async function remoteWith(runs: readonly StoredRun[], ticks: readonly TickFate[] = []): Promise<MemoryRemote> {
  const remote = createMemoryRemote()
  const request = {
    status: remote.open(),
    owner: 'us',
    repository: REPOSITORY,
    nowMs: Date.parse('2026-11-20T12:00:00Z'),
    started: [],
    held: [],
    knownTip: null,
  }
  await claimBranch(request)
  if (runs.length > 0)
    await writeHistory({ ...request, runs, cursors: cursorsWith({ fates: [...ticks] }), versions: inForce('s', 'w'), cron: everyHour })
  return remote
}

async function opened(remote: MemoryRemote, { url }: { url: string }) {
  return { url, status: remote.open(), log: noLog, close: async () => undefined }
}

async function run(
  remote: MemoryRemote,
  words: readonly string[],
  open: OpenStatus = (options) => opened(remote, options),
  more: readonly string[] = [],
) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const shell: Shell = { stdout, stderr, env: {}, workingDirectory: '/work-folder', exitCode: 0, stopSignal: () => new AbortController().signal }
  const command = createHistoryCommand(shell, open)
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
  const repo = words.includes('--repo') ? [] : ['--repo', './data-jobs']
  await command.parseAsync([...words, ...repo, ...more], { from: 'user' })
  stdout.end()
  stderr.end()
  return { out: await text(stdout), err: await text(stderr), exitCode: shell.exitCode }
}

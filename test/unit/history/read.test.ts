import { describe, expect, it } from 'vitest'
import { findRecord, hasRecord, readCursorCopies, readHistory, readRecordNames } from '../../../src/history/read.ts'
import { writeHistory } from '../../../src/history/write.ts'
import type { StoredRun } from '../../../src/runs/run.ts'
import { COMMIT, cursorsWith, failedRun, fateOf, finishedRun } from '../../support/history-builders.ts'
import { NOW_MS, readBack, requestOf } from '../../support/history-requests.ts'
import { createMemoryRemote } from '../../support/memory-status-branch.ts'

describe('reading the branch', () => {
  it('gives back the cursors as of the newest commit', async () => {
    const remote = createMemoryRemote()
    const status = remote.open()
    await status.fetchTip()
    expect(await readCursorCopies(status)).toBeNull()
    const cursors = cursorsWith({ rewound: true })
    await writeHistory(
      requestOf(remote, { status, runs: [finishedRun({ workflow: 'other', name: 'other-a' })], cursors: cursorsWith({ lastCommit: null }) }),
    )
    await writeHistory(requestOf(remote, { status, runs: [failedRun()], cursors }))
    const { lastCommit, rewound, validCommits, validScheduleCommits, schedules } = cursors
    expect(await readCursorCopies(status)).toEqual({ lastCommit, rewound, validCommits, validScheduleCommits, schedules })
  })

  it('makes do with the workflows’ own copies when the overview is spoilt', async () => {
    const remote = createMemoryRemote()
    await writeHistory(requestOf(remote, { runs: [failedRun()] }))
    remote.push({ 'history/state/overview.json': '{', 'history/state/else.json': '[]' })
    const status = remote.open()
    await status.fetchTip()
    expect(await readCursorCopies(status)).toEqual({
      lastCommit: null,
      rewound: true,
      validCommits: { 'nightly-report': COMMIT },
      validScheduleCommits: {},
      schedules: cursorsWith().schedules,
    })
  })

  it('finds a record whatever its day', async () => {
    const remote = createMemoryRemote()
    const status = remote.open()
    await writeHistory(requestOf(remote, { status, runs: runsOver([1, 40, 400]) }))
    expect(await hasRecord(status, 'nightly-report', 'run-400')).toBe(true)
    expect(await hasRecord(status, 'nightly-report', 'run-1')).toBe(true)
    expect(await hasRecord(status, 'nightly-report', 'run-2')).toBe(false)
    expect(await hasRecord(status, 'nightly', 'run-1')).toBe(false)
  })

  it('is read once for all who ask meanwhile, and again after it could not be read', async () => {
    const remote = createMemoryRemote()
    await writeHistory(requestOf(remote, { runs: runsOver([1]) }))
    const opened = remote.open()
    await opened.fetchTip()
    const listed: string[] = []
    let isAway = true
    const list: typeof opened.list = (folder) => {
      listed.push(folder)
      return isAway && folder.split('/').length === 5 ? Promise.reject(new Error('away')) : opened.list(folder)
    }
    const status = { ...opened, list }
    await expect(hasRecord(status, 'nightly-report', 'run-1')).rejects.toThrow('away')
    isAway = false
    listed.length = 0
    const [known] = await Promise.all([hasRecord(status, 'nightly-report', 'run-1'), readRecordNames(status, 'nightly-report')])
    expect(known).toBe(true)
    expect(listed.filter((folder) => folder.split('/').length === 5)).toHaveLength(1)
  })

  it('finds a record that came after it was asked for, also in a month that has passed, and misses one that was removed', async () => {
    const remote = createMemoryRemote()
    const status = remote.open()
    const has = (run: string): Promise<boolean> => hasRecord(status, 'nightly-report', run)
    await writeHistory(requestOf(remote, { status, runs: runsOver([1, 40]) }))
    expect([await has('run-1'), await has('run-2'), await has('run-41')]).toEqual([true, false, false])
    await writeHistory(requestOf(remote, { status, runs: runsOver([2, 41]) }))
    expect([await has('run-1'), await has('run-2'), await has('run-41')]).toEqual([true, true, true])
    remote.push(Object.fromEntries([...remote.files().keys()].filter((path) => path.includes('run-1.')).map((path) => [path, null])))
    await status.fetchTip()
    expect([await has('run-1'), await has('run-2')]).toEqual([false, true])
  })

  it('finds a record by the name of its run alone, the newest of that name, and names a spoilt one', async () => {
    const remote = createMemoryRemote()
    const status = remote.open()
    const other = finishedRun({ name: 'run-1', workflow: 'other', createdAt: '2026-11-20T04:00:00Z' })
    await writeHistory(requestOf(remote, { status, runs: [...runsOver([1, 40]), other] }))
    await writeHistory(
      requestOf(remote, { status, runs: [{ ...other, metadata: { ...other.metadata, creationTimestamp: '2026-11-20T05:00:00Z' } }] }),
    )
    expect(await findRecord(status, 'run-40')).toMatchObject({ run: 'run-40', workflow: 'nightly-report' })
    remote.push(Object.fromEntries([...remote.files().keys()].filter((path) => /nightly-report.*run-1\./.test(path)).map((path) => [path, null])))
    await status.fetchTip()
    expect(await findRecord(status, 'run-1')).toMatchObject({ workflow: 'other', createdAt: '2026-11-20T05:00:00Z' })
    expect(await findRecord(status, 'run-2')).toBeNull()
    remote.push(Object.fromEntries([...remote.files().keys()].filter((path) => path.endsWith('run-40.json')).map((path) => [path, '{}'])))
    await status.fetchTip()
    await expect(findRecord(status, 'run-40')).rejects.toThrow('not a well-formed record')
  })

  it('gives the newest records first, across workflows, days and years', async () => {
    const remote = createMemoryRemote()
    const status = remote.open()
    const others = [2, 41].map((day) =>
      finishedRun({ name: `other-${day}`, workflow: 'other', createdAt: new Date(NOW_MS + day * 86_400_000).toISOString() }),
    )
    await writeHistory(requestOf(remote, { status, runs: [...runsOver([1, 40, 41.5, 41, 400]), ...others] }))
    const names = async (limit: number, workflow?: string): Promise<string[]> =>
      (await readHistory(status, workflow === undefined ? { limit } : { limit, workflow })).records.map(({ run }) => run)
    expect(await names(100)).toEqual(['run-400', 'run-41.5', 'other-41', 'run-41', 'run-40', 'other-2', 'run-1'])
    expect(await names(3)).toEqual(['run-400', 'run-41.5', 'other-41'])
    expect(await names(2, 'other')).toEqual(['other-41', 'other-2'])
    expect(await names(2, 'nobody')).toEqual([])
  })

  it('reads about as many records beyond the limit as are wanted, and says whether there are others', async () => {
    const remote = createMemoryRemote()
    await writeHistory(requestOf(remote, { runs: runsOver(Array.from({ length: 200 }, (_, index) => index / 2)) }))
    const status = remote.open()
    await status.fetchTip()
    const heard: string[] = []
    const hear = ({ run }: { run: string }): void => void heard.push(run)
    const some = await readHistory(status, { limit: 3, beyond: { least: 20, hear } })
    expect(some.records.map(({ run }) => run)).toEqual(['run-99.5', 'run-99', 'run-98.5'])
    expect(some).toMatchObject({ read: heard.length, isWhole: false })
    expect(heard.length).toBeGreaterThanOrEqual(20)
    expect(heard.length).toBeLessThan(40)
    expect(await readHistory(status, { limit: 3, beyond: { least: 200, hear } })).toMatchObject({ records: [{}, {}, {}], read: 200, isWhole: true })
    expect(await readHistory(status, { limit: 300, beyond: { least: 1, hear } })).toMatchObject({ read: 200, isWhole: true })
    expect(await readHistory(status, { limit: 3, matches: ({ run }) => run === 'run-0' })).toMatchObject({ records: [{}], read: 200, isWhole: true })
  })

  it('tells of the ticks of the days whose records it gives, though it has read further', async () => {
    const remote = createMemoryRemote()
    const days = [1, 2, 3, 4, 5, 6]
    const fates = days.map((day) => fateOf(new Date(NOW_MS + day * 86_400_000).toISOString().replace('.000', '')))
    await writeHistory(requestOf(remote, { runs: runsOver([1, 3, 6]), cursors: cursorsWith({ fates }) }))
    const status = remote.open()
    await status.fetchTip()
    const { records, ticks } = await readHistory(status, { limit: 2, beyond: { least: 3, hear: () => undefined } })
    expect(records.map(({ run }) => run)).toEqual(['run-6', 'run-3'])
    expect(ticks.map(({ from }) => from.slice(8, 10))).toEqual(['26', '25'])
  })

  it('stops when it is told to', async () => {
    const remote = createMemoryRemote()
    await writeHistory(requestOf(remote, { runs: runsOver([1]) }))
    const status = remote.open()
    await status.fetchTip()
    await expect(readHistory(status, { limit: 1, signal: AbortSignal.abort() })).rejects.toThrow('aborted')
  })

  it('lets a broken file hide no good one', async () => {
    const remote = createMemoryRemote()
    await writeHistory(requestOf(remote, { runs: [failedRun()] }))
    remote.push({ 'history/nightly-report/2026/11/20/broken.json': '{}' })
    const { records, unreadable } = await readBack(remote)
    expect(records).toHaveLength(1)
    expect(unreadable).toEqual([
      { path: 'history/nightly-report/2026/11/20/broken.json', message: expect.stringContaining('apiVersion: missing') as unknown },
    ])
  })
})

function runsOver(days: readonly number[]): StoredRun[] {
  return days.map((day) => finishedRun({ name: `run-${day}`, createdAt: new Date(NOW_MS + day * 86_400_000).toISOString() }))
}

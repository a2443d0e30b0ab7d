import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CommitSha, GitError } from '../../../src/git/ports.ts'
import { claimBranch } from '../../../src/history/owner.ts'
import { writeHistory } from '../../../src/history/write.ts'
import { COMMIT, cursorsWith, failedRun, fateOf, finishedRun, inForce } from '../../support/history-builders.ts'
import type { StoredRun } from '../../../src/runs/run.ts'
import { claimRequest, NOW_MS, readBack, requestOf, US } from '../../support/history-requests.ts'
import { createMemoryRemote, type MemoryRemote } from '../../support/memory-status-branch.ts'

describe('writing to the status branch', () => {
  it('puts record, pages, state and owner into one commit', async () => {
    const remote = createMemoryRemote()
    const result = await writeHistory(requestOf(remote, { runs: [failedRun()], cursors: cursorsWith({ fates: [fateOf('2026-11-20T00:00:00Z')] }) }))
    expect(result).toEqual({
      kind: 'Written',
      commit: remote.log()[0]?.id,
      spoilt: [],
      lost: null,
      refilled: [],
      hasMore: false,
      beside: new Set(),
    })
    expect(remote.log()).toHaveLength(1)
    expect([...remote.files().keys()].sort()).toEqual([
      'history/README.md',
      'history/nightly-report/2026/11/20/nightly-report-9f3k2m7qxz.json',
      'history/nightly-report/2026/11/20/nightly-report-9f3k2m7qxz.md',
      'history/nightly-report/2026/11/20/ticks.json',
      'history/nightly-report/README.md',
      'history/state/nightly-report.json',
      'history/state/overview.json',
      'history/state/owner.json',
    ])
    expect(JSON.parse(remote.files().get('history/state/nightly-report.json') ?? '')).toMatchObject({
      workflow: 'nightly-report',
      lastCommit: COMMIT,
      validCommit: COMMIT,
      runs: [{ run: 'nightly-report-9f3k2m7qxz', failedStep: 'measure' }],
    })
  })

  it('does nothing the second time, and says where the records are', async () => {
    const remote = createMemoryRemote()
    const request = requestOf(remote, { runs: [failedRun()], cursors: cursorsWith({ fates: [fateOf('2026-11-20T00:00:00Z')] }) })
    await writeHistory(request)
    expect(await writeHistory(requestOf(remote, request))).toEqual({ kind: 'NothingNew', commit: remote.log()[0]?.id, beside: new Set() })
    expect(remote.log()).toHaveLength(1)
  })

  it('does not commit for cursors alone', async () => {
    const remote = createMemoryRemote()
    await writeHistory(requestOf(remote, { runs: [failedRun()] }))
    const cursors = cursorsWith({ lastCommit: 'c0ffee0000000000000000000000000000000002' })
    expect(await writeHistory(requestOf(remote, { runs: [failedRun()], cursors }))).toMatchObject({ kind: 'NothingNew' })
  })

  it('adds only what is new of a batch that is partly there', async () => {
    const remote = createMemoryRemote()
    await writeHistory(requestOf(remote, { runs: [failedRun()] }))
    await writeHistory(requestOf(remote, { runs: [failedRun(), finishedRun({ name: 'nightly-report-b', createdAt: '2026-11-20T04:00:00.000Z' })] }))
    expect(remote.log()[0]?.message).toMatch(/^nightly-report: Succeeded after 3m12s \[skip ci\]\n\nFusee-Run: nightly-report-b\n/)
    const state = JSON.parse(remote.files().get('history/state/nightly-report.json') ?? '') as { runs: { run: string }[] }
    expect(state.runs.map(({ run }) => run)).toEqual(['nightly-report-b', 'nightly-report-9f3k2m7qxz'])
  })

  it('leaves a record as it was written first, and puts that of another run under its name beside it', async () => {
    const remote = createMemoryRemote()
    await writeHistory(requestOf(remote, { runs: [failedRun()] }))
    expect(await writeHistory(requestOf(remote, { runs: [failedRun({ result: 'Succeeded' })] }))).toMatchObject({ kind: 'NothingNew' })
    const again = failedRun({ createdAt: '2026-11-20T09:00:00Z' })
    const beside = new Set([again.metadata.name])
    expect(await writeHistory(requestOf(remote, { runs: [again] }))).toMatchObject({ kind: 'Written', beside })
    // Whoever was stopped before the Run was marked hears it once more.
    expect(await writeHistory(requestOf(remote, { runs: [again] }))).toMatchObject({ kind: 'NothingNew', beside })
    expect((await readBack(remote)).records.map(({ createdAt }) => createdAt)).toEqual(['2026-11-20T09:00:00Z', '2026-11-20T01:00:02.000Z'])
    expect(remote.files().get('history/nightly-report/2026/11/20/nightly-report-9f3k2m7qxz_20261120T090000Z.md')).toContain(
      '[This record as JSON](nightly-report-9f3k2m7qxz_20261120T090000Z.json)',
    )
  })

  it('links the pages to a record that lies beside another, and shows both runs', async () => {
    const remote = createMemoryRemote()
    await writeHistory(requestOf(remote, { runs: [failedRun()] }))
    await writeHistory(requestOf(remote, { runs: [failedRun({ createdAt: '2026-11-20T09:00:00Z' })] }))
    const links = (page: string): string[] =>
      [...(remote.files().get(page) ?? '').matchAll(/\]\(([^)]*\/\d\d\/[^)]*\.md)\)/g)].map(([, link]) => link ?? '')
    const [first, second] = ['nightly-report-9f3k2m7qxz', 'nightly-report-9f3k2m7qxz_20261120T090000Z'].map((name) => `2026/11/20/${name}.md`)
    expect(links('history/nightly-report/README.md')).toEqual([second, first])
    expect(links('history/README.md')).toEqual([`nightly-report/${second}`])
    for (const link of [first, second]) expect(remote.files().has(`history/nightly-report/${link}`)).toBe(true)
  })

  it('touches nothing of other workflows but their next tick', async () => {
    const remote = createMemoryRemote()
    const versions = inForce('x', 'other')
    await writeHistory(requestOf(remote, { runs: [finishedRun({ name: 'other-a', workflow: 'other' })], versions }))
    const before = remote.files()
    await writeHistory(requestOf(remote, { runs: [failedRun()], versions }))
    const changed = [...remote.files()].filter(([path, text]) => before.get(path) !== text).map(([path]) => path)
    expect(changed.filter((path) => path.startsWith('history/other/') || path === 'history/state/other.json')).toEqual([])
    expect(rowOf(remote, 'other')).toBe(
      before
        .get('history/README.md')
        ?.split('\n')
        .find((line) => line.includes('[other]')),
    )
  })

  it('fetches and plans again after a lost race', async () => {
    const remote = createMemoryRemote()
    await writeHistory(requestOf(remote, { runs: [failedRun()] }))
    remote.beforeCommit = () => {
      remote.push({ 'history/nightly-report/notes.md': 'by a person' })
    }
    await writeHistory(requestOf(remote, { runs: [finishedRun({ name: 'nightly-report-b' })] }))
    expect(remote.files().get('history/nightly-report/notes.md')).toBe('by a person')
    expect((await readBack(remote)).records).toHaveLength(2)
  })

  it('gives up when it loses every race', async () => {
    const remote = createMemoryRemote()
    let races = 0
    const raced = (): void => {
      remote.push({ 'history/race.txt': `${++races}` })
      remote.beforeCommit = raced
    }
    remote.beforeCommit = raced
    await expect(writeHistory(requestOf(remote, { runs: [failedRun()] }))).rejects.toMatchObject({ kind: 'Raced' })
    expect(races).toBe(5)
  })

  it.each(['Unreachable', 'PushRefused', 'Unauthorized', 'Storage'] as const)(
    'leaves %s to the caller, and has it right the next time',
    async (kind) => {
      const remote = createMemoryRemote()
      const fail = (): never => {
        throw new GitError(kind, 'no')
      }
      remote.beforeCommit = fail
      await expect(writeHistory(requestOf(remote, { runs: [failedRun()] }))).rejects.toMatchObject({ kind })
      remote.afterCommit = fail
      await expect(writeHistory(requestOf(remote, { runs: [failedRun()] }))).rejects.toMatchObject({ kind })
      expect(await writeHistory(requestOf(remote, { runs: [failedRun()] }))).toMatchObject({ kind: 'NothingNew' })
      expect(remote.log()).toHaveLength(1)
    },
  )

  it('stops when it is told to', async () => {
    const remote = createMemoryRemote()
    await expect(writeHistory(requestOf(remote, { runs: [failedRun()] }), AbortSignal.abort())).rejects.toThrow()
    expect(remote.log()).toEqual([])
  })

  it('refills a branch that was deleted, with its owner', async () => {
    const remote = createMemoryRemote()
    await claimBranch(claimRequest(remote, US))
    await writeHistory(requestOf(remote, { runs: [failedRun()] }))
    remote.reset(null)
    expect(await writeHistory(requestOf(remote, { runs: [failedRun()] }))).toMatchObject({ kind: 'Written' })
    expect(JSON.parse(remote.files().get('history/state/owner.json') ?? '')).toMatchObject({ owner: US, repository: 'data/data-jobs' })
  })

  it('refills what a branch that was reset has lost', async () => {
    const remote = createMemoryRemote()
    await writeHistory(requestOf(remote, { runs: [failedRun()] }))
    const old = remote.log()[0]?.id ?? null
    const later = finishedRun({ name: 'nightly-report-b' })
    await writeHistory(requestOf(remote, { runs: [later] }))
    const want = remote.files()
    remote.reset(old)
    await writeHistory(requestOf(remote, { runs: [failedRun(), later] }))
    expect(remote.files()).toEqual(want)
  })

  it('refills a record that lay beside another, where it lay, or in the place of the other when that is lost too', async () => {
    const remote = createMemoryRemote()
    await writeHistory(requestOf(remote, { runs: [failedRun()] }))
    const first = remote.log()[0]?.id ?? null
    const again = failedRun({ createdAt: '2026-11-20T09:00:00Z' })
    const { commit } = (await writeHistory(requestOf(remote, { runs: [again] }))) as { commit: CommitSha }
    const want = [...remote.files().keys()].sort()
    const held = (beside: boolean): StoredRun[] => [
      { ...again, status: { ...again.status, phase: 'Finished', steps: [], recorded: { commit, at: 'then', ...(beside ? { beside: true } : {}) } } },
    ]
    remote.reset(first)
    expect(await writeHistory(requestOf(remote, { held: held(true), knownTip: commit }))).toMatchObject({
      kind: 'Written',
      lost: 'RecordsMissing',
      refilled: [{}],
    })
    expect([...remote.files().keys()].sort()).toEqual(want)
    remote.reset(null)
    const refilled = await writeHistory(requestOf(remote, { held: held(true), knownTip: commit }))
    expect(refilled).toMatchObject({ kind: 'Written', lost: 'BranchDeleted', refilled: [{}], beside: new Set() })
    expect([...remote.files().keys()]).toContain('history/nightly-report/2026/11/20/nightly-report-9f3k2m7qxz.json')
    expect(await writeHistory(requestOf(remote, { held: held(false) }))).toMatchObject({ kind: 'NothingNew' })
  })

  it('makes spoilt files anew and names them', async () => {
    const remote = createMemoryRemote()
    await writeHistory(requestOf(remote, { runs: [failedRun()] }))
    remote.push({
      'history/state/nightly-report.json': '{}',
      'history/state/overview.json': 'x',
      'history/nightly-report/2026/11/20/nightly-report-b.json': 'junk',
    })
    const result = await writeHistory(requestOf(remote, { runs: [finishedRun({ name: 'nightly-report-b' })] }))
    expect(result).toMatchObject({
      kind: 'Written',
      spoilt: ['history/nightly-report/2026/11/20/nightly-report-b.json', 'history/state/nightly-report.json', 'history/state/overview.json'],
    })
    expect((await readBack(remote)).unreadable).toEqual([])
  })

  it('does nothing for an empty batch and no branch', async () => {
    expect(await writeHistory(requestOf(createMemoryRemote()))).toEqual({ kind: 'NothingNew', commit: null, beside: new Set() })
  })

  it('begins a branch anew that was deleted, also when no run is left', async () => {
    const remote = createMemoryRemote()
    const { commit } = (await writeHistory(requestOf(remote, { runs: [failedRun()] }))) as { commit: CommitSha }
    remote.reset(null)
    expect(await writeHistory(requestOf(remote, { knownTip: commit }))).toMatchObject({ kind: 'Written', lost: 'BranchDeleted', refilled: [] })
    expect(remote.log().map(({ message }) => message)).toEqual([
      'Begin anew [skip ci]\n\nThe branch had been deleted: what is left of its records is written again.\n',
    ])
    expect([...remote.files().keys()]).toEqual(['history/state/overview.json', 'history/README.md', 'history/state/owner.json'])
  })

  it('writes again what is missing, at most 200 at once, and looks only where the tip is another', async () => {
    const remote = createMemoryRemote()
    const held = Array.from({ length: 201 }, (_, index) => finishedRun({ name: `nightly-report-${index}` }))
    const { commit } = (await writeHistory(requestOf(remote, { runs: held }))) as { commit: CommitSha }
    expect(await writeHistory(requestOf(remote, { held, knownTip: commit }))).toMatchObject({ kind: 'NothingNew', commit })
    remote.push(Object.fromEntries(held.map(({ metadata }) => [`history/nightly-report/2026/11/20/${metadata.name}.json`, null])))
    const first = await writeHistory(requestOf(remote, { held, knownTip: commit }))
    expect(first).toMatchObject({ kind: 'Written', lost: 'RecordsMissing', hasMore: true })
    expect(await writeHistory(requestOf(remote, { held }))).toMatchObject({ kind: 'Written', refilled: [{}], hasMore: false })
    expect((await readBack(remote)).records).toHaveLength(201)
  })
})

describe('what is on the branch in the end', () => {
  const workflow = fc.constantFrom('a', 'b')
  const run = fc.record({ id: fc.integer({ min: 0, max: 80 }), workflow }).map(({ id, workflow }) =>
    finishedRun({
      name: `${workflow}-${id}`,
      workflow,
      // Some at the same moment, over three days.
      createdAt: new Date(NOW_MS + Math.floor(id / 3) * 3_600_000).toISOString(),
      result: id % 4 === 0 ? 'Failed' : 'Succeeded',
    }),
  )
  const fate = fc
    .record({ tick: fc.integer({ min: 0, max: 200 }), workflow })
    .map(({ tick, workflow }) =>
      fateOf(new Date(NOW_MS + tick * 1_800_000).toISOString().replace('.000', ''), { workflow, schedule: workflow, reason: `${tick % 3}` }),
    )

  it('does not depend on how the runs were batched, on repetitions, crashes or races', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(run, { maxLength: 150 }),
        fc.array(fate, { maxLength: 60 }),
        fc.array(fc.nat({ max: 20 }), { minLength: 1, maxLength: 8 }),
        async (runs, fates, parts) => {
          fc.pre(runs.length > 0)
          const cursors = cursorsWith({ fates })
          const whole = createMemoryRemote()
          await writeHistory(requestOf(whole, { runs, cursors }))
          const pieces = createMemoryRemote()
          let [fromRun, fromFate] = [0, 0]
          for (const [index, part] of [...parts, 1000].entries()) {
            const request = {
              runs: runs.slice(fromRun, fromRun + part).reverse(),
              cursors: cursorsWith({ fates: fates.slice(fromFate, fromFate + part) }),
            }
            if (request.runs.length + request.cursors.fates.length === 0) continue
            if (index % 2 === 0) pieces.afterCommit = fail
            await writeHistory(requestOf(pieces, request)).catch(() => undefined)
            pieces.afterCommit = null
            await writeHistory(requestOf(pieces, request))
            fromRun += part
            fromFate += part
          }
          await writeHistory(requestOf(pieces, { runs: runs.slice(0, 10), cursors }))
          expect(pieces.files()).toEqual(whole.files())
          expect((await readBack(pieces)).records).toHaveLength(new Set(runs.map((one) => one.metadata.name)).size)
        },
      ),
      { numRuns: 40 },
    )
  })

  it('is bounded in what a commit writes, however long the history', async () => {
    const remote = createMemoryRemote()
    const bytes: number[] = []
    for (let index = 0; index < 120; index++) {
      const before = remote.files()
      const createdAt = new Date(NOW_MS + index * 86_400_000).toISOString()
      await writeHistory(
        requestOf(remote, {
          runs: [finishedRun({ name: `nightly-report-${index}`, createdAt })],
          cursors: cursorsWith({ fates: [fateOf(createdAt.replace('.000', ''))] }),
        }),
      )
      bytes.push([...remote.files()].filter(([path, text]) => before.get(path) !== text).reduce((sum, [, text]) => sum + text.length, 0))
    }
    expect(Math.abs((bytes[119] ?? 0) - (bytes[80] ?? 0))).toBeLessThan(200)
  })
})

function fail(): never {
  throw new GitError('Unreachable', 'cut')
}

function rowOf(remote: MemoryRemote, workflow: string): string | undefined {
  return remote
    .files()
    .get('history/README.md')
    ?.split('\n')
    .find((line) => line.includes(`[${workflow}]`))
}

import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CommitSha } from '../../../src/git/ports.ts'
import { asCommitSha } from '../../../src/git/ports.ts'
import type { SeenRequest } from '../../support/git-http-server.ts'
import { checkObjects, importCommits, moveBranch, runGit } from '../../support/git-program.ts'
import type { ServedRepository } from '../../support/git-served.ts'
import { serveRepository } from '../../support/git-served.ts'

let served: ServedRepository
beforeEach(async () => {
  served = await serveRepository()
})
afterEach(() => served.close())

/** What is sent while the work runs. */
async function traffic(work: () => Promise<unknown>): Promise<{ requests: SeenRequest[]; received: number; sent: number }> {
  const before = served.server.requests.length
  await work()
  const requests = served.server.requests.slice(before)
  return { requests, received: sum(requests.map((request) => request.received)), sent: sum(requests.map((request) => request.sent)) }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

/** Files that do not compress. */
function noise(count: number, seed: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`noise/${seed}-${index}.bin`, String(Math.sin(seed + index)).repeat(40)]))
}

describe('following', () => {
  it('asks one small question when nothing has changed', async () => {
    await importCommits(served.repository, [{ a: '1', ...noise(50, 1) }])
    const { source } = await served.open()
    await source.fetchTip()
    await importCommits(served.repository, [{ b: '1' }], { branch: 'other', from: null })
    const { requests, received, sent } = await traffic(() => source.fetchTip())
    expect(requests).toMatchObject([{ method: 'POST', url: '/repo.git/git-upload-pack' }])
    expect(received).toBeLessThan(200)
    expect(sent).toBeLessThan(200)
  })

  it('fetches no blobs, and one commit, at first', async () => {
    await importCommits(
      served.repository,
      Array.from({ length: 20 }, (_, index) => ({ a: String(index), ...noise(20, index) })),
    )
    const { source } = await served.open()
    const { sent } = await traffic(() => source.fetchTip())
    // 400 files of 700 bytes that do not compress well; their tree entries take 45 bytes each.
    expect(sent).toBeLessThan(30_000)
  })

  it('fetches what a new commit adds, and nothing of what was there', async () => {
    await importCommits(served.repository, [{ a: '1', ...noise(300, 1) }])
    const { source } = await served.open()
    await source.fetchTip()
    await importCommits(served.repository, [{ 'x/y/z': 'new', a: '2' }])
    const { requests, sent } = await traffic(() => source.fetchTip())
    expect(requests).toHaveLength(2)
    expect(sent).toBeLessThan(1500)
  })

  it('reads all definitions with one request, whether at once or one after the other', async () => {
    const files = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`workflows/${index}.yaml`, `n: ${index}`]))
    const commit = await importCommits(served.repository, [{ ...files, 'workflows/big.bin': 'b'.repeat(100_000), 'other/x.yaml': 'x' }])
    for (const way of ['at once', 'in turn']) {
      const { source } = await served.open({ dataFolder: join(served.folder, way) })
      await source.fetchTip()
      const { requests, sent } = await traffic(async () => {
        const reader = source.filesAt(commit)
        const yaml = (await reader.list('workflows')).filter((file) => file.path.endsWith('.yaml'))
        expect(yaml).toHaveLength(40)
        if (way === 'at once') await Promise.all(yaml.map((file) => reader.read(file.path)))
        else for (const file of yaml) expect(Buffer.from((await reader.read(file.path)) ?? []).toString()).toContain('n: ')
      })
      expect(requests).toHaveLength(1)
      expect(sent).toBeLessThan(10_000)
    }
  })

  it('reads files that nobody listed together when they are asked for together', async () => {
    const commit = await importCommits(served.repository, [{ a: '1', b: '2', c: '3' }])
    const { source } = await served.open()
    await source.fetchTip()
    const { requests } = await traffic(() => Promise.all(['a', 'b', 'c'].map((path) => source.filesAt(commit).read(path))))
    expect(requests.length).toBeLessThanOrEqual(2)
  })

  it('does not fetch all of the history after a forced push or when the remote has forgotten the old tip', async () => {
    // The tree of each commit holds 700 bytes that its neighbours do not have.
    const history = Array.from({ length: 100 }, (_, index) => ({
      [`${Array.from({ length: 30 }, (_, part) => Math.sin(index + part)).join('/')}`]: 'x',
    }))
    const old = await importCommits(served.repository, [...history, { kept: '1' }])
    const { source } = await served.open()
    const whole = await traffic(() => source.fetchTip())
    const forced = await importCommits(served.repository, [...history, { kept: '1', forced: 'yes' }], { from: null, atSeconds: 1_600_000_000 })
    const afterForce = await traffic(() => source.fetchTip())
    expect(afterForce.sent).toBeLessThan(8000)
    expect(await source.changedPaths(old, forced)).toEqual(['forced'])

    const another = await importCommits(served.repository, [...history, { kept: '1', another: 'yes' }], { from: null, atSeconds: 1_500_000_000 })
    await runGit(served.repository, ['reflog', 'expire', '--expire=now', '--all'])
    await runGit(served.repository, ['gc', '--quiet', '--prune=now'])
    const afterPrune = await traffic(() => source.fetchTip())
    expect(afterPrune.sent).toBeLessThan(whole.sent * 1.2)
    expect(await source.changedPaths(forced, another)).toEqual(['another', 'forced'])
    expect(await source.range(forced, another, 10)).toEqual({ commits: [another], forward: false })
  })

  it('gets folders back that older commits had', async () => {
    await importCommits(served.repository, [{ 'x/old': '1' }, { 'x/old': null, 'x/new': '1' }])
    const { source } = await served.open()
    const first = await source.fetchTip()
    const reverted = await importCommits(served.repository, [{ 'x/old': '1', 'x/new': null }])
    const { requests } = await traffic(() => source.fetchTip())
    // The server knows that we never had the older commits; a second fetch would show that it did not.
    expect(requests).toHaveLength(2)
    expect(await source.changedPaths(first, reverted)).toEqual(['x/new', 'x/old'])
  })

  it('reads an old commit by its id', async () => {
    const old = await importCommits(served.repository, [{ 'a.yaml': 'old', b: '1' }])
    await importCommits(served.repository, [{ 'a.yaml': 'new' }, { b: '2' }])
    const { source } = await served.open()
    // Even before the first look, as after a restart with an empty data folder.
    expect(Buffer.from((await source.filesAt(old).read('a.yaml')) ?? []).toString()).toBe('old')
    const tip = await source.fetchTip()
    expect(await source.changedPaths(old, tip)).toEqual(['a.yaml', 'b'])
    expect((await source.message(old)).trim()).toBe('change 0')
  })

  it('says that a commit is not to be had', async () => {
    await importCommits(served.repository, [{ a: '1' }])
    const { source } = await served.open()
    const gone = asCommitSha('c0ffee'.padEnd(40, '0'))
    await expect(source.filesAt(gone).list('')).rejects.toMatchObject({ kind: 'ObjectNotFound' })
    await source.fetchTip()
    await expect(source.filesAt(gone).list('')).rejects.toMatchObject({ kind: 'ObjectNotFound' })
  })

  it('fetches blobs with the rest when the server filters but gives none by id', async () => {
    const commit = await importCommits(served.repository, [{ 'a.yaml': 'text', 'b.yaml': 'more' }])
    const { source } = await served.open()
    await source.fetchTip()
    const refusal = 'ERR upload-pack: not our ref'
    const packet = Buffer.from(`${(refusal.length + 4).toString(16).padStart(4, '0')}${refusal}`)
    served.server.faults.replace = (_url, body) => (isFetchById(body.toString('latin1')) ? packet : null)
    const files = source.filesAt(commit)
    await files.list('')
    expect(Buffer.from((await files.read('a.yaml')) ?? []).toString()).toBe('text')
    const { requests } = await traffic(() => files.read('b.yaml'))
    expect(requests).toEqual([])
    const next = await importCommits(served.repository, [{ 'c.yaml': 'third' }])
    await source.fetchTip()
    expect(Buffer.from((await source.filesAt(next).read('c.yaml')) ?? []).toString()).toBe('third')
  })

  it('goes on without filters when the server stops allowing them', async () => {
    await importCommits(served.repository, [{ a: '1' }])
    const { source } = await served.open()
    await source.fetchTip()
    await runGit(served.repository, ['config', 'uploadpack.allowFilter', 'false'])
    const next = await importCommits(served.repository, [{ a: '2' }])
    // The first try still uses what the server said before.
    await expect(source.fetchTip()).rejects.toMatchObject({ kind: 'Unreachable' })
    expect(await source.fetchTip()).toBe(next)
    expect(Buffer.from((await source.filesAt(next).read('a')) ?? []).toString()).toBe('2')
  })

  it('takes a merge of an old branch', async () => {
    const root = await importCommits(served.repository, [{ a: '1', 'x/gone': '1' }])
    await importCommits(
      served.repository,
      Array.from({ length: 30 }, (_, index) => ({ a: `${index}`, 'x/gone': null })),
    )
    await moveBranch(served.repository, 'old', root)
    const topic = await importCommits(served.repository, [{ old: '1' }], { branch: 'old' })
    const { source } = await served.open()
    const tip = await source.fetchTip()
    const merge = await importCommits(served.repository, [{ old: '1' }], { merge: [topic] })
    expect(await source.fetchTip()).toBe(merge)
    expect(await source.range(tip, merge, 50)).toEqual({ commits: [merge], forward: true })
    expect(await source.changedPaths(tip, merge)).toEqual(['old'])
    const { requests } = await traffic(() => source.filesAt(topic).list(''))
    expect(requests).toEqual([])
  })

  it('takes a merge of an old branch whose history is larger than the bound', async () => {
    const root = await importCommits(served.repository, [{ a: '1' }])
    await moveBranch(served.repository, 'old', root)
    const history = Array.from({ length: 60 }, (_, index) => ({
      [`${Array.from({ length: 30 }, (_, part) => Math.sin(index + part)).join('/')}`]: 'x',
    }))
    const topic = await importCommits(
      served.repository,
      [...history, Object.fromEntries(history.flatMap((files) => Object.keys(files)).map((path) => [path, null]))],
      { branch: 'old' },
    )
    const before = await importCommits(served.repository, [{ a: '2' }])
    const { source } = await served.open({ maxBytes: 30_000 })
    expect(await source.fetchTip()).toBe(before)
    const merge = await importCommits(served.repository, [{ b: '1' }], { merge: [topic] })
    expect(await source.fetchTip()).toBe(merge)
    expect(await source.changedPaths(before, merge)).toEqual(['b'])
    expect(await source.range(before, merge, 10)).toEqual({ commits: [merge], forward: true })
  })
})

function isFetchById(body: string): boolean {
  return body.includes('command=fetch') && !body.includes('deepen') && !body.includes('have')
}

describe('recording', () => {
  it('costs the same after many commits', async () => {
    const { status } = await served.open()
    let tip: CommitSha | null = await status.fetchTip()
    const costs: number[] = []
    for (let index = 0; index < 40; index++) {
      const files = new Map([[`history/w/2026/11/20/run-${String(index).padStart(3, '0')}.json`, Buffer.from(`{"run": ${index}}`)]])
      const { requests, received } = await traffic(async () => {
        tip = await status.commit(tip, files, `record ${index}`)
      })
      expect(requests).toMatchObject([{ method: 'POST', url: '/repo.git/git-receive-pack' }])
      costs.push(received)
    }
    // Only the day's folder grows, by one entry a run: 26 bytes of incompressible id and name.
    expect((costs.at(-1) ?? 0) - (costs[1] ?? 0)).toBeLessThan(40 * 40)
    await checkObjects(served.repository)
  })

  it('starts from a long branch without its history and its records', async () => {
    const records = Array.from({ length: 60 }, (_, index) => ({
      [`history/w/${index}.json`]: String(Math.sin(index)).repeat(50),
      'history/state/owner.json': 'me',
      'history/state/w.json': 'c',
    }))
    await importCommits(served.repository, records, { branch: 'fusee/status' })
    const { status } = await served.open()
    const { sent } = await traffic(() => status.fetchTip())
    expect(sent).toBeLessThan(10_000)
    const reading = await traffic(async () => {
      for (const name of await status.list('history/state')) expect(await status.read(`history/state/${name}`)).not.toBeNull()
    })
    expect(reading.requests).toHaveLength(1)
  })
})

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { GitContract, GitHarness } from './git-harness.ts'
import type { CommitSha } from '../../src/git/ports.ts'
import { SOURCE, changes, text, unknownCommit } from './git-harness.ts'
import { describeRaces, describeStatus } from './git-status.ts'

/** What every adapter of SourceRepository and StatusBranch must do. */
export function describeGitPorts(contract: GitContract): void {
  describe(`git on ${contract.name}`, () => {
    let harness: GitHarness
    beforeEach(async () => {
      harness = await contract.create()
    })
    afterEach(async () => {
      await harness.close()
    })
    describeSource(contract, () => harness)
    describeHistory(() => harness)
    if (contract.readOnly === true) return
    describeStatus(() => harness)
    describeRaces(() => harness)
  })
}

function describeSource(contract: GitContract, the: () => GitHarness): void {
  it('says that an empty repository has no such branch', async () => {
    const { source } = await the().open()
    await expect(source.fetchTip()).rejects.toMatchObject({ name: 'GitError', kind: 'BranchNotFound' })
  })

  it('finds the first commit after the repository was empty', async () => {
    const { source } = await the().open()
    await expect(source.fetchTip()).rejects.toMatchObject({ kind: 'BranchNotFound' })
    const first = await the().push([{ a: '1' }])
    expect(await source.fetchTip()).toBe(first)
    expect(source.branch).toBe(SOURCE)
  })

  it('reads files at commits', async () => {
    const commit = await the().push([
      {
        'workflows/b.yaml': 'b',
        'workflows/a/x.yaml': 'x',
        'workflows/a.yaml': 'a',
        'workflows/a-b.yaml': 'ab',
        'README.md': 'hello',
        'back\\slash': '1',
      },
    ])
    const { source } = await the().open()
    await source.fetchTip()
    const files = source.filesAt(commit)
    const tables = [
      { folder: 'workflows', wantPaths: ['workflows/a-b.yaml', 'workflows/a.yaml', 'workflows/a/x.yaml', 'workflows/b.yaml'] },
      { folder: 'workflows/a', wantPaths: ['workflows/a/x.yaml'] },
      { folder: 'none', wantPaths: [] },
      { folder: 'README.md', wantPaths: [] },
    ]
    for (const { folder, wantPaths } of tables) expect((await files.list(folder)).map((file) => file.path)).toEqual(wantPaths)
    expect((await files.list('')).map((file) => file.path)).toContain('README.md')
    expect(text(await files.read('workflows/a/x.yaml'))).toBe('x')
    expect(text(await files.read('README.md', 2))).toBe('hel')
    expect(await files.read('workflows')).toBeNull()
    expect(await files.read('workflows/none.yaml')).toBeNull()
    expect(await files.read('../README.md')).toBeNull()
  })

  it('gives equal content equal ids', async () => {
    const commit = await the().push([{ a: 'same', b: 'same', c: 'other' }])
    const { source } = await the().open()
    await source.fetchTip()
    const [a, b, c] = await source.filesAt(commit).list('')
    expect(a?.id).toBe(b?.id)
    expect(a?.id).not.toBe(c?.id)
  })

  it.runIf(contract.links)('leaves symbolic links out', async () => {
    const commit = await the().push([{ 'w/a.yaml': 'a', 'w/link.yaml': '-> a.yaml' }])
    const { source } = await the().open()
    await source.fetchTip()
    expect((await source.filesAt(commit).list('w')).map((file) => file.path)).toEqual(['w/a.yaml'])
    expect(await source.filesAt(commit).read('w/link.yaml')).toBeNull()
    expect(await source.changedPaths(null, commit)).toEqual(['w/a.yaml', 'w/link.yaml'])
  })

  it('says that a deleted branch is gone and finds it when it is back', async () => {
    const first = await the().push([{ a: '1' }])
    const { source } = await the().open()
    await source.fetchTip()
    await the().reset(null, SOURCE)
    await expect(source.fetchTip()).rejects.toMatchObject({ kind: 'BranchNotFound' })
    await the().reset(first, SOURCE)
    expect(await source.fetchTip()).toBe(first)
  })

  it('stops when it is told to', async () => {
    await the().push([{ a: '1' }])
    const { source, status } = await the().open()
    const stop = AbortSignal.abort(new Error('shutting down'))
    await expect(source.fetchTip(stop)).rejects.toThrow('shutting down')
    await expect(status.fetchTip(stop)).rejects.toThrow('shutting down')
    await expect(status.commit(null, changes({ a: '1' }), 'x', stop)).rejects.toThrow('shutting down')
  })
}

function describeHistory(the: () => GitHarness): void {
  it('tells what changed between two commits', async () => {
    const first = await the().push([{ 'a/1': '1', 'a/2': '2', 'b/1': '1', file: 'f', 'dir/x': 'x', same: 's' }])
    const { source } = await the().open()
    await source.fetchTip()
    const second = await the().push([
      { 'a/1': 'changed', 'a/2': null, 'c/d/e': 'new', file: null, 'file/now': 'folder', 'dir/x': null, dir: 'now a file' },
    ])
    await source.fetchTip()
    expect(await source.changedPaths(first, second)).toEqual(['a/1', 'a/2', 'c/d/e', 'dir', 'dir/x', 'file', 'file/now'])
    expect(await source.changedPaths(null, second)).toEqual(['a/1', 'b/1', 'c/d/e', 'dir', 'file/now', 'same'])
    expect(await source.changedPaths(unknownCommit(), second)).toEqual(await source.changedPaths(null, second))
    expect(await source.changedPaths(second, second)).toEqual([])
  })

  it('follows a push of a hundred commits', async () => {
    const { source } = await the().open()
    const first = await the().push([{ a: '0' }])
    await source.fetchTip()
    const last = await the().push(
      Array.from({ length: 100 }, (_, index) => ({ a: String(index + 1) })),
      { message: 'one of many' },
    )
    expect(await source.fetchTip()).toBe(last)
    const range = await source.range(first, last, 1000)
    expect(range.forward).toBe(true)
    expect(range.commits).toHaveLength(100)
    expect(range.commits.at(-1)).toBe(last)
    expect(text(await source.filesAt(range.commits[0] ?? last).read('a'))).toBe('1')
    expect((await source.range(first, last, 3)).commits).toEqual(range.commits.slice(-3))
    expect((await source.message(last)).trim()).toBe('one of many')
  })

  it('tells the history of a commit, with and without what was fetched before', async () => {
    const commits: CommitSha[] = []
    for (const a of ['1', '2', '3', '4']) commits.push(await the().push([{ a }]))
    const [, second, third, last] = commits as [CommitSha, CommitSha, CommitSha, CommitSha]
    const { source } = await the().open()
    await source.fetchTip()
    expect(await source.history(last, 50)).toEqual(commits)
    expect(await source.history(last, 2)).toEqual([third, last])
    expect(text(await source.filesAt(second).read('a'))).toBe('2')
  })

  it('follows the first parents of merges', async () => {
    const base = await the().push([{ a: '1' }])
    const { source } = await the().open()
    await source.fetchTip()
    await the().reset(base, 'topic')
    const topic = await the().push([{ t: '1' }, { t: '2' }], { branch: 'topic' })
    const main = await the().push([{ a: '2' }])
    const merge = await the().push([{ t: '2' }], { merge: [topic] })
    await source.fetchTip()
    expect(await source.range(base, merge, 10)).toEqual({ commits: [main, merge], forward: true })
    expect(await source.range(main, merge, 10)).toEqual({ commits: [merge], forward: true })
    expect(await source.range(topic, merge, 10)).toEqual({ commits: [main, merge], forward: true })
  })

  it('leaves out what the old tip had when it came in as a second parent', async () => {
    const base = await the().push([{ a: '1' }])
    await the().reset(base, 'mine')
    const mine = await the().push([{ m: '1' }], { branch: 'mine' })
    const old = await the().push([{ a: '2' }])
    const { source } = await the().open()
    await source.fetchTip()
    const merge = await the().push([{ a: '2' }], { branch: 'mine', merge: [old] })
    await the().reset(merge, SOURCE)
    await source.fetchTip()
    expect(await source.range(old, merge, 10)).toEqual({ commits: [mine, merge], forward: true })
  })

  it('notices a force push, and the way back', async () => {
    const base = await the().push([{ a: '1' }])
    const { source } = await the().open()
    const lost = await the().push([{ a: '2' }])
    await source.fetchTip()
    await the().reset(base, SOURCE)
    const forced = await the().push([{ b: '3' }], { message: 'instead' })
    expect(await source.fetchTip()).toBe(forced)
    expect(await source.range(lost, forced, 10)).toEqual({ commits: [forced], forward: false })
    expect(await source.changedPaths(lost, forced)).toEqual(['a', 'b'])
    await the().reset(base, SOURCE)
    expect(await source.fetchTip()).toBe(base)
    expect(await source.range(forced, base, 10)).toEqual({ commits: [base], forward: false })
    expect(text(await source.filesAt(base).read('a'))).toBe('1')
  })

  it('follows commits that change nothing', async () => {
    const first = await the().push([{ a: '1' }])
    const { source } = await the().open()
    await source.fetchTip()
    const second = await the().push([{}, {}], { message: 'nothing' })
    expect(await source.fetchTip()).toBe(second)
    expect(await source.changedPaths(first, second)).toEqual([])
    expect((await source.range(first, second, 10)).commits).toHaveLength(2)
    expect(await source.range(second, second, 10)).toEqual({ commits: [], forward: true })
  })

  it.each([{ keepData: true }, { keepData: false }])('finds its way from an older commit after a restart: %o', async (options) => {
    const first = await the().push([{ a: '1', w: 'w' }])
    await (await the().open(options)).source.fetchTip()
    const last = await the().push([{ a: '2' }, { a: '3' }])
    const { source } = await the().open(options)
    expect(await source.fetchTip()).toBe(last)
    const range = await source.range(first, last, 10)
    expect(range).toMatchObject({ forward: true, commits: [expect.anything(), last] })
    expect(await source.changedPaths(first, last)).toEqual(['a'])
    expect(text(await source.filesAt(first).read('a'))).toBe('1')
    expect(text(await source.filesAt(range.commits[0] ?? last).read('a'))).toBe('2')
  })
}

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { FileChanges, CommitSha, SourceRepository, StatusBranch } from '../../src/git/ports.ts'

/** Files of a commit by path; null removes, text that starts with `-> ` is a symbolic link where the adapter knows links. */
export type ContractFiles = Readonly<Record<string, string | null>>

/** A repository with both ports on it, and the hands of somebody else who works with the same repository. */
export interface GitHarness {
  /** The ports as a newly started program gets them; `keepData` on what the last one left on disk. */
  open(options?: { keepData?: boolean }): { source: SourceRepository; status: StatusBranch }
  /** Makes commits, each on top of the last, and moves the branch there; id of the last. */
  push(commits: readonly ContractFiles[], options?: { branch?: string; merge?: readonly CommitSha[]; message?: string }): Promise<CommitSha>
  /** Moves a branch; null deletes it. */
  reset(commit: CommitSha | null, branch: string): Promise<void>
  tip(branch: string): Promise<CommitSha | null>
  /** Files of a branch as text, sorted by path. */
  files(branch: string): Promise<Map<string, string>>
  /** Rejects when the repository's objects are not as the git program wants them. */
  check(): Promise<void>
  close(): Promise<void>
}

/** What an adapter can. */
export interface GitContract {
  name: string
  /** Whether it keeps symbolic links apart from files. */
  links: boolean
  create(): Promise<GitHarness>
}

const SOURCE = 'main'
const STATUS = 'fusee/status'

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
    describeStatus(() => harness)
    describeRaces(() => harness)
  })
}

function describeSource(contract: GitContract, the: () => GitHarness): void {
  it('says that an empty repository has no such branch', async () => {
    const { source } = the().open()
    await expect(source.fetchTip()).rejects.toMatchObject({ name: 'GitError', kind: 'BranchNotFound' })
  })

  it('finds the first commit after the repository was empty', async () => {
    const { source } = the().open()
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
    const { source } = the().open()
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
    const { source } = the().open()
    await source.fetchTip()
    const [a, b, c] = await source.filesAt(commit).list('')
    expect(a?.id).toBe(b?.id)
    expect(a?.id).not.toBe(c?.id)
  })

  it.runIf(contract.links)('leaves symbolic links out', async () => {
    const commit = await the().push([{ 'w/a.yaml': 'a', 'w/link.yaml': '-> a.yaml' }])
    const { source } = the().open()
    await source.fetchTip()
    expect((await source.filesAt(commit).list('w')).map((file) => file.path)).toEqual(['w/a.yaml'])
    expect(await source.filesAt(commit).read('w/link.yaml')).toBeNull()
    expect(await source.changedPaths(null, commit)).toEqual(['w/a.yaml', 'w/link.yaml'])
  })

  it('says that a deleted branch is gone and finds it when it is back', async () => {
    const first = await the().push([{ a: '1' }])
    const { source } = the().open()
    await source.fetchTip()
    await the().reset(null, SOURCE)
    await expect(source.fetchTip()).rejects.toMatchObject({ kind: 'BranchNotFound' })
    await the().reset(first, SOURCE)
    expect(await source.fetchTip()).toBe(first)
  })

  it('stops when it is told to', async () => {
    await the().push([{ a: '1' }])
    const { source, status } = the().open()
    const stop = AbortSignal.abort(new Error('shutting down'))
    await expect(source.fetchTip(stop)).rejects.toThrow('shutting down')
    await expect(status.fetchTip(stop)).rejects.toThrow('shutting down')
    await expect(status.commit(null, changes({ a: '1' }), 'x', stop)).rejects.toThrow('shutting down')
  })
}

function describeHistory(the: () => GitHarness): void {
  it('tells what changed between two commits', async () => {
    const first = await the().push([{ 'a/1': '1', 'a/2': '2', 'b/1': '1', file: 'f', 'dir/x': 'x', same: 's' }])
    const { source } = the().open()
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
    const { source } = the().open()
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

  it('follows the first parents of merges', async () => {
    const base = await the().push([{ a: '1' }])
    const { source } = the().open()
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
    const { source } = the().open()
    await source.fetchTip()
    const merge = await the().push([{ a: '2' }], { branch: 'mine', merge: [old] })
    await the().reset(merge, SOURCE)
    await source.fetchTip()
    expect(await source.range(old, merge, 10)).toEqual({ commits: [mine, merge], forward: true })
  })

  it('notices a force push, and the way back', async () => {
    const base = await the().push([{ a: '1' }])
    const { source } = the().open()
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
    const { source } = the().open()
    await source.fetchTip()
    const second = await the().push([{}, {}], { message: 'nothing' })
    expect(await source.fetchTip()).toBe(second)
    expect(await source.changedPaths(first, second)).toEqual([])
    expect((await source.range(first, second, 10)).commits).toHaveLength(2)
    expect(await source.range(second, second, 10)).toEqual({ commits: [], forward: true })
  })

  it.each([{ keepData: true }, { keepData: false }])('finds its way from an older commit after a restart: %o', async (options) => {
    const first = await the().push([{ a: '1', w: 'w' }])
    await the().open(options).source.fetchTip()
    const last = await the().push([{ a: '2' }, { a: '3' }])
    const { source } = the().open(options)
    expect(await source.fetchTip()).toBe(last)
    const range = await source.range(first, last, 10)
    expect(range).toMatchObject({ forward: true, commits: [expect.anything(), last] })
    expect(await source.changedPaths(first, last)).toEqual(['a'])
    expect(text(await source.filesAt(first).read('a'))).toBe('1')
    expect(text(await source.filesAt(range.commits[0] ?? last).read('a'))).toBe('2')
  })
}

function describeStatus(the: () => GitHarness): void {
  it('makes the branch with its first commit, apart from the source', async () => {
    await the().push([{ a: '1' }])
    const { status } = the().open()
    expect(await status.fetchTip()).toBeNull()
    expect(await status.read('history/README.md')).toBeNull()
    expect(await status.list('')).toEqual([])
    const commit = await status.commit(null, changes({ 'history/README.md': 'hello' }), 'first [skip ci]')
    expect(await the().tip(STATUS)).toBe(commit)
    expect([...(await the().files(STATUS))]).toEqual([['history/README.md', 'hello']])
    expect(text(await status.read('history/README.md'))).toBe('hello')
    await the().check()
  })

  it('adds, changes and removes files, and empty folders with them', async () => {
    const { status } = the().open()
    await status.fetchTip()
    // Names around `/` (0x2f): git sorts a folder as if its name ended in a slash.
    const first = await status.commit(
      null,
      changes({ 'h/a/1': '1', 'h/a-b': 'x', 'h/a.b': 'y', 'h/a0': 'z', 'h/b/c/d': 'deep', 'h/ä': 'ü' }),
      'first',
    )
    const second = await status.commit(
      first,
      changes({ 'h/a/1': null, 'h/b/c/d': null, 'h/a-b': 'changed', 'h/none': null, 'h/n/n/n': null, 'h/e/f': 'new' }),
      'second',
    )
    await the().check()
    const want = [
      ['h/a-b', 'changed'],
      ['h/a.b', 'y'],
      ['h/a0', 'z'],
      ['h/e/f', 'new'],
      ['h/ä', 'ü'],
    ]
    expect([...(await the().files(STATUS))]).toEqual(want)
    expect(await status.list('h')).toEqual(['a-b', 'a.b', 'a0', 'e/', 'ä'])
    expect(await status.list('h/a')).toEqual([])
    await status.commit(second, changes(Object.fromEntries(want.map(([path]) => [path ?? '', null]))), 'empty')
    await the().check()
    expect([...(await the().files(STATUS))]).toEqual([])
  })

  it('replaces a folder by a file and a file by a folder', async () => {
    const { status } = the().open()
    const first = await status.commit(null, changes({ 'a/b': '1', c: '2' }), 'first')
    await status.commit(first, changes({ a: 'file', 'c/d': 'folder' }), 'second')
    await the().check()
    expect([...(await the().files(STATUS))]).toEqual([
      ['a', 'file'],
      ['c/d', 'folder'],
    ])
  })

  it('refuses paths that git would not take', async () => {
    const { status } = the().open()
    for (const path of ['', '/a', 'a//b', 'a/', '../a', './a', '.git/config', 'a/.GIT']) {
      await expect(status.commit(null, changes({ [path]: 'x' }), 'bad')).rejects.toThrow('not a path that git can store')
    }
    expect(await the().tip(STATUS)).toBeNull()
  })

  it('goes on from what is there after a restart, many commits long', async () => {
    const { status } = the().open()
    let tip = await status.fetchTip()
    for (let index = 0; index < 10; index++)
      tip = await status.commit(tip, changes({ [`history/w/${index}.json`]: String(index) }), `record ${index}`)
    const later = the().open({ keepData: true }).status
    expect(await later.fetchTip()).toBe(tip)
    expect(text(await later.read('history/w/7.json'))).toBe('7')
    const last = await later.commit(tip, changes({ 'history/w/10.json': '10' }), 'record 10')
    expect(await the().tip(STATUS)).toBe(last)
    expect((await the().files(STATUS)).size).toBe(11)
    await the().check()
  })

  it('writes a commit that changes nothing', async () => {
    const { status } = the().open()
    const first = await status.commit(null, changes({ a: '1' }), 'first')
    const second = await status.commit(first, changes({ a: '1' }), 'again')
    expect(second).not.toBe(first)
    expect(await the().tip(STATUS)).toBe(second)
    await the().check()
  })

  it('sees what somebody else wrote when it looks', async () => {
    const { status } = the().open()
    const first = await status.commit(null, changes({ 'history/state/a.json': '1' }), 'first')
    const foreign = await the().push([{ 'history/state/b.json': '2' }], { branch: STATUS })
    expect(text(await status.read('history/state/b.json'))).toBe('')
    expect(await status.fetchTip()).toBe(foreign)
    expect(text(await status.read('history/state/b.json'))).toBe('2')
    expect(text(await status.read('history/state/a.json'))).toBe('1')
    const last = await status.commit(foreign, changes({ 'history/state/a.json': '3' }), 'second')
    expect(last).not.toBe(first)
    expect([...(await the().files(STATUS)).values()]).toEqual(['3', '2'])
  })
}

function describeRaces(the: () => GitHarness): void {
  it('lets one of two writers win, and the other try again', async () => {
    const mine = the().open().status
    const first = await mine.commit(null, changes({ a: '1' }), 'first')
    const theirs = the().open().status
    expect(await theirs.fetchTip()).toBe(first)
    const second = await theirs.commit(first, changes({ b: '2' }), 'theirs')
    await expect(mine.commit(first, changes({ c: '3' }), 'mine')).rejects.toMatchObject({ name: 'GitError', kind: 'Raced' })
    expect(await the().tip(STATUS)).toBe(second)
    expect(await mine.fetchTip()).toBe(second)
    await mine.commit(second, changes({ c: '3' }), 'mine')
    expect([...(await the().files(STATUS)).keys()]).toEqual(['a', 'b', 'c'])
  })

  it('lets exactly one of many simultaneous writers win each round', async () => {
    const writers = Array.from({ length: 4 }, () => the().open().status)
    let tip: CommitSha | null = null
    for (let round = 0; round < 3; round++) {
      const results = await Promise.allSettled(writers.map((writer, index) => writer.commit(tip, changes({ [`${round}`]: `${index}` }), `${index}`)))
      const won = results.filter((result) => result.status === 'fulfilled')
      expect(won).toHaveLength(1)
      for (const result of results) if (result.status === 'rejected') expect(result.reason).toMatchObject({ kind: 'Raced' })
      tip = await the().tip(STATUS)
      expect(won[0]?.value).toBe(tip)
      for (const writer of writers) expect(await writer.fetchTip()).toBe(tip)
    }
    await the().check()
  })

  const losses: { what: string; parent: 'null' | 'first'; now: 'null' | 'first' | 'second' }[] = [
    { what: 'the branch was made meanwhile', parent: 'null', now: 'first' },
    { what: 'the branch was deleted meanwhile', parent: 'first', now: 'null' },
    { what: 'the branch was reset meanwhile', parent: 'first', now: 'second' },
  ]
  it.each(losses)('loses the race when $what', async ({ parent, now }) => {
    const first = await the().push([{ a: '1' }], { branch: STATUS, message: 'first' })
    await the().reset(null, STATUS)
    const second = await the().push([{ a: '2' }], { branch: STATUS, message: 'second' })
    const commits = { null: null, first, second }
    await the().reset(commits[parent], STATUS)
    const { status } = the().open()
    await status.fetchTip()
    await the().reset(commits[now], STATUS)
    await expect(status.commit(commits[parent], changes({ b: '1' }), 'late')).rejects.toMatchObject({ kind: 'Raced' })
    expect(await the().tip(STATUS)).toBe(commits[now])
    expect(await status.fetchTip()).toBe(commits[now])
    await status.commit(commits[now], changes({ b: '1' }), 'again')
    expect((await the().files(STATUS)).get('b')).toBe('1')
  })
}

function changes(files: ContractFiles): FileChanges {
  return new Map(Object.entries(files).map(([path, content]) => [path, content === null ? null : Buffer.from(content)]))
}

function text(bytes: Uint8Array | null): string {
  return bytes === null ? '' : Buffer.from(bytes).toString()
}

function unknownCommit(): CommitSha {
  return 'c0ffee'.padEnd(40, '0') as CommitSha
}

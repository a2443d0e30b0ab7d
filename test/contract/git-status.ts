import { expect, it } from 'vitest'
import type { CommitSha } from '../../src/git/ports.ts'
import type { GitHarness } from './git-harness.ts'
import { STATUS, changes, text } from './git-harness.ts'

/** What every StatusBranch must do. */
export function describeStatus(the: () => GitHarness): void {
  it('makes the branch with its first commit, apart from the source', async () => {
    await the().push([{ a: '1' }])
    const { status } = await the().open()
    expect(await status.fetchTip()).toBeNull()
    expect(await status.read('history/README.md')).toBeNull()
    expect(await status.list('')).toEqual([])
    const commit = await status.commit(null, changes({ 'history/README.md': 'hello' }), 'first [skip ci]')
    expect(await the().tip(STATUS)).toBe(commit)
    expect([...(await the().files(STATUS))]).toEqual([['history/README.md', 'hello']])
    expect(text(await status.read('history/README.md'))).toBe('hello')
    await the().check()
  })

  it('does not take for absent what nobody has looked at yet', async () => {
    await the().push([{ a: '1' }])
    const { status } = await the().open()
    await expect(status.read('history/README.md')).rejects.toMatchObject({ kind: 'Unreachable' })
    await expect(status.list('')).rejects.toMatchObject({ kind: 'Unreachable' })
  })

  it('adds, changes and removes files, and empty folders with them', async () => {
    const { status } = await the().open()
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

  it('tells by an id whether the content of a folder is the same', async () => {
    const { status } = await the().open()
    await status.fetchTip()
    expect(await status.folderId('h/a')).toBeNull()
    const first = await status.commit(null, changes({ 'h/a/1': '1', 'h/b/1': '1', 'h/c': 'x' }), 'first')
    const ids = async (): Promise<(string | null)[]> => Promise.all(['h', 'h/a', 'h/b', 'h/c', 'h/d'].map((folder) => status.folderId(folder)))
    const [h, a, b, c, d] = await ids()
    expect([typeof h, b, c, d]).toEqual(['string', a, null, null])
    await status.commit(first, changes({ 'h/a/2': '2' }), 'second')
    const [afterH, afterA, afterB] = await ids()
    expect(afterB).toBe(b)
    expect(new Set([h, afterH, a, afterA]).size).toBe(4)
  })

  it('replaces a folder by a file and a file by a folder', async () => {
    const { status } = await the().open()
    const first = await status.commit(null, changes({ 'a/b': '1', c: '2' }), 'first')
    await status.commit(first, changes({ a: 'file', 'c/d': 'folder' }), 'second')
    await the().check()
    expect([...(await the().files(STATUS))]).toEqual([
      ['a', 'file'],
      ['c/d', 'folder'],
    ])
  })

  it('refuses paths that git would not take', async () => {
    const { status } = await the().open()
    for (const path of ['', '/a', 'a//b', 'a/', '../a', './a', '.git/config', 'a/.GIT']) {
      await expect(status.commit(null, changes({ [path]: 'x' }), 'bad')).rejects.toThrow('not a path that git can store')
    }
    expect(await the().tip(STATUS)).toBeNull()
  })

  it('goes on from what is there after a restart, many commits long', async () => {
    const { status } = await the().open()
    let tip = await status.fetchTip()
    for (let index = 0; index < 10; index++)
      tip = await status.commit(tip, changes({ [`history/w/${index}.json`]: String(index) }), `record ${index}`)
    const later = (await the().open({ keepData: true })).status
    expect(await later.fetchTip()).toBe(tip)
    expect(text(await later.read('history/w/7.json'))).toBe('7')
    const last = await later.commit(tip, changes({ 'history/w/10.json': '10' }), 'record 10')
    expect(await the().tip(STATUS)).toBe(last)
    expect((await the().files(STATUS)).size).toBe(11)
    await the().check()
  })

  it('writes a commit that changes nothing', async () => {
    const { status } = await the().open()
    const first = await status.commit(null, changes({ a: '1' }), 'first')
    const second = await status.commit(first, changes({ a: '1' }), 'again')
    expect(second).not.toBe(first)
    expect(await the().tip(STATUS)).toBe(second)
    await the().check()
  })

  it('sees what somebody else wrote when it looks', async () => {
    const { status } = await the().open()
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

/** What must hold when several write. */
export function describeRaces(the: () => GitHarness): void {
  it('lets one of two writers win, and the other try again', async () => {
    const mine = (await the().open()).status
    const first = await mine.commit(null, changes({ a: '1' }), 'first')
    const theirs = (await the().open()).status
    expect(await theirs.fetchTip()).toBe(first)
    const second = await theirs.commit(first, changes({ b: '2' }), 'theirs')
    await expect(mine.commit(first, changes({ c: '3' }), 'mine')).rejects.toMatchObject({ name: 'GitError', kind: 'Raced' })
    expect(await the().tip(STATUS)).toBe(second)
    expect(await mine.fetchTip()).toBe(second)
    await mine.commit(second, changes({ c: '3' }), 'mine')
    expect([...(await the().files(STATUS)).keys()]).toEqual(['a', 'b', 'c'])
  })

  it('builds on no commit but the one it reads at: what is made of an older one would undo what came between', async () => {
    const mine = (await the().open()).status
    await mine.commit(null, changes({ a: '1' }), 'first')
    const second = await the().push([{ b: '2' }], { branch: STATUS })
    expect(text(await mine.read('b'))).toBe('')
    await expect(mine.commit(second, changes({ c: '3' }), 'mine')).rejects.toMatchObject({ kind: 'Raced' })
    expect(await the().tip(STATUS)).toBe(second)
    expect(await mine.fetchTip()).toBe(second)
    await mine.commit(second, changes({ c: '3' }), 'mine')
    expect([...(await the().files(STATUS)).keys()]).toEqual(['a', 'b', 'c'])
  })

  it('lets exactly one of many simultaneous writers win each round', async () => {
    const writers = (await Promise.all(Array.from({ length: 4 }, () => the().open()))).map((ports) => ports.status)
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
    const { status } = await the().open()
    await status.fetchTip()
    await the().reset(commits[now], STATUS)
    await expect(status.commit(commits[parent], changes({ b: '1' }), 'late')).rejects.toMatchObject({ kind: 'Raced' })
    expect(await the().tip(STATUS)).toBe(commits[now])
    expect(await status.fetchTip()).toBe(commits[now])
    await status.commit(commits[now], changes({ b: '1' }), 'again')
    expect((await the().files(STATUS)).get('b')).toBe('1')
  })
}

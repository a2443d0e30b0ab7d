import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findRepositoryRoot, readHeadCommit } from '../../../src/git/repository-root.ts'
import { resolveCommit } from '../../../src/git/resolve-commit.ts'
import { createWorkingTreeFiles } from '../../../src/git/working-tree.ts'
import { importCommits, runGit } from '../../support/git-program.ts'
import { removeFolder } from '../../support/remove-folder.ts'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'fusee-tree-'))
})
afterEach(() => removeFolder(root))

async function write(files: Record<string, string>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(root, path, '..'), { recursive: true })
    await writeFile(join(root, path), content)
  }
}

describe('the files of a working tree', () => {
  it('are listed sorted, with folders, without .git and links', async () => {
    await write({
      'w/b.yaml': 'b',
      'w/a/x.yaml': 'x',
      'w/a.yaml': 'a',
      'w/a-b.yaml': '-',
      '.git/config': 'c',
      'w/sub/.git': 'gitdir: x',
      'w/.GIT/x': '',
      README: 'r',
    })
    await symlink('a.yaml', join(root, 'w/link.yaml'))
    await symlink('a', join(root, 'w/linked'))
    const files = createWorkingTreeFiles(root)
    const tables = [
      { folder: '', wantPaths: ['README', 'w/a-b.yaml', 'w/a.yaml', 'w/a/x.yaml', 'w/b.yaml'] },
      { folder: 'w', wantPaths: ['w/a-b.yaml', 'w/a.yaml', 'w/a/x.yaml', 'w/b.yaml'] },
      { folder: './w/a/', wantPaths: ['w/a/x.yaml'] },
      { folder: 'w/linked', wantPaths: [] },
      { folder: 'w/a.yaml', wantPaths: [] },
      { folder: 'none', wantPaths: [] },
      { folder: '..', wantPaths: [] },
      { folder: '.git', wantPaths: [] },
    ]
    for (const { folder, wantPaths } of tables) expect((await files.list(folder)).map((file) => file.path)).toEqual(wantPaths)
    expect(await createWorkingTreeFiles(join(root, 'gone')).list('')).toEqual([])
  })

  it('are read as a commit of them would be', async () => {
    await write({ 'w/a.yaml': 'hello', 'w/empty': '', '.git/config': 'secret' })
    await symlink('a.yaml', join(root, 'w/link.yaml'))
    await symlink('w', join(root, 'linked'))
    const files = createWorkingTreeFiles(root)
    const tables = [
      { path: 'w/a.yaml', want: 'hello' },
      { path: './w//a.yaml', want: 'hello' },
      { path: 'w/empty', want: '' },
      { path: 'w/link.yaml', want: null },
      { path: 'linked/a.yaml', want: null },
      { path: 'w', want: null },
      { path: '', want: null },
      { path: 'w/none', want: null },
      { path: 'w/a.yaml/x', want: null },
      { path: `../${root.split('/').at(-1) ?? ''}/w/a.yaml`, want: null },
      { path: '.git/config', want: null },
    ]
    for (const { path, want } of tables) {
      const bytes = await files.read(path)
      expect(bytes === null ? null : Buffer.from(bytes).toString(), path).toBe(want)
    }
    expect(Buffer.from((await files.read('w/a.yaml', 2)) ?? []).toString()).toBe('hel')
    expect(Buffer.from((await files.read('w/a.yaml', 100)) ?? []).toString()).toBe('hello')
  })

  it("have git's ids, of the content at the time that is asked for", async () => {
    await write({ a: 'same', b: 'same', c: 'other' })
    await chmod(join(root, 'c'), 0o755)
    const files = createWorkingTreeFiles(root)
    const [a, b, c] = await files.list('')
    expect(a?.id).toBe(b?.id)
    expect(a?.id).not.toBe(c?.id)
    expect(c?.executable).toBe(true)
    expect(a?.executable).toBe(false)
    await runGit(root, ['init', '--quiet'])
    expect(a?.id).toBe(await runGit(root, ['hash-object', 'a']))
    await write({ c: 'OTHER' })
    expect((await files.list(''))[2]?.id).not.toBe(c?.id)
    const [gone] = await files.list('')
    await rm(join(root, 'a'))
    expect(gone?.id).toBe('unreadable:a')
  })
})

describe('the repository around a folder', () => {
  it('is found upwards, and nowhere outside of one', async () => {
    await write({ 'repo/sub/deep/file': '1' })
    expect(await findRepositoryRoot(root)).toBeNull()
    expect(await readHeadCommit(root)).toBeNull()
    await runGit(root, ['init', '--quiet', '--initial-branch=main', 'repo'])
    for (const folder of ['repo', 'repo/sub', 'repo/sub/deep', 'repo/none'])
      expect(await findRepositoryRoot(join(root, folder))).toBe(join(root, 'repo'))
    expect(await readHeadCommit(join(root, 'repo/sub'))).toBeNull()
    const commit = await importCommits(join(root, 'repo'), [{ a: '1' }])
    expect(await readHeadCommit(join(root, 'repo/sub'))).toBe(commit)
    await runGit(join(root, 'repo'), ['pack-refs', '--all'])
    expect(await readHeadCommit(join(root, 'repo'))).toBe(commit)
    await runGit(join(root, 'repo'), ['checkout', '--quiet', '--detach', commit])
    expect(await readHeadCommit(join(root, 'repo'))).toBe(commit)
    await runGit(join(root, 'repo'), ['worktree', 'add', '--quiet', '--detach', join(root, 'tree'), commit])
    expect(await readHeadCommit(join(root, 'tree'))).toBe(commit)
  })
})

describe('a commit that somebody names', () => {
  it('is found by branch, tag, remote branch, id and steps from these', async () => {
    await runGit(root, ['init', '--quiet', '--initial-branch=main'])
    const first = await importCommits(root, [{ 'w/a': '1' }])
    const side = await importCommits(root, [{ s: '1' }], { branch: 'side/line', from: first })
    const second = await importCommits(root, [{ 'w/a': '2' }])
    const merge = await importCommits(root, [{ s: '1' }], { merge: [side] })
    await runGit(root, ['tag', 'light', second])
    await runGit(root, ['tag', '-a', '-m', 'heavy', 'heavy', second])
    await runGit(root, ['tag', '-a', '-m', 'heavier', 'heavier', 'heavy'])
    await runGit(root, ['update-ref', 'refs/remotes/origin/main', first])
    const table = {
      HEAD: merge,
      '@': merge,
      main: merge,
      'refs/heads/main': merge,
      'side/line': side,
      light: second,
      heavy: second,
      heavier: second,
      'origin/main': first,
      [merge]: merge,
      [second.slice(0, 8)]: second,
      [second.slice(0, 8).toUpperCase()]: second,
      'HEAD^': second,
      'HEAD^2': side,
      'HEAD~2': first,
      'main~1^1': first,
      'HEAD^0': merge,
      '~': second,
    }
    for (const packed of [false, true]) {
      if (packed) await runGit(root, ['gc', '--quiet'])
      for (const [name, want] of Object.entries(table)) expect((await resolveCommit(root, name)).commit, name).toBe(want)
    }
    expect(Buffer.from((await (await resolveCommit(root, first)).files.read('w/a')) ?? []).toString()).toBe('1')
    const below = await resolveCommit(join(root, 'w'), 'main~1')
    expect(await below.files.list('')).toMatchObject([{ path: 'a' }])
    expect(await (await resolveCommit(join(root, 'none'), 'main')).files.list('')).toEqual([])
  })

  it.each(['nope', 'HEAD~9', 'HEAD^3', 'deadbeef', '', '../../x', 'main^{tree}'])('or not: %j', async (name) => {
    await runGit(root, ['init', '--quiet', '--initial-branch=main'])
    if (name !== '') await importCommits(root, [{ a: '1' }])
    await expect(resolveCommit(root, name)).rejects.toMatchObject({
      kind: 'BranchNotFound',
      message: expect.stringMatching(/is no commit of .*: name a branch/) as unknown,
    })
  })

  it('needs a repository', async () => {
    await expect(resolveCommit(root, 'main')).rejects.toMatchObject({ kind: 'RepositoryNotFound' })
  })
})

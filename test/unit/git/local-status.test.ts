import { cp, mkdir, readFile, readdir, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openRepository } from '../../../src/git/open.ts'
import { GitError } from '../../../src/git/ports.ts'
import type { CheckedOutRepository } from '../../support/git-folder.ts'
import { createCheckout } from '../../support/git-folder.ts'
import { checkObjects, findTip, importCommits, runGit } from '../../support/git-program.ts'

const STATUS_REF = 'refs/heads/fusee/status'
const FILES = new Map([['history/README.md', Buffer.from('hello')]])
let repo: CheckedOutRepository
beforeEach(async () => {
  repo = await createCheckout()
})
afterEach(() => repo.close())

async function failure(work: Promise<unknown>): Promise<GitError> {
  const error: unknown = await work.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  )
  if (error instanceof GitError) return error
  throw error
}

describe('writing the status branch into a folder', () => {
  it('leaves index and files alone', async () => {
    await writeFile(join(repo.checkout, 'a'), '1')
    await runGit(repo.checkout, ['add', 'a'])
    await runGit(repo.checkout, ['commit', '--quiet', '-m', 'first'])
    const index = await stat(join(repo.checkout, '.git/index'))
    const { source, status } = await repo.open()
    await source.fetchTip()
    await status.commit(await status.fetchTip(), FILES, 'record')
    expect((await stat(join(repo.checkout, '.git/index'))).mtimeMs).toBe(index.mtimeMs)
    expect(await runGit(repo.checkout, ['status', '--porcelain'])).toBe('')
    expect((await readdir(repo.checkout)).sort()).toEqual(['.git', 'a'])
    expect(await runGit(repo.checkout, ['log', '--format=%an <%ae> %cn %ct %s', 'fusee/status'])).toBe(
      'Fusee <fusee@localhost> Fusee 1700000001 record',
    )
  })

  it('writes nothing to the branch that is followed', async () => {
    const first = await importCommits(repo.checkout, [{ a: '1' }])
    await expect(repo.open({ branch: 'main', statusBranch: 'main' })).rejects.toThrow('main of')
    const { source, status } = await repo.open({ statusBranch: 'main' })
    await source.fetchTip()
    expect(await failure(status.commit(await status.fetchTip(), FILES, 'record'))).toMatchObject({
      kind: 'PushRefused',
      message: expect.stringContaining('is the branch that is followed, and records need one of their own') as string,
    })
    expect(await findTip(repo.checkout, 'refs/heads/main')).toBe(first)
  })

  it('takes the branch that is followed for records in another repository, not for those that only seem to go to another', async () => {
    await importCommits(repo.checkout, [{ a: '1' }])
    const other = join(repo.folder, 'other.git')
    await runGit(repo.folder, ['init', '--quiet', '--bare', other])
    const { status } = await repo.open({ branch: 'main', statusBranch: 'main', history: { url: other } })
    const commit = await status.commit(await status.fetchTip(), FILES, 'record')
    expect(await findTip(other, 'refs/heads/main')).toBe(commit)
    // A bare one beside a checkout often has its name.
    await expect(repo.open({ branch: 'main', statusBranch: 'main', history: { url: `${repo.checkout}.git` } })).resolves.toBeDefined()
    const same = { url: `file://${repo.checkout}/` }
    for (const history of [same, { url: join(repo.checkout, '.git') }]) {
      await expect(repo.open({ branch: 'main', statusBranch: 'main', history })).rejects.toThrow('is the branch that is followed')
    }
    const byDefault = await repo.open({ statusBranch: 'main', history: same })
    await byDefault.source.fetchTip()
    expect((await failure(byDefault.status.commit(await byDefault.status.fetchTip(), FILES, 'record'))).kind).toBe('PushRefused')
  })

  it.each([
    ['https://git.example.com/acme/jobs', 'https://ada:secret@GIT.example.com/acme/jobs.git/'],
    ['git@git.example.com:acme/jobs.git', 'ssh://git.example.com/acme/jobs'],
  ])('knows that %s and %s are one repository', async (url, other) => {
    const place = { url, branch: 'main', statusBranch: 'main', dataFolder: repo.folder }
    await expect(openRepository({ ...place, history: { url: other } })).rejects.toThrow('is the branch that is followed')
    await expect(openRepository({ ...place, history: { url: `${other.replace('jobs', 'records')}` } })).resolves.toBeDefined()
  })

  it('goes on from what a plain clone has of its origin, where that is asked for', async () => {
    const first = await importCommits(repo.checkout, [{ 'history/README.md': 'theirs' }], { branch: 'fusee/status' })
    const clone = join(repo.folder, 'clone')
    await runGit(repo.folder, ['clone', '--quiet', repo.checkout, clone])
    const open = async (orOfOrigin: boolean) =>
      (await openRepository({ url: clone, branch: null, statusBranch: 'fusee/status', dataFolder: clone, orOfOrigin })).status
    expect(await (await open(false)).fetchTip()).toBeNull()
    const status = await open(true)
    expect(await status.fetchTip()).toBe(first)
    expect(await status.list('history')).toEqual(['README.md'])
    const second = await status.commit(first, FILES, 'ours')
    expect(await runGit(clone, ['rev-list', 'fusee/status'])).toBe(`${second}\n${first}`)
    await expect((await open(true)).commit(first, FILES, 'late')).rejects.toMatchObject({ kind: 'Raced' })
  })

  it.each(['checkout', 'worktree'])('refuses while the branch is checked out in a %s', async (place) => {
    const { status } = await repo.open()
    const first = await status.commit(null, FILES, 'first')
    if (place === 'checkout') await runGit(repo.checkout, ['checkout', '--quiet', 'fusee/status'])
    else await runGit(repo.checkout, ['worktree', 'add', '--quiet', join(repo.folder, 'look'), 'fusee/status'])
    const error = await failure(status.commit(first, new Map([['b', Buffer.from('1')]]), 'second'))
    expect(error.kind).toBe('PushRefused')
    expect(error.message).toMatch(/is checked out .*: check out another branch/)
    if (place === 'checkout') await runGit(repo.checkout, ['checkout', '--quiet', '-b', 'elsewhere'])
    else await runGit(repo.checkout, ['worktree', 'remove', join(repo.folder, 'look')])
    await status.commit(first, new Map([['b', Buffer.from('1')]]), 'second')
  })

  it.each([{ packed: false }, { packed: true }])('says which branch is in the way: %o', async ({ packed }) => {
    await importCommits(repo.checkout, [{ a: '1' }], { branch: 'fusee' })
    if (packed) await runGit(repo.checkout, ['pack-refs', '--all'])
    const error = await failure((await repo.open()).status.commit(null, FILES, 'first'))
    expect(error.kind).toBe('PushRefused')
    expect(error.message).toMatch(/refs\/heads\/fusee\/status .*cannot be made because refs\/heads\/fusee exists/)
  })

  it.each([{ packed: false }, { packed: true }])('says that there are branches below its name: %o', async ({ packed }) => {
    await importCommits(repo.checkout, [{ a: '1' }], { branch: 'fusee/status/x' })
    if (packed) await runGit(repo.checkout, ['pack-refs', '--all'])
    const error = await failure((await repo.open()).status.commit(null, FILES, 'first'))
    expect(error.kind).toBe('PushRefused')
    expect(error.message).toMatch(/choose another name/)
    expect(await readdir(join(repo.checkout, '.git/refs/heads'), { recursive: true })).not.toContain('fusee/status.lock')
  })

  it('takes the place of empty folders that a deleted branch left', async () => {
    await mkdir(join(repo.checkout, '.git/refs/heads/fusee/status/x/y'), { recursive: true })
    const commit = await (await repo.open()).status.commit(null, FILES, 'first')
    expect(await findTip(repo.checkout, STATUS_REF)).toBe(commit)
  })

  it('moves the branch that a link names', async () => {
    await runGit(repo.checkout, ['symbolic-ref', STATUS_REF, 'refs/heads/records'])
    const { status } = await repo.open()
    const first = await status.commit(null, FILES, 'first')
    const second = await status.commit(first, new Map([['b', Buffer.from('1')]]), 'second')
    expect(await findTip(repo.checkout, 'refs/heads/records')).toBe(second)
    expect(await readFile(join(repo.checkout, '.git', STATUS_REF), 'utf8')).toBe('ref: refs/heads/records\n')
  })

  it('uses packed refs, and objects that are there already', async () => {
    const { status } = await repo.open()
    const first = await status.commit(null, FILES, 'first')
    await runGit(repo.checkout, ['pack-refs', '--all', '--prune'])
    await expect(status.commit(null, FILES, 'again')).rejects.toMatchObject({ kind: 'Raced' })
    const second = await status.commit(first, new Map([['copy', Buffer.from('hello')]]), 'second')
    expect(await findTip(repo.checkout, STATUS_REF)).toBe(second)
    await checkObjects(repo.checkout)
  })

  it('leaves nothing behind', async () => {
    const { status } = await repo.open()
    const first = await status.commit(null, FILES, 'first')
    await expect(status.commit(null, FILES, 'late')).rejects.toMatchObject({ kind: 'Raced' })
    await status.commit(first, new Map([['b', Buffer.from('1')]]), 'second')
    const names = await readdir(join(repo.checkout, '.git'), { recursive: true })
    expect(names.filter((name) => name.startsWith('fusee/') || name.includes('tmp_obj') || name.endsWith('.lock'))).toEqual([])
  })

  it('follows a link to the folder', async () => {
    await symlink(repo.checkout, join(repo.folder, 'link'))
    const { status } = await repo.open({ url: join(repo.folder, 'link') })
    const commit = await status.commit(null, FILES, 'first')
    expect(await findTip(repo.checkout, STATUS_REF)).toBe(commit)
  })

  it('works in a copy', async () => {
    const { status } = await repo.open()
    const first = await status.commit(null, FILES, 'first')
    await cp(repo.checkout, join(repo.folder, 'copy'), { recursive: true })
    const copy = await repo.open({ url: join(repo.folder, 'copy') })
    expect(await copy.status.fetchTip()).toBe(first)
  })
})

import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { GitError } from '../../../src/git/ports.ts'
import type { GitErrorKind } from '../../../src/git/ports.ts'
import type { CheckedOutRepository } from '../../support/git-folder.ts'
import { createCheckout } from '../../support/git-folder.ts'
import { checkObjects, findTip, importCommits, runGit } from '../../support/git-program.ts'

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

describe('a folder that cannot be followed', () => {
  const table: { what: string; prepare: () => Promise<unknown>; wantKind: GitErrorKind; wantMessage: RegExp }[] = [
    {
      what: 'is not there',
      prepare: () => rm(repo.checkout, { recursive: true }),
      wantKind: 'RepositoryNotFound',
      wantMessage: /no Git repository in .*checkout: name the folder/,
    },
    {
      what: 'is no repository',
      prepare: () => rm(join(repo.checkout, '.git'), { recursive: true }),
      wantKind: 'RepositoryNotFound',
      wantMessage: /no Git repository in/,
    },
    { what: 'points to nothing', prepare: () => pointTo('gitdir: ../gone\n'), wantKind: 'RepositoryNotFound', wantMessage: /no Git repository in/ },
    { what: 'points nowhere', prepare: () => pointTo('what?\n'), wantKind: 'RepositoryNotFound', wantMessage: /no Git repository in/ },
    { what: 'is empty', prepare: async () => undefined, wantKind: 'BranchNotFound', wantMessage: /is empty: push a first commit to branch main/ },
    { what: 'has HEAD on no branch', prepare: () => detach(), wantKind: 'BranchNotFound', wantMessage: /HEAD of .* is on no branch: check one out/ },
    {
      what: 'has another branch only',
      prepare: () => importCommits(repo.checkout, [{ a: '1' }], { branch: 'x/y' }),
      wantKind: 'BranchNotFound',
      wantMessage: /branch main is not in .*, which has x\/y: name/,
    },
    { what: 'has SHA-256 ids', prepare: () => initAgain('--object-format=sha256'), wantKind: 'Corrupt', wantMessage: /has sha256 object ids/ },
    {
      what: 'keeps refs otherwise',
      prepare: () => runGit(repo.checkout, ['config', 'extensions.refStorage', 'reftable']),
      wantKind: 'Corrupt',
      wantMessage: /keeps its refs as reftable/,
    },
    {
      what: 'has a broken ref',
      prepare: () => writeRef('rubbish'),
      wantKind: 'Corrupt',
      wantMessage: /refs\/heads\/main in .* is broken: set it again/,
    },
    { what: 'has a ref to itself', prepare: () => writeRef('ref: refs/heads/main\n'), wantKind: 'Corrupt', wantMessage: /is broken/ },
    { what: 'has a ref to elsewhere', prepare: () => writeRef('ref: ../../../etc/passwd\n'), wantKind: 'Corrupt', wantMessage: /is broken/ },
    {
      what: 'lacks the commit',
      prepare: () => writeRef(`${'ab'.repeat(20)}\n`),
      wantKind: 'ObjectNotFound',
      wantMessage: /object (ab){20} is not in/,
    },
    {
      what: 'has a damaged object',
      prepare: () => damageTip(),
      wantKind: 'Corrupt',
      wantMessage: /cannot be read: check the repository with git fsck/,
    },
    { what: 'has a blob for a branch', prepare: () => branchOnBlob(), wantKind: 'Corrupt', wantMessage: /is a blob where a commit belongs/ },
  ]
  it.each(table)('says so when it $what', async ({ prepare, wantKind, wantMessage }) => {
    await prepare()
    const error = await failure((await repo.open()).source.fetchTip())
    expect(error.kind).toBe(wantKind)
    expect(error.message).toMatch(wantMessage)
  })

  async function pointTo(text: string): Promise<void> {
    await rm(join(repo.checkout, '.git'), { recursive: true })
    await writeFile(join(repo.checkout, '.git'), text)
  }
  async function detach(): Promise<void> {
    const commit = await importCommits(repo.checkout, [{ a: '1' }])
    await runGit(repo.checkout, ['update-ref', '--no-deref', 'HEAD', commit])
  }
  async function initAgain(option: string): Promise<void> {
    await rm(repo.checkout, { recursive: true })
    await runGit(repo.folder, ['init', '--quiet', option, repo.checkout])
  }
  async function writeRef(text: string): Promise<void> {
    await writeFile(join(repo.checkout, '.git/refs/heads/main'), text)
  }
  async function damageTip(): Promise<void> {
    const commit = await importCommits(repo.checkout, [{ a: '1' }])
    const path = join(repo.checkout, '.git/objects', commit.slice(0, 2), commit.slice(2))
    await rm(path)
    await writeFile(path, 'rubbish')
  }
  async function branchOnBlob(): Promise<void> {
    const blob = await runGit(repo.checkout, ['hash-object', '-w', '--stdin'], 'text')
    await writeRef(`${blob}\n`)
  }
})

describe('following a folder', () => {
  it('stays with the branch that HEAD was on at the first look', async () => {
    const main = await importCommits(repo.checkout, [{ a: '1' }])
    const { source } = await repo.open()
    expect(await source.fetchTip()).toBe(main)
    await importCommits(repo.checkout, [{ b: '1' }], { branch: 'topic' })
    await runGit(repo.checkout, ['symbolic-ref', 'HEAD', 'refs/heads/topic'])
    expect(await source.fetchTip()).toBe(main)
    expect(source.branch).toBe('main')
  })

  it('follows the branch that is named, by path and by file URL', async () => {
    await importCommits(repo.checkout, [{ a: '1' }])
    const topic = await importCommits(repo.checkout, [{ b: '1' }], { branch: 'topic/x' })
    for (const url of [repo.checkout, `file://${repo.checkout}`])
      expect(await (await repo.open({ url, branch: 'topic/x' })).source.fetchTip()).toBe(topic)
  })

  it('reads objects that another repository lends', async () => {
    const commit = await importCommits(repo.checkout, [{ a: '1' }])
    await runGit(repo.folder, ['clone', '--quiet', '--bare', '--shared', repo.checkout, 'second.git'])
    await runGit(repo.folder, ['clone', '--quiet', '--bare', '--shared', 'second.git', 'third.git'])
    const { source } = await repo.open({ url: join(repo.folder, 'third.git') })
    expect(await source.fetchTip()).toBe(commit)
    expect(await source.changedPaths(null, commit)).toEqual(['a'])
  })

  it('refuses objects that are lent from a folder of another name', async () => {
    await importCommits(repo.checkout, [{ a: '1' }])
    await writeFile(join(repo.checkout, '.git/objects/info/alternates'), '# lent\n/somewhere/else\n')
    expect(await failure((await repo.open()).source.fetchTip())).toMatchObject({
      kind: 'Corrupt',
      message: expect.stringMatching(/borrows objects/) as unknown,
    })
  })

  it('reads a submodule', async () => {
    await importCommits(repo.checkout, [{ a: '1' }])
    const outer = join(repo.folder, 'outer')
    await runGit(repo.folder, ['init', '--quiet', outer])
    await runGit(outer, ['-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', repo.checkout, 'sub'])
    const { source } = await repo.open({ url: join(outer, 'sub'), branch: 'main' })
    expect(await source.fetchTip()).toBe(await findTip(repo.checkout, 'refs/heads/main'))
  })

  it('takes a shallow clone for what it is', async () => {
    const old = await importCommits(repo.checkout, [{ a: '1' }])
    const tip = await importCommits(repo.checkout, [{ a: '2' }, { a: '3' }])
    await runGit(repo.folder, ['clone', '--quiet', '--bare', '--depth=1', `file://${repo.checkout}`, 'shallow.git'])
    const { source } = await repo.open({ url: join(repo.folder, 'shallow.git') })
    await source.fetchTip()
    expect(await source.range(old, tip, 10)).toEqual({ commits: [tip], forward: false })
    expect(await source.changedPaths(old, tip)).toEqual(['a'])
  })

  it('reads on while git packs, repacks and prunes', async () => {
    const { source, status } = await repo.open()
    let record = await status.fetchTip()
    for (let round = 0; round < 4; round++) {
      const commit = await importCommits(
        repo.checkout,
        Array.from({ length: 5 }, (_, index) => ({ [`d/${round}-${index}`]: `${round} ${index}` })),
      )
      expect(await source.fetchTip()).toBe(commit)
      record = await status.commit(record, new Map([[`r/${round}`, Buffer.from(`${round}`)]]), `round ${round}`)
      await runGit(repo.checkout, ['repack', '-a', '-d', '-f', '-q'])
      if (round % 2 === 1) await runGit(repo.checkout, ['gc', '--quiet', '--prune=now'])
      expect(await source.filesAt(commit).list('d')).toHaveLength(5 * (round + 1))
      expect(Buffer.from((await source.filesAt(commit).read('d/0-0')) ?? []).toString()).toBe('0 0')
      expect(await status.list('r')).toHaveLength(round + 1)
    }
    await checkObjects(repo.checkout)
  })

  it('follows a repository that was moved away and made again', async () => {
    await importCommits(repo.checkout, [{ a: '1' }])
    const { source } = await repo.open()
    await source.fetchTip()
    await rename(repo.checkout, `${repo.checkout}.old`)
    expect((await failure(source.fetchTip())).kind).toBe('RepositoryNotFound')
    await runGit(repo.folder, ['init', '--quiet', '--initial-branch=main', repo.checkout])
    const other = await importCommits(repo.checkout, [{ b: '1' }])
    expect(await source.fetchTip()).toBe(other)
    expect(await source.changedPaths(null, other)).toEqual(['b'])
  })

  it('reads names that git checks out only in part', async () => {
    const blob = await runGit(repo.checkout, ['hash-object', '-w', '--stdin'], 'text')
    const evil = await runGit(repo.checkout, ['mktree'], `100644 blob ${blob}\t..\n100755 blob ${blob}\tgood\n`)
    const tree = await runGit(repo.checkout, ['mktree'], `040000 tree ${evil}\t..\n040000 tree ${evil}\t.git\n040000 tree ${evil}\tw\n`)
    const commit = await runGit(repo.checkout, ['commit-tree', '-m', 'evil', tree])
    await runGit(repo.checkout, ['update-ref', 'refs/heads/main', commit])
    const { source } = await repo.open()
    const entries = await source.filesAt(await source.fetchTip()).list('')
    expect(entries).toEqual([{ path: 'w/good', id: blob, executable: true }])
  })
})

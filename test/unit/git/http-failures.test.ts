import { existsSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { GitError, asCommitSha } from '../../../src/git/ports.ts'
import type { GitErrorKind, StatusBranch } from '../../../src/git/ports.ts'
import type { GitServerFaults } from '../../support/git-http-server.ts'
import { findTip, importCommits, runGit } from '../../support/git-program.ts'
import type { ServedRepository } from '../../support/git-served.ts'
import { serveRepository } from '../../support/git-served.ts'

const STATUS_REF = 'refs/heads/fusee/status'
const README = new Map([['history/README.md', Buffer.from('hello')]])
let served: ServedRepository
beforeEach(async () => {
  served = await serveRepository()
  await importCommits(served.repository, [{ a: '1' }])
})
afterEach(() => served.close())

/** The GitError that the work ends with. */
async function failure(work: Promise<unknown>): Promise<GitError> {
  const error: unknown = await work.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  )
  if (error instanceof GitError) return error
  throw error
}

describe('a look at a remote in trouble', () => {
  const table: { what: string; faults: GitServerFaults; wantKind: GitErrorKind; wantMessage: RegExp }[] = [
    { what: 'a 500', faults: { status: 500 }, wantKind: 'Unreachable', wantMessage: /HTTP 500.*tried again/ },
    {
      what: 'a 503 with a reason',
      faults: { status: 503, statusBody: 'down for\nupgrade' },
      wantKind: 'Unreachable',
      wantMessage: /it says: down for upgrade/,
    },
    { what: 'a 429', faults: { status: 429 }, wantKind: 'Unreachable', wantMessage: /HTTP 429/ },
    { what: 'a 401', faults: { status: 401 }, wantKind: 'Unauthorized', wantMessage: /asks for credentials/ },
    { what: 'a 403', faults: { status: 403 }, wantKind: 'Unauthorized', wantMessage: /does not let these credentials read/ },
    { what: 'a 404', faults: { status: 404 }, wantKind: 'RepositoryNotFound', wantMessage: /no repository at.*check the URL/ },
    { what: 'a 418', faults: { status: 418 }, wantKind: 'Corrupt', wantMessage: /HTTP 418/ },
    { what: "a portal's page", faults: { page: true }, wantKind: 'Corrupt', wantMessage: /answers with text\/html.*check the URL/ },
    { what: 'a 407', faults: { status: 407 }, wantKind: 'Unauthorized', wantMessage: /the proxy on the way to .* asks for credentials/ },
    { what: 'silence', faults: { silent: true }, wantKind: 'Unreachable', wantMessage: /went silent/ },
    { what: 'a cut connection', faults: { cutAfterBytes: 30 }, wantKind: 'Unreachable', wantMessage: /cut/ },
    {
      what: 'nonsense',
      faults: { replace: () => Buffer.from('zzzz'), onlyFor: /\/git-upload-pack$/ },
      wantKind: 'Corrupt',
      wantMessage: /not in the format of git/,
    },
    {
      what: 'half an answer',
      faults: { replace: () => Buffer.from('0032'), onlyFor: /\/git-upload-pack$/ },
      wantKind: 'Unreachable',
      wantMessage: /cut/,
    },
    {
      what: 'a refusal',
      faults: { replace: () => Buffer.from('000fERR go away'), onlyFor: /\/git-upload-pack$/ },
      wantKind: 'Corrupt',
      wantMessage: /it says: go away/,
    },
  ]
  it.each(table)('says what is wrong on $what, and recovers', async ({ faults, wantKind, wantMessage }) => {
    const { source } = await served.open()
    const { source: impatient } = await served.open({ idleTimeoutMs: 200 })
    Object.assign(served.server.faults, faults)
    const error = await failure((faults.silent === true ? impatient : source).fetchTip())
    expect(error.kind).toBe(wantKind)
    expect(error.message).toMatch(wantMessage)
    expect(error.message).toContain(served.url)
    clear(served.server.faults)
    expect(await source.fetchTip()).toBe(await findTip(served.repository, 'refs/heads/main'))
  })

  it('says that nobody listens', async () => {
    const { source } = await served.open()
    await served.server.close()
    const error = await failure(source.fetchTip())
    expect(error.kind).toBe('Unreachable')
    expect(error.message).toMatch(/connection refused; check that the server runs/)
  })

  it('says that a host has no address', async () => {
    const { source } = await served.open({ url: 'http://nowhere.invalid/repo.git' })
    const error = await failure(source.fetchTip())
    expect(error.kind).toBe('Unreachable')
    expect(error.message).toMatch(/^cannot reach http:\/\/nowhere.invalid\/repo.git: /)
  })

  it('says that the repository is gone, and finds it when it is back', async () => {
    const { source } = await served.open()
    const tip = await source.fetchTip()
    await rename(served.repository, `${served.repository}.gone`)
    expect((await failure(source.fetchTip())).kind).toBe('RepositoryNotFound')
    await rename(`${served.repository}.gone`, served.repository)
    expect(await source.fetchTip()).toBe(tip)
  })

  it('names the branches there are when the followed one is missing', async () => {
    await importCommits(served.repository, [{ a: '1' }], { branch: 'develop', from: null })
    const { source } = await served.open({ branch: 'master' })
    const error = await failure(source.fetchTip())
    expect(error.kind).toBe('BranchNotFound')
    expect(error.message).toMatch(/branch master is not in .*, which has develop, main/)
  })

  it('says that HEAD names no branch', async () => {
    await runGit(served.repository, ['update-ref', '--no-deref', 'HEAD', 'refs/heads/main'])
    const { source } = await served.open()
    const error = await failure(source.fetchTip())
    expect(error.kind).toBe('BranchNotFound')
    expect(error.message).toMatch(/HEAD of .* is on no branch/)
  })

  it('refuses a repository with SHA-256 ids', async () => {
    await rm(served.repository, { recursive: true })
    await runGit(served.folder, ['init', '--quiet', '--bare', '--object-format=sha256', served.repository])
    const { source } = await served.open()
    const error = await failure(source.fetchTip())
    expect(error.kind).toBe('Corrupt')
    expect(error.message).toMatch(/sha256 object ids/)
  })
})

describe('a default branch', () => {
  it('is followed under its new name once the old one is gone', async () => {
    const { source } = await served.open()
    const first = await source.fetchTip()
    await runGit(served.repository, ['branch', '-m', 'main', 'trunk'])
    await runGit(served.repository, ['symbolic-ref', 'HEAD', 'refs/heads/trunk'])
    const second = await importCommits(served.repository, [{ a: '2' }], { branch: 'trunk' })
    expect(await source.fetchTip()).toBe(second)
    expect(source.branch).toBe('trunk')
    expect(await source.range(first, second, 10)).toEqual({ commits: [second], forward: true })
  })

  it('stays while it is there, whatever the default becomes', async () => {
    const { source } = await served.open()
    const first = await source.fetchTip()
    await importCommits(served.repository, [{ a: '2' }], { branch: 'develop' })
    await runGit(served.repository, ['symbolic-ref', 'HEAD', 'refs/heads/develop'])
    expect(await source.fetchTip()).toBe(first)
    expect(source.branch).toBe('main')
  })

  it('that was named is not left for another', async () => {
    const { source } = await served.open({ branch: 'main' })
    await source.fetchTip()
    await runGit(served.repository, ['branch', '-m', 'main', 'trunk'])
    await runGit(served.repository, ['symbolic-ref', 'HEAD', 'refs/heads/trunk'])
    expect((await failure(source.fetchTip())).message).toMatch(/branch main is not in .*, which has trunk/)
  })
})

describe('a history in another repository', () => {
  it('is written there, with credentials of its own', async () => {
    const other = await serveRepository({ authorization: 'Bearer token' })
    try {
      const history = { url: other.url, credentials: { bearerToken: 'token' } }
      const { source, status } = await served.open({ history })
      await source.fetchTip()
      expect(await status.fetchTip()).toBeNull()
      const commit = await status.commit(null, README, 'first')
      expect(await findTip(other.repository, STATUS_REF)).toBe(commit)
      expect(await findTip(served.repository, STATUS_REF)).toBeNull()
      // The review of it too, on top of a branch there.
      const into = asCommitSha(await importCommits(other.repository, [{ 'about.md': 'records' }], { branch: 'main' }))
      const reviews = (await served.open({ history })).reviews('main')
      expect(await reviews.look()).toEqual({ into, reviews: new Map() })
      const review = await reviews.propose({ name: '2026-11-20', expected: null, into, status: commit, message: 'History' })
      expect(await runGit(other.repository, ['ls-tree', '-r', '--name-only', String(review)])).toBe('about.md\nhistory/README.md')
      expect(await findTip(other.repository, 'refs/heads/fusee/review/2026-11-20')).toBe(review)
      expect(await runGit(served.repository, ['for-each-ref', '--format=%(refname)'])).toBe('refs/heads/main')
      const { status: again } = await served.open({ history: { ...history, credentials: {} } })
      expect((await failure(again.fetchTip())).kind).toBe('Unauthorized')
    } finally {
      await other.close()
    }
  })

  it('may be a folder of this machine', async () => {
    const folder = `${served.folder}/history.git`
    await runGit(served.folder, ['init', '--quiet', '--bare', folder])
    const { status, log } = await served.open({ history: { url: folder } })
    const commit = await status.commit(await status.fetchTip(), README, 'first')
    expect(await findTip(folder, STATUS_REF)).toBe(commit)
    expect(await log.tip('fusee/status')).toBe(commit)
  })
})

describe('a fetch that breaks off', () => {
  it.each([{ keep: 1000 }, { keep: 60 }, { keep: 8 }])('leaves the old tip in force when $keep bytes came', async ({ keep }) => {
    const { source } = await served.open()
    const first = await source.fetchTip()
    const second = await importCommits(served.repository, [
      Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`${index ** 5}/f`, `${index}`])),
    ])
    Object.assign(served.server.faults, { cutAfterBytes: keep, whenBody: /command=fetch/ })
    expect((await failure(source.fetchTip())).kind).toBe('Unreachable')
    clear(served.server.faults)
    expect(await source.changedPaths(null, first)).toEqual(['a'])
    // A new start finds the old tip, too.
    const { source: again } = await served.open()
    expect(await again.fetchTip()).toBe(second)
    expect(await again.range(first, second, 10)).toEqual({ commits: [second], forward: true })
    expect(await source.fetchTip()).toBe(second)
  })

  it('refuses more than the bound', async () => {
    const { source } = await served.open({ maxBytes: 20_000 })
    await source.fetchTip()
    await importCommits(served.repository, [{ big: Array.from({ length: 20_000 }, (_, index) => String(index ** 2)).join(' ') }])
    const tip = await source.fetchTip()
    const error = await failure(source.filesAt(tip).read('big'))
    expect(error.kind).toBe('TooLarge')
    expect(error.message).toMatch(/sends more than/)
    expect(Buffer.from((await source.filesAt(tip).read('a')) ?? []).toString()).toBe('1')
  })
})

describe('a request that is given up', () => {
  it.each(['a look', 'a fetch', 'a push'])('ends at once during %s, and leaves nothing in the way', async (what) => {
    const { source, status } = await served.open()
    if (what === 'a push') await status.fetchTip()
    Object.assign(served.server.faults, { silent: true, onlyFor: /\/git-/, ...(what === 'a fetch' ? { whenBody: /command=fetch/ } : {}) })
    const stop = new AbortController()
    const seen = served.server.requests.length
    const work = what === 'a push' ? status.commit(null, README, 'first', stop.signal) : source.fetchTip(stop.signal)
    const ended = expect(work).rejects.toThrow('shutting down')
    // The greeting is one request, the look the second; a push is the first.
    const wanted = { 'a look': 2, 'a fetch': 4, 'a push': 1 }[what] ?? 0
    await expect.poll(() => served.server.requests.length - seen).toBe(wanted)
    stop.abort(new Error('shutting down'))
    await ended
    clear(served.server.faults)
    expect(await source.fetchTip()).toBe(await findTip(served.repository, 'refs/heads/main'))
    await status.commit(null, README, 'first')
  })
})

describe('a push that does not arrive', () => {
  let status: StatusBranch
  beforeEach(async () => {
    status = (await served.open()).status
    await status.fetchTip()
  })

  it('tells what a hook said', async () => {
    await served.hook('pre-receive', 'echo "records belong\nelsewhere" >&2; exit 1')
    const error = await failure(status.commit(null, README, 'first'))
    expect(error.kind).toBe('PushRefused')
    expect(error.message).toMatch(/pre-receive hook declined \(it says: records belong elsewhere\)/)
    await rm(`${served.repository}/hooks/pre-receive`)
    const commit = await status.commit(null, README, 'first')
    expect(await findTip(served.repository, STATUS_REF)).toBe(commit)
  })

  it.each([
    'GH006: Protected branch update failed for refs/heads/fusee/status.',
    'GH013: Repository rule violations found for refs/heads/fusee/status.',
    'GitLab: You are not allowed to push code to protected branches on this project.',
    'Gitea: Not allowed to push to protected branch fusee/status',
    'Branch refs/heads/fusee/status can only be modified through pull requests.',
    'TF402455: Pushes to this branch are not permitted; you must use a pull request',
  ])('tells a branch that is protected: %s', async (words) => {
    await served.hook('pre-receive', `echo "${words}" >&2; exit 1`)
    const error = await failure(status.commit(null, README, 'first'))
    expect(error.kind).toBe('BranchProtected')
    expect(error.message).toContain(words)
    expect(error.message).toMatch(/protects refs\/heads\/fusee\/status.*in the rules of the forge/)
  })

  it('tells that an update hook declined', async () => {
    await served.hook('update', 'exit 1')
    const error = await failure(status.commit(null, README, 'first'))
    expect(error).toMatchObject({ kind: 'PushRefused' })
    expect(error.message).toMatch(/refuses to move refs\/heads\/fusee\/status: hook declined/)
  })

  it('tells that the server hides the branch', async () => {
    await runGit(served.repository, ['config', 'receive.hideRefs', 'refs/heads/fusee'])
    expect(await failure(status.commit(null, README, 'first'))).toMatchObject({ kind: 'PushRefused' })
  })

  it('tells that these credentials may not write', async () => {
    await runGit(served.repository, ['config', 'http.receivepack', 'false'])
    const error = await failure(status.commit(null, README, 'first'))
    expect(error.kind).toBe('PushRefused')
    expect(error.message).toMatch(/give them the right to push/)
  })

  it('tells a race from a refusal, whatever the server says', async () => {
    const first = await status.commit(null, README, 'first')
    await runGit(served.repository, ['config', 'receive.denyNonFastForwards', 'true'])
    await runGit(served.repository, ['config', 'receive.denyDeletes', 'true'])
    const foreign = await importCommits(served.repository, [{ b: '2' }], { branch: 'fusee/status' })
    expect(await failure(status.commit(first, new Map([['c', Buffer.from('3')]]), 'late'))).toMatchObject({ kind: 'Raced' })
    expect(await findTip(served.repository, STATUS_REF)).toBe(foreign)
  })

  it('can be looked up after the answer was lost', async () => {
    served.server.faults.loseAnswer = true
    served.server.faults.onlyFor = /receive-pack$/
    expect(await failure(status.commit(null, README, 'first'))).toMatchObject({ kind: 'Unreachable' })
    clear(served.server.faults)
    const arrived = await findTip(served.repository, STATUS_REF)
    expect(arrived).not.toBeNull()
    expect(await status.fetchTip()).toBe(arrived)
    expect(Buffer.from((await status.read('history/README.md')) ?? []).toString()).toBe('hello')
  })

  it.each([
    { what: 'before it is read', faults: { status: 502 } },
    { what: 'in the middle of the answer', faults: { cutAfterBytes: 10 } },
    { what: 'with an empty answer', faults: { replace: () => Buffer.from('0000') } },
  ])('is Unreachable when the server fails $what', async ({ faults }) => {
    Object.assign(served.server.faults, faults, { onlyFor: /receive-pack$/ })
    expect(await failure(status.commit(null, README, 'first'))).toMatchObject({ kind: 'Unreachable' })
  })

  it('is refused by a server that says so at once', async () => {
    served.server.faults.replace = () => Buffer.from('0013ERR over quota\n')
    served.server.faults.onlyFor = /receive-pack$/
    const error = await failure(status.commit(null, README, 'first'))
    expect(error).toMatchObject({ kind: 'PushRefused' })
    expect(error.message).toMatch(/over quota/)
  })

  it('is too large for a server that says so', async () => {
    Object.assign(served.server.faults, { status: 413, onlyFor: /receive-pack$/ })
    expect(await failure(status.commit(null, README, 'first'))).toMatchObject({ kind: 'TooLarge' })
  })

  it('counts as arrived when the branch is at the commit although the server said no', async () => {
    const first = await status.commit(null, README, 'first')
    const nowMs = 1_800_000_000_000
    const twin = await served.open({ now: () => nowMs, dataFolder: `${served.folder}/twin` })
    const other = await served.open({ now: () => nowMs, dataFolder: `${served.folder}/other` })
    for (const ports of [twin, other]) await ports.status.fetchTip()
    const next = await twin.status.commit(first, new Map([['x', Buffer.from('x')]]), 'same')
    expect(await other.status.commit(first, new Map([['x', Buffer.from('x')]]), 'same')).toBe(next)
  })
})

function clear(faults: GitServerFaults): void {
  for (const key of Object.keys(faults)) delete faults[key as keyof GitServerFaults]
}

describe('files that are asked for together', () => {
  const names = Array.from({ length: 16 }, (_, index) => `workflows/${index}.yaml`)

  it('fail together: none of them asks a remote in trouble once more by itself', async () => {
    const commit = await importCommits(served.repository, [Object.fromEntries(names.map((name, index) => [name, `n: ${index}`]))])
    const { source } = await served.open()
    await source.fetchTip()
    Object.assign(served.server.faults, { status: 503, whenBody: /command=fetch/ })
    const before = served.server.requests.length
    const files = source.filesAt(commit)
    const read = await Promise.allSettled(names.map((name) => files.read(name)))
    expect(read.map((one) => one.status === 'rejected' && (one.reason as GitError).kind)).toEqual(names.map(() => 'Unreachable'))
    // Some may have gone before the others were asked for.
    expect(served.server.requests.length - before).toBeLessThan(8)
    delete served.server.faults.status
    expect((await Promise.all(names.map((name) => files.read(name)))).map((bytes) => Buffer.from(bytes ?? []).toString())).toEqual(
      names.map((_, index) => `n: ${index}`),
    )
  })

  it('are given up at once when the repository is closed, and nothing is written any more', async () => {
    const commit = await importCommits(served.repository, [Object.fromEntries(names.map((name, index) => [name, `n: ${index}`]))])
    const dataFolder = join(served.folder, 'closed')
    const { source, close } = await served.open({ dataFolder })
    await source.fetchTip()
    Object.assign(served.server.faults, { silent: true, whenBody: /command=fetch/ })
    const asked = served.server.requests.length
    const files = source.filesAt(commit)
    const reading = Promise.allSettled(names.map((name) => files.read(name)))
    await vi.waitUntil(() => served.server.requests.length > asked, { timeout: 30_000 })
    await close()
    await rm(dataFolder, { recursive: true })
    expect((await reading).map((one) => one.status === 'rejected' && (one.reason as GitError).kind)).toEqual(names.map(() => 'Unreachable'))
    await expect(files.read('workflows/0.yaml')).rejects.toMatchObject({ kind: 'Unreachable' })
    expect(served.server.requests.length - asked).toBe(1)
    expect(existsSync(dataFolder)).toBe(false)
  })
})

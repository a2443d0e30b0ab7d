import { mkdtemp, readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openRepository } from '../../../src/git/open.ts'
import type { CommitSha, FileChanges } from '../../../src/git/ports.ts'
import { type GitHttpServer, startGitHttpServer } from '../../support/git-http-server.ts'
import { checkObjects, findTip, importCommits, runGit } from '../../support/git-program.ts'
import { removeFolder } from '../../support/remove-folder.ts'

const BRANCH = 'fusee/status'

/** The ways in which people bring a branch into another. */
const MERGES: { how: string; commands: (review: string) => string[][] }[] = [
  { how: 'a merge', commands: (review) => [['merge', '--quiet', '--no-ff', '-m', 'Merge the history', review]] },
  {
    how: 'a squash',
    commands: (review) => [
      ['merge', '--quiet', '--squash', review],
      ['commit', '--quiet', '-m', 'The history'],
    ],
  },
  {
    how: 'a rebase',
    commands: (review) => [
      ['checkout', '--quiet', '-b', 'rebased', review],
      ['rebase', '--quiet', 'main'],
      ['checkout', '--quiet', 'main'],
      ['merge', '--quiet', '--ff-only', 'rebased'],
    ],
  },
]

describe.each(['local folder', 'http'] as const)('branches of review over a %s', (transport) => {
  let root: string
  let folder: string
  let server: GitHttpServer | null = null
  beforeAll(async () => {
    root = await mkdtemp(path.join(tmpdir(), 'fusee-review-test-'))
    if (transport === 'http') server = await startGitHttpServer({ root })
  })
  afterAll(async () => {
    await server?.close()
    await removeFolder(root)
  })
  let count = 0
  beforeEach(async () => {
    folder = path.join(root, `${++count}.git`)
    await runGit(root, ['init', '--bare', '--quiet', '--initial-branch=main', folder])
    await importCommits(folder, [{ 'workflows/a.yaml': 'x\n', 'README.md': 'y\n' }])
  })
  afterEach(() => checkObjects(folder))

  it.each(MERGES)('after $how, the next one holds only what is new', async ({ commands }) => {
    const { status, reviews, close } = await open()
    const first = await status.commit(null, recordOf('1'), 'one [skip ci]')
    const into = (await reviews.look()).into as CommitSha
    const offered = await reviews.propose({ name: '2026-11-20', expected: null, into, status: first, message: 'History' })
    expect((await reviews.look()).reviews).toEqual(new Map([['2026-11-20', offered]]))
    expect(await git('diff', '--name-only', `main..${String(offered)}`)).toBe('history/README.md\nhistory/a/2026/11/20/1.json\nhistory/a/ticks.json')
    expect(await git('rev-list', '--count', `main..${String(offered)}`)).toBe('1')

    await importCommits(folder, [{ 'workflows/a.yaml': 'z\n' }])
    const clone = path.join(root, `clone-${count}`)
    await runGit(root, ['clone', '--quiet', folder, clone])
    for (const words of commands('origin/fusee/review/2026-11-20')) await runGit(clone, words)
    await runGit(clone, ['push', '--quiet', 'origin', 'main'])

    const second = await status.commit(first, recordOf('2'), 'two [skip ci]')
    const merged = (await reviews.look()).into as CommitSha
    expect(await reviews.hasRecords({ kind: 'Into', commit: merged }, { kind: 'Review', name: '2026-11-20', commit: offered as CommitSha })).toBe(
      true,
    )
    expect(await reviews.hasRecords({ kind: 'Into', commit: merged }, { kind: 'Status', commit: second })).toBe(false)
    const next = await reviews.propose({ name: '2026-11-21', expected: null, into: merged, status: second, message: 'History' })
    expect(await git('diff', '--name-only', `main..${String(next)}`)).toBe('history/README.md\nhistory/a/2026/11/20/2.json\nhistory/a/ticks.json')
    await runGit(clone, ['fetch', '--quiet'])
    await runGit(clone, ['merge', '--quiet', '--ff-only', 'origin/fusee/review/2026-11-21'])
    await close()
  })

  it('keep what only the other branch has, follow both, and never move what somebody else has moved', async () => {
    await importCommits(folder, [{ 'history/notes.md': 'by hand\n', 'history/a/2020/01/01/old.json': '{}' }])
    const { status, reviews, close } = await open()
    const first = await status.commit(null, recordOf('1'), 'one [skip ci]')
    const into = (await reviews.look()).into as CommitSha
    const request = { name: '2026-11-20', expected: null, into, status: first, message: 'History' }
    const offered = await reviews.propose(request)
    expect(await git('ls-tree', '-r', '--name-only', String(offered), 'history/')).toBe(
      'history/README.md\nhistory/a/2020/01/01/old.json\nhistory/a/2026/11/20/1.json\nhistory/a/ticks.json\nhistory/notes.md',
    )
    expect(await reviews.propose({ ...request, expected: offered })).toBe(offered)
    expect((await reviews.message('2026-11-20', offered as CommitSha)).trimEnd()).toBe('History')
    await expect(reviews.propose({ ...request, message: 'Another' })).rejects.toMatchObject({ kind: 'Raced' })
    const second = await status.commit(first, recordOf('2'), 'two [skip ci]')
    const later = await reviews.propose({ ...request, expected: offered, status: second })
    expect(await findTip(folder, 'refs/heads/fusee/review/2026-11-20')).toBe(later)
    expect(await git('rev-list', '--count', `main..${String(later)}`)).toBe('1')
    await runGit(folder, ['update-ref', 'refs/heads/main', String(later)])
    expect(await reviews.propose({ name: 'x', expected: null, into: later as CommitSha, status: second, message: 'm' })).toBeNull()
    await close()
  })

  it('leave nothing on this disk of branches that are gone', async () => {
    await importCommits(folder, [{ 'workflows/a.yaml': 'x\n' }])
    const { status, reviews, close } = await open()
    const first = await status.commit(null, recordOf('1'), 'one [skip ci]')
    const into = (await reviews.look()).into as CommitSha
    const offered = (await reviews.propose({ name: '2026-11-20', expected: null, into, status: first, message: 'History' })) as CommitSha
    await reviews.message('2026-11-20', offered)
    const kept = (): Promise<string[]> => readdir(`${folder}-data/review`).catch(() => [])
    await reviews.look()
    expect(await kept()).toHaveLength(server === null ? 0 : 2)
    await runGit(folder, ['update-ref', '-d', 'refs/heads/fusee/review/2026-11-20'])
    await reviews.look()
    expect(await kept()).toHaveLength(server === null ? 0 : 1)
    const again = await reviews.propose({ name: '2026-11-20', expected: null, into, status: first, message: 'History' })
    expect((await reviews.message('2026-11-20', again as CommitSha)).trimEnd()).toBe('History')
    await close()
  })

  it('say when there is nothing to merge into', async () => {
    const { reviews, close } = await open('nowhere')
    expect(await reviews.look()).toEqual({ into: null, reviews: new Map() })
    await close()
  })

  async function open(into = 'main') {
    const url = server === null ? folder : `${server.url}/${path.basename(folder)}`
    const { status, reviews, close } = await openRepository({ url, branch: null, statusBranch: BRANCH, dataFolder: `${folder}-data` })
    await status.fetchTip()
    return { status, reviews: reviews(into), close }
  }

  function git(...words: string[]): Promise<string> {
    return runGit(folder, words)
  }
})

function recordOf(name: string): FileChanges {
  const files = { [`history/a/2026/11/20/${name}.json`]: name, 'history/a/ticks.json': name, 'history/README.md': name, 'history/state/a.json': name }
  return new Map(Object.entries(files).map(([file, text]) => [file, Buffer.from(text)]))
}

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { OpenRepositoryOptions, OpenedRepository } from '../../src/git/open.ts'
import type { CommitSha } from '../../src/git/ports.ts'
import { checkObjects, importCommits, moveBranch, runGit } from '../support/git-program.ts'
import { SERVES_ALL, serveRepository } from '../support/git-served.ts'
import type { Sshd } from '../support/sshd.ts'
import { SSHD, startSshd } from '../support/sshd.ts'
import { changes, STATUS, text } from './git-harness.ts'

/** A bare repository, and how to open it over its server. */
interface Place {
  folder: string
  repository: string
  open(options?: Partial<OpenRepositoryOptions>): Promise<OpenedRepository>
  close(): Promise<void>
}

let sshd: Promise<Sshd> | null = null
afterAll(async () => {
  await (await sshd)?.close()
})

const places: { name: string; isThere: boolean; serve: () => Promise<Place> }[] = [
  { name: 'http with filters', isThere: true, serve: () => serveRepository({ config: SERVES_ALL }) },
  { name: 'http without filters', isThere: true, serve: () => serveRepository({ config: { 'http.receivepack': 'true' } }) },
  {
    name: 'http with protocol version 0',
    isThere: true,
    async serve() {
      const served = await serveRepository({ config: SERVES_ALL })
      served.server.faults.versionZero = true
      return served
    },
  },
  { name: 'ssh', isThere: SSHD !== null, serve: async () => (await (sshd ??= startSshd())).createRepository(SERVES_ALL) },
]

describe.each(places)('a repository that is itself shallow, over $name', ({ isThere, serve }) => {
  it.skipIf(!isThere)('is followed from where its history begins, forced pushes and restarts included, and written to', async () => {
    const place = await serve()
    try {
      await importCommits(place.repository, [{ a: '1' }, { a: '2' }])
      const first = await importCommits(place.repository, [{ a: '3', 'workflows/w.yaml': 'x' }])
      const second = await importCommits(place.repository, [{ a: '4' }])
      const gone = await cutHistory(place.repository, first)
      const { source, status } = await place.open()
      expect(await source.fetchTip()).toBe(second)
      expect(text(await source.filesAt(second).read('workflows/w.yaml'))).toBe('x')
      expect(await source.history(second, 10)).toEqual([first, second])
      expect(await source.range(first, second, 10)).toEqual({ commits: [second], forward: true })
      expect(await source.changedPaths(first, second)).toEqual(['a'])

      const third = await importCommits(place.repository, [{ a: '5' }, { b: '1' }])
      expect(await source.fetchTip()).toBe(third)
      expect(await source.range(second, third, 10)).toMatchObject({ forward: true })
      expect(await source.changedPaths(second, third)).toEqual(['a', 'b'])
      // The commit before its beginning is still named as a parent, but its files are nowhere: all count as changed.
      expect(await source.range(gone, third, 10)).toMatchObject({ commits: [first, second, expect.anything(), third], forward: true })
      expect(await source.changedPaths(gone, third)).toEqual(['a', 'b', 'workflows/w.yaml'])

      const commit = await status.commit(await status.fetchTip(), changes({ 'history/README.md': 'one' }), 'first')
      await status.commit(commit, changes({ 'history/README.md': 'two' }), 'second')
      expect(await runGit(place.repository, ['rev-list', '--count', STATUS])).toBe('2')

      // Its history gets shorter still, and the branch is set back and pushed anew.
      await cutHistory(place.repository, second)
      await moveBranch(place.repository, 'main', second)
      const forced = await importCommits(place.repository, [{ c: '1' }], { atSeconds: 1_800_000_000 })
      expect(await source.fetchTip()).toBe(forced)
      expect(await source.range(third, forced, 10)).toEqual({ commits: [forced], forward: false })
      const later = await place.open({ dataFolder: join(place.folder, 'other-data') })
      expect(await later.source.fetchTip()).toBe(forced)
      expect(await later.source.range(second, forced, 10)).toEqual({ commits: [forced], forward: true })
      expect(await later.source.history(forced, 10)).toEqual([second, forced])
      expect(text((await later.status.fetchTip()) === null ? null : await later.status.read('history/README.md'))).toBe('two')
      await checkObjects(place.repository)
    } finally {
      await place.close()
    }
  })
})

/** Lets the history of a bare repository begin with this commit, as in a shallow clone; the parent that is gone then. */
async function cutHistory(repository: string, commit: CommitSha): Promise<CommitSha> {
  const parent = (await runGit(repository, ['rev-parse', `${commit}~1`])) as CommitSha
  await writeFile(join(repository, 'shallow'), `${commit}\n`)
  await runGit(repository, ['reflog', 'expire', '--expire=now', '--all'])
  await runGit(repository, ['gc', '--quiet', '--prune=now'])
  await expect(runGit(repository, ['cat-file', '-e', parent])).rejects.toThrow()
  return parent
}

import { mkdir, readdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { deflateSync } from 'node:zlib'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { CommitLog, CommitSha } from '../../../src/git/ports.ts'
import { openRepository } from '../../../src/git/open.ts'
import { findTip, importCommits, runGit } from '../../support/git-program.ts'
import type { ServedRepository } from '../../support/git-served.ts'
import { serveRepository } from '../../support/git-served.ts'
import { removeFolder } from '../../support/remove-folder.ts'

let served: ServedRepository
beforeEach(async () => {
  served = await serveRepository()
  await importCommits(served.repository, [{ 'h/a': '1' }, { 'h/a': '2', 'h/b': '1' }, { 'h/a': null }], { branch: 'fusee/status' })
})
afterEach(() => served.close())

/** A remote, a plain clone of it, and the repository itself. */
async function logs(): Promise<{ name: string; log: CommitLog }[]> {
  const clone = join(served.folder, 'clone')
  await runGit(served.folder, ['clone', '--quiet', served.url, clone])
  const open = async (url: string): Promise<CommitLog> =>
    (await openRepository({ url, branch: null, statusBranch: 'fusee/status', dataFolder: join(served.folder, 'log-data') })).log
  return [
    { name: 'remote', log: (await served.open()).log },
    { name: 'clone', log: await open(clone) },
    { name: 'repository', log: await open(served.repository) },
  ]
}

it('reads a branch from its tip to its first commit', async () => {
  const tip = await findTip(served.repository, 'refs/heads/fusee/status')
  for (const { name, log } of await logs()) {
    const found: unknown[] = []
    for (let at = await log.tip('fusee/status'); at !== null;) {
      const commit = await log.commit(at)
      const parent: CommitSha | null = commit.parents[0] ?? null
      found.push((await log.changes(parent, at)).map(({ path, from, to }) => `${path} ${from === null ? '-' : 'x'}${to === null ? '-' : 'x'}`))
      at = parent
    }
    expect(found, name).toEqual([['h/a x-'], ['h/a xx', 'h/b -x'], ['h/a -x']])
    expect(await log.tip('fusee/status')).toBe(tip)
    expect(await log.tip('none')).toBeNull()
    const [change] = await log.changes(null, tip as CommitSha)
    expect(Buffer.from(await log.blob(change?.to ?? '')).toString()).toBe('1')
  }
})

it('does not take content on trust', async () => {
  const { log } = (await logs())[2] as { log: CommitLog }
  const tip = (await log.tip('fusee/status')) as CommitSha
  const packs = join(served.repository, 'objects/pack')
  for (const name of await readdir(packs)) await rename(join(packs, name), join(served.folder, name))
  const forged = Buffer.from('tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n\nforged')
  const folder = join(served.repository, 'objects', tip.slice(0, 2))
  await removeFolder(folder)
  await mkdir(folder)
  await writeFile(join(folder, tip.slice(2)), deflateSync(Buffer.concat([Buffer.from(`commit ${forged.length}\0`), forged])))
  await expect(log.commit(tip)).rejects.toMatchObject({ kind: 'Corrupt' })
})

it('says where a shallow clone ends', async () => {
  const clone = join(served.folder, 'shallow')
  await runGit(served.folder, ['clone', '--quiet', '--depth=1', '--branch=fusee/status', served.url, clone])
  const { log } = await openRepository({ url: clone, branch: null, statusBranch: 'fusee/status', dataFolder: '/nowhere' })
  const [parent] = (await log.commit((await log.tip('fusee/status')) as CommitSha)).parents
  await expect(log.commit(parent as CommitSha)).rejects.toMatchObject({ kind: 'ObjectNotFound' })
})

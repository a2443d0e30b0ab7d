import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openRepository } from '../../../src/git/open.ts'
import { checkObjects, findTip, importCommits, runGit } from '../../support/git-program.ts'
import { serveRepository } from '../../support/git-served.ts'
import { removeFolder } from '../../support/remove-folder.ts'

const run = promisify(execFile)
const KIB = 1024
const FILES = new Map([['history/README.md', Buffer.from('hello')]])

/** Whether this machine lets us mount a small disk; only then can it be full without harm. */
async function canMount(): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'fusee-mount-'))
  const mounted = await mount(folder).then(
    () => true,
    () => false,
  )
  if (mounted) await run('umount', [folder])
  await removeFolder(folder)
  return mounted
}

async function mount(folder: string): Promise<void> {
  await run('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', folder])
}

describe.runIf(await canMount())('a disk', () => {
  let disk: string
  beforeEach(async () => {
    disk = await mkdtemp(join(tmpdir(), 'fusee-disk-'))
    await mount(disk)
  })
  afterEach(async () => {
    await run('umount', [disk])
    await removeFolder(disk)
  })

  /** Takes all room but that much. */
  async function fill(leave: number): Promise<void> {
    await writeFile(join(disk, 'filler'), Buffer.alloc(KIB * 1024)).catch(() => undefined)
    const { stdout } = await run('stat', ['-c', '%s', join(disk, 'filler')])
    await run('truncate', ['-s', String(Number(stdout) - leave), join(disk, 'filler')])
  }

  const amounts = [0, 4 * KIB, 8 * KIB, 16 * KIB]
  it.each(amounts)('that is full leaves a local branch as it was, with %i bytes left', async (leave) => {
    const url = join(disk, 'repo.git')
    await runGit(disk, ['init', '--quiet', '--bare', '--initial-branch=main', '--template=', url])
    const { status } = await openRepository({ url, branch: null, statusBranch: 'fusee/status', dataFolder: '' })
    const first = await status.commit(null, FILES, 'first')
    await fill(leave)
    const big = new Map([['history/big', Buffer.from(Array.from({ length: 9000 }, (_, index) => Math.sin(index)).join(''))]])
    await expect(status.commit(first, big, 'second')).rejects.toMatchObject({
      kind: 'Storage',
      message: expect.stringMatching(/the disk is full; make room/) as unknown,
    })
    expect(await findTip(url, 'refs/heads/fusee/status')).toBe(first)
    await rm(join(disk, 'filler'))
    const names = await readdir(url, { recursive: true })
    expect(names.filter((name) => name.includes('tmp_obj') || name.endsWith('.lock') || name.startsWith('fusee/'))).toEqual([])
    expect(await status.fetchTip()).toBe(first)
    await status.commit(first, new Map([['b', Buffer.from('1')]]), 'second')
    await checkObjects(url)
  })

  it.each(amounts)('that is full fails a fetch, which works when there is room, with %i bytes left', async (leave) => {
    const served = await serveRepository()
    try {
      await importCommits(served.repository, [
        Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`${Math.sin(index)}/${Math.cos(index)}`, String(index)])),
      ])
      await mkdir(join(disk, 'data'))
      await fill(leave)
      const { source } = await served.open({ dataFolder: join(disk, 'data') })
      await expect(source.fetchTip()).rejects.toMatchObject({ kind: 'Storage' })
      await rm(join(disk, 'filler'))
      const tip = await source.fetchTip()
      expect(await source.changedPaths(null, tip)).toHaveLength(300)
      expect((await readdir(join(disk, 'data/source'), { recursive: true })).filter((name) => name.includes('incoming'))).toEqual([])
    } finally {
      await served.close()
    }
  })

  it('that is full does not make a push that arrived look failed', async () => {
    const served = await serveRepository()
    try {
      await mkdir(join(disk, 'data'))
      const { status } = await served.open({ dataFolder: join(disk, 'data') })
      await fill(0)
      const first = await status.commit(null, FILES, 'first')
      expect(await findTip(served.repository, 'refs/heads/fusee/status')).toBe(first)
      await rm(join(disk, 'filler'))
      expect(Buffer.from((await status.read('history/README.md')) ?? []).toString()).toBe('hello')
      const second = await status.commit(first, new Map([['b', Buffer.from('1')]]), 'second')
      expect(await findTip(served.repository, 'refs/heads/fusee/status')).toBe(second)
    } finally {
      await served.close()
    }
  })

  it('that is read-only says so', async () => {
    const url = join(disk, 'repo.git')
    await runGit(disk, ['init', '--quiet', '--bare', '--initial-branch=main', '--template=', url])
    await run('mount', ['-o', 'remount,ro', disk])
    const { status } = await openRepository({ url, branch: null, statusBranch: 'fusee/status', dataFolder: '' })
    await expect(status.commit(null, FILES, 'first')).rejects.toMatchObject({
      kind: 'Storage',
      message: expect.stringMatching(/read-only; mount it writable/) as unknown,
    })
  })
})

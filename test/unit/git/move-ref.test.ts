import { spawn } from 'node:child_process'
import { link, mkdir, readdir, stat, utimes, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createOwnerName, describeThisProcess } from '../../../src/git/lock-owner.ts'
import { moveRef } from '../../../src/git/move-ref.ts'
import type { CommitSha } from '../../../src/git/ports.ts'
import type { CheckedOutRepository } from '../../support/git-folder.ts'
import { createCheckout } from '../../support/git-folder.ts'
import { findTip, importCommits, runGit } from '../../support/git-program.ts'

const REF = 'refs/heads/fusee/status'
let repo: CheckedOutRepository
let commonFolder: string
let first: CommitSha
let second: CommitSha
beforeEach(async () => {
  repo = await createCheckout()
  commonFolder = join(repo.checkout, '.git')
  first = await importCommits(repo.checkout, [{ a: '1' }], { branch: 'fusee/status' })
  second = await importCommits(repo.checkout, [{ a: '2' }], { branch: 'second' })
})
afterEach(() => repo.close())

const move = (lockWaitMs = 0): Promise<void> => moveRef({ commonFolder, ref: REF, expected: first, next: second, lockWaitMs })
const lock = (): string => join(commonFolder, `${REF}.lock`)

/** A lock as a process of ours leaves it when it is killed while it holds it. */
async function leaveLock(ownerName: string): Promise<void> {
  const owned = join(commonFolder, 'fusee', ownerName)
  await mkdir(join(commonFolder, 'fusee'), { recursive: true })
  await writeFile(owned, `${second}\n`)
  await link(owned, lock())
}

describe('a lock on the branch', () => {
  it('of a git program is waited for, and says what to do when it stays', async () => {
    await writeFile(lock(), '')
    await expect(move(60)).rejects.toMatchObject({
      kind: 'Unreachable',
      message: expect.stringMatching(/status.lock is held by another program: .*remove that file/) as unknown,
    })
    expect(await findTip(repo.checkout, REF)).toBe(first)
    expect((await stat(lock())).size).toBe(0)
  })

  it('of a process that was killed is taken away', async () => {
    await killWhileLocked(commonFolder, first, second)
    expect((await stat(lock())).isFile()).toBe(true)
    await expect(runGit(repo.checkout, ['update-ref', REF, second])).rejects.toThrow(/lock/)
    await move()
    expect(await findTip(repo.checkout, REF)).toBe(second)
    expect(await readdir(join(commonFolder, 'fusee'))).toEqual([])
  })

  it('of a process whose id somebody else has now is taken away', async () => {
    const self = await describeThisProcess()
    await leaveLock(createOwnerName({ ...self, startedAtTicks: '1' }))
    await move()
    expect(await findTip(repo.checkout, REF)).toBe(second)
  })

  it('of a living process of ours stays', async () => {
    await leaveLock(createOwnerName(await describeThisProcess()))
    await expect(move()).rejects.toMatchObject({ kind: 'Unreachable' })
  })

  it('from another machine stays until it is too old to be in use', async () => {
    const name = createOwnerName({ place: '0123456789ab', pid: 1, startedAtTicks: '1' })
    await leaveLock(name)
    await expect(move()).rejects.toMatchObject({ kind: 'Unreachable' })
    const longAgo = new Date(Date.now() - 3_600_000)
    await utimes(join(commonFolder, 'fusee', name), longAgo, longAgo)
    await move()
    expect(await findTip(repo.checkout, REF)).toBe(second)
  })

  it('of a git program is not taken for ours because ours lie about', async () => {
    const self = await describeThisProcess()
    await mkdir(join(commonFolder, 'fusee'), { recursive: true })
    await writeFile(join(commonFolder, 'fusee', createOwnerName({ ...self, pid: 2 ** 22 + 1 })), `${second}\n`)
    await writeFile(join(commonFolder, 'fusee', 'readme'), '')
    await writeFile(lock(), `${second}\n`)
    await expect(move()).rejects.toMatchObject({ kind: 'Unreachable' })
  })

  it('that was left is taken away by one of many', async () => {
    const self = await describeThisProcess()
    await leaveLock(createOwnerName({ ...self, pid: 2 ** 22 + 1 }))
    const results = await Promise.allSettled(Array.from({ length: 6 }, () => move(2000)))
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1)
    for (const result of results) if (result.status === 'rejected') expect(result.reason).toMatchObject({ kind: 'Raced' })
    expect(await findTip(repo.checkout, REF)).toBe(second)
  })
})

/** Runs `moveRef` in a process that kills itself at the rename, when it holds the lock. */
async function killWhileLocked(folder: string, expected: string, next: string): Promise<void> {
  const script = `
    import fs from 'node:fs/promises'
    import { syncBuiltinESMExports } from 'node:module'
    fs.rename = () => process.kill(process.pid, 'SIGKILL')
    syncBuiltinESMExports()
    const { moveRef } = await import(${JSON.stringify(resolve('src/git/move-ref.ts'))})
    await moveRef(${JSON.stringify({ commonFolder: folder, ref: REF, expected, next, lockWaitMs: 0 })})`
  const outfile = join(repo.folder, 'killed.mjs')
  await build({ stdin: { contents: script, resolveDir: '.' }, bundle: true, platform: 'node', format: 'esm', outfile, logLevel: 'silent' })
  const child = spawn(process.execPath, [outfile], { stdio: 'ignore' })
  const signal = await new Promise((settle) => child.on('exit', (_code, killedBy) => settle(killedBy)))
  expect(signal).toBe('SIGKILL')
}

describe('beside git programs', () => {
  it('no write of either is lost', async () => {
    const { status } = await repo.open()
    const counts = { ours: 0, theirs: 0 }
    const ourTry = async (): Promise<void> => {
      const tip = await status.fetchTip()
      const files = new Map([[`ours/${counts.ours}`, Buffer.from('x')]])
      const done = await succeeds(status.commit(tip, files, 'ours'), (error) => expect(error).toMatchObject({ kind: 'Raced' }))
      if (done) counts.ours++
    }
    const theirTry = async (): Promise<void> => {
      const tip = (await findTip(repo.checkout, REF)) ?? ''
      const commit = await runGit(repo.checkout, ['commit-tree', '-p', tip, '-m', 'theirs', `${tip}^{tree}`])
      if (await succeeds(runGit(repo.checkout, ['update-ref', REF, commit, tip]))) counts.theirs++
    }
    const packing = async (): Promise<void> => {
      await succeeds(runGit(repo.checkout, ['pack-refs', '--all', '--prune']))
    }
    for (let round = 0; round < 12; round++) await Promise.all([ourTry(), theirTry(), packing()])
    await ourTry()
    const subjects = (await runGit(repo.checkout, ['log', '--format=%s', REF])).split('\n')
    expect(subjects.filter((subject) => subject === 'ours')).toHaveLength(counts.ours)
    expect(subjects.filter((subject) => subject === 'theirs')).toHaveLength(counts.theirs)
    expect(counts.ours + counts.theirs).toBeGreaterThan(10)
  })
})

async function succeeds(work: Promise<unknown>, onError: (error: unknown) => void = () => undefined): Promise<boolean> {
  try {
    await work
    return true
  } catch (error) {
    onError(error)
    return false
  }
}

import { join } from 'node:path'
import type { CommitSha } from './ports.ts'
import { asCommitSha } from './ports.ts'
import { branchRef, originRef, readRef } from './refs.ts'
import { locateRepository, readText } from './repository-folder.ts'

/** A commit that a ref of this clone has been at. */
export interface RefLogEntry {
  commit: CommitSha
  /** As git writes it: `refs/remotes/origin/main@{0}`, the newest first. */
  from: string
}

const NOTHING = '0'.repeat(40)

/**
 * Where a branch of this clone, or else that of `origin`, has been since it was cloned, newest first. Git keeps no such log in a bare
 * repository, and forgets its entries after some months. Throws GitError.
 */
export async function readRefLog(path: string, branch: string): Promise<RefLogEntry[]> {
  const own = branchRef(branch)
  const { commonFolder } = await locateRepository(path)
  const ref = (await readRef(commonFolder, own)) === null ? originRef(branch) : own
  const text = (await readText(join(commonFolder, 'logs', ref))) ?? ''
  const lines = text.split('\n').filter((line) => /^[0-9a-f]{40} [0-9a-f]{40} /.test(line))
  const last = lines.length - 1
  const entries = lines.map((line, index) => ({ id: line.slice(41, 81), from: `${ref}@{${last - index}}` }))
  const first = lines[0]?.slice(0, 40) ?? NOTHING
  return [{ id: first, from: `${ref}@{${lines.length}}` }, ...entries]
    .filter(({ id }) => id !== NOTHING)
    .map(({ id, from }) => ({ commit: asCommitSha(id), from }))
    .reverse()
}

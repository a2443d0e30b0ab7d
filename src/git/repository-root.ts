import { dirname, resolve } from 'node:path'
import type { CommitSha } from './ports.ts'
import { readHead, readRef } from './refs.ts'
import { findRepository } from './repository-folder.ts'

/** The nearest folder, from `folder` upwards, that holds a Git repository; null when there is none. Throws GitError for a repository that we cannot read. */
export async function findRepositoryRoot(folder: string): Promise<string | null> {
  for (let current = resolve(folder); ; current = dirname(current)) {
    if ((await findRepository(current)) !== null) return current
    if (dirname(current) === current) return null
  }
}

/** The commit that HEAD of the repository around `folder` is at; null outside of a repository and before its first commit. Throws GitError. */
export async function readHeadCommit(folder: string): Promise<CommitSha | null> {
  const root = await findRepositoryRoot(folder)
  const repository = root === null ? null : await findRepository(root)
  if (repository === null) return null
  const head = await readHead(repository)
  if (head.kind === 'branch') return readRef(repository.commonFolder, `refs/heads/${head.branch}`)
  return head.kind === 'detached' ? head.commit : null
}

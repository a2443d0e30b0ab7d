import { tmpdir } from 'node:os'
import type { Files } from '../definitions/files.ts'
import { openRepository } from './open.ts'
import type { CommitSha } from './ports.ts'
import { GitError } from './ports.ts'
import { readRef } from './refs.ts'
import { readHeadCommit } from './repository-root.ts'
import { locateRepository } from './repository-folder.ts'

/** A commit of a local repository, named as people name it: HEAD, a branch, a tag or a whole commit id. Throws GitError when there is none. */
export async function resolveCommit(folder: string, name: string): Promise<{ commit: CommitSha; files: Files }> {
  const commit = await findCommit(folder, name)
  if (commit === null) {
    throw new GitError('BranchNotFound', `no commit ${JSON.stringify(name)} in ${folder}: name HEAD, a branch, a tag or all 40 digits of a commit`)
  }
  const repository = openRepository({ url: folder, branch: null, statusBranch: 'fusee/status', dataFolder: tmpdir() })
  return { commit, files: repository.source.filesAt(commit) }
}

async function findCommit(folder: string, name: string): Promise<CommitSha | null> {
  if (/^[0-9a-f]{40}$/.test(name)) return name as CommitSha
  if (name === 'HEAD') return readHeadCommit(folder)
  const { commonFolder } = await locateRepository(folder)
  for (const prefix of ['refs/heads/', 'refs/tags/', 'refs/remotes/', 'refs/']) {
    const commit = await readRef(commonFolder, `${prefix}${name}`)
    if (commit !== null) return commit
  }
  return null
}

import fs from 'node:fs'
import { relative, resolve } from 'node:path'
import git from 'isomorphic-git'
import type { Files } from '../definitions/files.ts'
import type { CommitAccess } from './object-reader.ts'
import { createPlainAccess } from './object-reader.ts'
import type { ObjectStore } from './object-store.ts'
import { createObjectStore } from './object-store.ts'
import { EMPTY_TREE } from './objects.ts'
import type { CommitSha } from './ports.ts'
import { GitError, asCommitSha } from './ports.ts'
import { createCommitFiles } from './read-source.ts'
import type { RepositoryFolder } from './repository-folder.ts'
import { locateRepository } from './repository-folder.ts'
import { findRepositoryRoot, readHeadCommit } from './repository-root.ts'
import { findFolder } from './tree-walk.ts'

/** A commit that somebody named, with its files. */
export interface ResolvedCommit {
  commit: CommitSha
  /** Relative to the folder that was asked about, also when that lies within the repository. */
  files: Files
}

/**
 * The commit that `name` means in the repository around `folder`: HEAD, a branch, a tag, a remote's branch, an id or the
 * start of one, each followed by any number of `~N` and `^N`. Throws GitError `BranchNotFound` when it means none.
 */
export async function resolveCommit(folder: string, name: string): Promise<ResolvedCommit> {
  const root = (await findRepositoryRoot(folder)) ?? folder
  const repository = await locateRepository(root)
  const store = createObjectStore({ folders: repository.objectFolders, where: root, shared: true })
  const [, base = '', steps = ''] = /^(.*?)((?:[~^]\d*)*)$/.exec(name) ?? []
  let commit = await resolveBase(repository, root, base)
  for (const step of steps.match(/[~^]\d*/g) ?? []) commit = commit === null ? null : await takeStep(store, commit, step)
  if (commit === null) throw new GitError('BranchNotFound', `${JSON.stringify(name)} is no commit of ${root}: name a branch, a tag or a commit id`)
  await store.commit(commit)
  const inside = relative(root, resolve(folder))
  return { commit: asCommitSha(commit), files: createCommitFiles(withinFolder(createPlainAccess(store), inside), asCommitSha(commit)) }
}

async function resolveBase(repository: RepositoryFolder, root: string, base: string): Promise<string | null> {
  if (base === 'HEAD' || base === '@' || base === '') return readHeadCommit(root)
  for (const gitdir of repository.objectFolders) {
    const id = await findId(gitdir, base)
    if (id !== null) return peelTag(gitdir, id)
  }
  return null
}

async function findId(gitdir: string, base: string): Promise<string | null> {
  try {
    return await git.resolveRef({ fs, gitdir, ref: base })
  } catch {
    // No ref: perhaps the start of an id.
  }
  try {
    return /^[0-9a-f]{4,40}$/i.test(base) ? await git.expandOid({ fs, gitdir, oid: base.toLowerCase() }) : null
  } catch {
    return null
  }
}

/** What an annotated tag is on. */
async function peelTag(gitdir: string, id: string): Promise<string> {
  try {
    const { tag } = await git.readTag({ fs, gitdir, oid: id })
    return await peelTag(gitdir, tag.object)
  } catch {
    return id
  }
}

async function takeStep(store: ObjectStore, commit: string, step: string): Promise<string | null> {
  const count = step.length === 1 ? 1 : Number(step.slice(1))
  if (step.startsWith('^')) return count === 0 ? commit : ((await store.commit(commit)).parents[count - 1] ?? null)
  let current: string | null = commit
  for (let index = 0; index < count && current !== null; index++) current = (await store.commit(current)).parents[0] ?? null
  return current
}

/** Reads commits as if they held only one folder. */
function withinFolder(access: CommitAccess, folder: string): CommitAccess {
  return {
    blob: (id, alsoWanted) => access.blob(id, alsoWanted),
    at: (commit, read) => access.at(commit, async (reader, tree) => read(reader, (await findFolder(reader, tree, folder)) ?? EMPTY_TREE)),
  }
}

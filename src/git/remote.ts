import { join } from 'node:path'
import type { BuiltCommit, CommitStyle } from './build-commit.ts'
import { buildCommit } from './build-commit.ts'
import { describeMissingBranch, racedError } from './branch-errors.ts'
import type { CommitAccess, ObjectReader } from './object-reader.ts'
import { MissingObjectError } from './object-reader.ts'
import type { CommitSha, SourceRepository, StatusBranch } from './ports.ts'
import { GitError, asCommitSha } from './ports.ts'
import { createSourceReader } from './read-source.ts'
import { listStatusFolder, readStatusFile } from './read-status.ts'
import { push } from './receive-pack.ts'
import { branchRef } from './refs.ts'
import { createDeeperHistory, createRemoteAccess } from './remote-access.ts'
import type { RemoteBranch } from './remote-branch.ts'
import { createRemoteBranch } from './remote-branch.ts'
import type { SmartHttp } from './smart-http.ts'
import type { UploadPack } from './upload-pack.ts'

/** A remote, and the folder of this disk for what is fetched from it. */
export interface Remote {
  http: SmartHttp
  uploadPack: UploadPack
  dataFolder: string
}

/** Follows a branch of a remote; null follows the branch that its HEAD is on at the first look. */
export function createRemoteSource(remote: Remote, branch: string | null): SourceRepository {
  let followed = branch
  const objects = createRemoteBranch({
    uploadPack: remote.uploadPack,
    folder: join(remote.dataFolder, 'source'),
    url: remote.http.where,
    ref: branch === null ? 'HEAD' : branchRef(branch),
  })

  async function look(signal?: AbortSignal): Promise<CommitSha> {
    if (followed === null) {
      const { headBranch } = await remote.uploadPack.refs(['HEAD'], signal)
      if (headBranch === null) throw await noDefaultBranchError(remote, signal)
      followed = headBranch
    }
    const tip = await findBranch(remote, followed, signal)
    if (tip !== null) return tip
    throw new GitError('BranchNotFound', describeMissingBranch(remote.http.where, followed, await listRemoteBranches(remote, signal)))
  }

  return {
    ...createSourceReader(createRemoteAccess(objects), createDeeperHistory(objects)),
    get branch() {
      return followed ?? ''
    },
    async fetchTip(signal) {
      signal?.throwIfAborted()
      const tip = await look(signal)
      await objects.follow(tip, signal)
      return tip
    },
  }
}

async function findBranch(remote: Remote, branch: string, signal?: AbortSignal): Promise<CommitSha | null> {
  const ref = branchRef(branch)
  const id = (await remote.uploadPack.refs([ref], signal)).refs.get(ref)
  return id === undefined ? null : asCommitSha(id)
}

async function listRemoteBranches(remote: Remote, signal?: AbortSignal): Promise<string[]> {
  const { refs } = await remote.uploadPack.refs(['refs/heads/'], signal)
  return [...refs.keys()]
    .filter((ref) => ref.startsWith('refs/heads/'))
    .map((ref) => ref.slice('refs/heads/'.length))
    .sort()
}

async function noDefaultBranchError(remote: Remote, signal?: AbortSignal): Promise<GitError> {
  const branches = await listRemoteBranches(remote, signal)
  const where = remote.http.where
  if (branches.length === 0) return new GitError('BranchNotFound', `${where} is empty: push a first commit`)
  return new GitError('BranchNotFound', `HEAD of ${where} is on no branch: name the branch to follow (${branches.slice(0, 5).join(', ')})`)
}

/** Writes the status branch of a remote. */
export function createRemoteStatus(remote: Remote, branch: string, style: CommitStyle): StatusBranch {
  const ref = branchRef(branch)
  const objects = createRemoteBranch({ uploadPack: remote.uploadPack, folder: join(remote.dataFolder, 'status'), url: remote.http.where, ref })
  const access = createRemoteAccess(objects)
  let tip: CommitSha | null = null
  return {
    async fetchTip(signal) {
      signal?.throwIfAborted()
      const found = await findBranch(remote, branch, signal)
      if (found !== null) await objects.follow(found, signal)
      tip = found
      return tip
    },
    read: (file) => readStatusFile(access, tip, file),
    list: (folder) => listStatusFolder(access, tip, folder),
    async commit(parent, changes, message, signal) {
      signal?.throwIfAborted()
      const build = (reader: ObjectReader): Promise<BuiltCommit> => buildCommit(reader, parent, changes, message, style)
      const built = parent === null ? await build(NO_OBJECTS) : await buildOn(access, parent, build)
      await pushCommit(remote, branch, parent, built, signal)
      await keep(objects, built)
      tip = built.id
      return built.id
    },
  }
}

/** For a first commit there is nothing to read. */
const NO_OBJECTS: ObjectReader = {
  commit: (id) => Promise.reject(new MissingObjectError(id, 'an empty branch')),
  tree: (id) => Promise.reject(new MissingObjectError(id, 'an empty branch')),
  blob: (id) => Promise.reject(new MissingObjectError(id, 'an empty branch')),
}

async function buildOn(access: CommitAccess, parent: CommitSha, build: (reader: ObjectReader) => Promise<BuiltCommit>): Promise<BuiltCommit> {
  return access.at(parent, build)
}

async function pushCommit(remote: Remote, branch: string, parent: CommitSha | null, built: BuiltCommit, signal?: AbortSignal): Promise<void> {
  const ref = branchRef(branch)
  const result = await push(remote.http, { ref, expected: parent, next: built.id, objects: built.objects }, signal)
  if (result.kind === 'moved') return
  // Servers word a lost race in many ways; where the branch is now tells it from a refusal.
  const now = await findBranch(remote, branch, signal)
  if (now === built.id) return
  if (now !== parent) throw racedError(remote.http.where, ref)
  throw new GitError('PushRefused', `${remote.http.where} refuses to move ${ref}: ${result.reason}; allow it there, or choose another status branch`)
}

/** The push has succeeded, so that a full disk here must not look like a failed one: what is not kept is fetched when it is needed. */
async function keep(objects: RemoteBranch, built: BuiltCommit): Promise<void> {
  try {
    await objects.adopt(built)
  } catch (error) {
    if (!(error instanceof GitError)) throw error
  }
}

import { createHash } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { BuiltCommit, CommitStyle } from './build-commit.ts'
import { buildCommit } from './build-commit.ts'
import { describeMissingBranch, racedError, refusalError } from './branch-errors.ts'
import type { CommitAccess, ObjectReader } from './object-reader.ts'
import { MissingObjectError } from './object-reader.ts'
import type { CommitSha, SourceRepository, StatusBranch } from './ports.ts'
import { GitError, asCommitSha } from './ports.ts'
import { createSourceReader } from './read-source.ts'
import type { StatusTip } from './read-status.ts'
import { isStatusSigned, listStatusFolder, readStatusFile, statusFolderId } from './read-status.ts'
import type { ReviewPlace } from './review.ts'
import { push } from './receive-pack.ts'
import { branchRef } from './refs.ts'
import { createDeeperHistory, createRemoteAccess } from './remote-access.ts'
import type { GenerationBounds, RemoteBranch } from './remote-branch.ts'
import { createRemoteBranch } from './remote-branch.ts'
import type { GitTransport } from './transport.ts'
import type { UploadPack } from './upload-pack.ts'

/** Folders below that of a remote: for the branch that is followed, for the status branch, and for branches that are read because of reviews. */
export const SOURCE_FOLDER = 'source'
export const STATUS_FOLDER = 'status'
export const REVIEWS_FOLDER = 'review'

/** A remote, and the folder of this disk for what is fetched from it. */
export interface Remote {
  transport: GitTransport
  uploadPack: UploadPack
  dataFolder: string
  /** When what is kept is tidied up. */
  bounds?: GenerationBounds | undefined
  /** What lets go of open files; what opens some adds itself. */
  closing: (() => Promise<void>)[]
}

/** Follows a branch of a remote; null follows the branch that its HEAD is on at the first look, and another one only when that is gone. */
export function createRemoteSource(remote: Remote, branch: string | null): SourceRepository {
  let followed = branch
  const objects = createRemoteBranch({
    uploadPack: remote.uploadPack,
    folder: join(remote.dataFolder, SOURCE_FOLDER),
    url: remote.transport.where,
    ref: branch === null ? 'HEAD' : branchRef(branch),
    bounds: remote.bounds,
  })

  remote.closing.push(() => objects.close())

  async function look(signal?: AbortSignal): Promise<CommitSha> {
    const wanted = branch ?? followed
    const { refs, headBranch } = await remote.uploadPack.refs(
      [...(branch === null ? ['HEAD'] : []), ...(wanted === null ? [] : [branchRef(wanted)])],
      signal,
    )
    const id = wanted === null ? undefined : refs.get(branchRef(wanted))
    if (wanted !== null && id !== undefined) return asCommitSha(id)
    // The default, at the first look and whenever the one that was followed is gone: it may have been renamed.
    const tip = branch === null && headBranch !== null && headBranch !== wanted ? await findBranch(remote, headBranch, signal) : null
    if (tip !== null) followed = headBranch
    if (tip !== null) return tip
    const missing = wanted ?? headBranch
    if (missing === null) throw await noDefaultBranchError(remote, signal)
    throw new GitError('BranchNotFound', describeMissingBranch(remote.transport.where, missing, await listRemoteBranches(remote, signal)))
  }

  return {
    ...createSourceReader(createRemoteAccess(objects), createDeeperHistory(objects)),
    get branch() {
      return followed ?? ''
    },
    keep: (commits) => objects.keep(commits),
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
  const where = remote.transport.where
  if (branches.length === 0) return new GitError('BranchNotFound', `${where} is empty: push a first commit`)
  return new GitError('BranchNotFound', `HEAD of ${where} is on no branch: name the branch to follow (${branches.slice(0, 5).join(', ')})`)
}

/** What is fetched of a branch that we write, or read beside it. */
function openObjects(remote: Remote, branch: string, folder: string): RemoteBranch {
  const objects = createRemoteBranch({
    uploadPack: remote.uploadPack,
    folder: join(remote.dataFolder, folder),
    url: remote.transport.where,
    ref: branchRef(branch),
    bounds: remote.bounds,
  })
  remote.closing.push(() => objects.close())
  return objects
}

/** What is fetched of the status branch of a remote: its writer and its reviews share it. */
export function createStatusObjects(remote: Remote, branch: string): RemoteBranch {
  return openObjects(remote, branch, STATUS_FOLDER)
}

/** Branches of review of a remote. Each branch that is read has a folder; that of the status branch is shared with its writer. */
export function createRemoteReviewPlace(remote: Remote, statusBranch: string, status: RemoteBranch): ReviewPlace {
  const opened = new Map<string, RemoteBranch>([[statusBranch, status]])
  const folderOf = (branch: string): string => createHash('sha256').update(branch).digest('hex').slice(0, 16)
  const objectsOf = (branch: string): RemoteBranch => {
    const known = opened.get(branch)
    if (known !== undefined) return known
    const objects = openObjects(remote, branch, join(REVIEWS_FOLDER, folderOf(branch)))
    opened.set(branch, objects)
    return objects
  }

  /** What was fetched of branches that are gone, by this process or one before it, nobody reads again. */
  async function forgetOthers(branches: readonly string[]): Promise<void> {
    for (const [branch, objects] of opened) {
      if (branch === statusBranch || branches.includes(branch)) continue
      opened.delete(branch)
      await objects.close()
    }
    const folder = join(remote.dataFolder, REVIEWS_FOLDER)
    const kept = branches.map(folderOf)
    const others = (await readdir(folder).catch(() => [])).filter((name) => !kept.includes(name))
    await Promise.all(others.map((name) => rm(join(folder, name), { recursive: true, force: true }).catch(() => undefined)))
  }

  return {
    async branches(into, prefix, signal) {
      const { refs } = await remote.uploadPack.refs([branchRef(into), `refs/heads/${prefix}`], signal)
      const found = new Map([...refs].map(([ref, id]) => [ref.slice('refs/heads/'.length), asCommitSha(id)] as const))
      await forgetOthers([into, ...found.keys()])
      return found
    },
    async at(branch, commit, read, signal) {
      const objects = objectsOf(branch)
      if (branch !== statusBranch) await objects.follow(commit, signal)
      return createRemoteAccess(objects).at(commit, read)
    },
    move: (branch, expected, built, signal) => pushCommit(remote, branch, expected, built, signal),
  }
}

/** Writes the status branch of a remote. */
export function createRemoteStatus(remote: Remote, branch: string, style: CommitStyle, objects: RemoteBranch): StatusBranch {
  const access = createRemoteAccess(objects)
  let tip: StatusTip
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
    folderId: (folder) => statusFolderId(access, tip, folder),
    isSigned: () => isStatusSigned(access, tip),
    async commit(parent, changes, message, signal) {
      signal?.throwIfAborted()
      // A late answer may have moved where files are read: the changes were made of another commit than they would be built on.
      if (tip !== undefined && tip !== parent) throw racedError(remote.transport.where, branchRef(branch))
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
  const result = await push(remote.transport, { ref, expected: parent, next: built.id, objects: built.objects }, signal)
  if (result.kind === 'moved') return
  // Servers word a lost race in many ways; where the branch is now tells it from a refusal.
  const now = await findBranch(remote, branch, signal)
  if (now === built.id) return
  if (now !== parent) throw racedError(remote.transport.where, ref)
  throw refusalError(remote.transport.where, ref, result.reason)
}

/** The push has succeeded, so that a full disk here must not look like a failed one: what is not kept is fetched when it is needed. */
async function keep(objects: RemoteBranch, built: BuiltCommit): Promise<void> {
  try {
    await objects.adopt(built)
  } catch (error) {
    if (!(error instanceof GitError)) throw error
  }
}

import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { CommitStyle } from './build-commit.ts'
import { FUSEE_AUTHOR } from './build-commit.ts'
import type { Credentials } from './credentials.ts'
import { splitCredentials } from './credentials.ts'
import { CREDENTIALS, USER_AND_HOST, showUrl } from './failures.ts'
import { createLocalLog, createRemoteLog } from './commit-log.ts'
import { createHttpClient } from './http-client.ts'
import { createHttpTransport } from './http-transport.ts'
import { createLocalRepository, createLocalReviewPlace, createLocalSource, createLocalStatus } from './local.ts'
import type { CommitLog, CommitSigner, ReviewBranches, SourceRepository, StatusBranch } from './ports.ts'
import { GitError } from './ports.ts'
import { branchRef } from './refs.ts'
import type { ProxyVariables } from './proxy.ts'
import type { GenerationBounds } from './remote-branch.ts'
import type { Remote } from './remote.ts'
import {
  createRemoteReviewPlace,
  createRemoteSource,
  createRemoteStatus,
  createStatusObjects,
  REVIEWS_FOLDER,
  SOURCE_FOLDER,
  STATUS_FOLDER,
} from './remote.ts'
import { createReviewBranches } from './review.ts'
import { createSshTransport } from './ssh-transport.ts'
import type { SshPlace } from './ssh-url.ts'
import { parseSshUrl } from './ssh-url.ts'
import type { GitTransport } from './transport.ts'
import { createUploadPack } from './upload-pack.ts'

/** Which repository to open, and how. */
export interface OpenRepositoryOptions {
  /** An http, https or ssh URL, `user@host:path`, a file URL, or the path of a folder. User name and password in it are used when `credentials` has none. */
  url: string
  /** The branch to follow; null for the repository's default, which is HEAD's at the first look. */
  branch: string | null
  /** The branch that records are written to. */
  statusBranch: string
  /** Where fetched objects are kept; of this repository alone. Local folders need none. */
  dataFolder: string
  credentials?: Credentials
  /** Milliseconds since the Unix epoch, for the time of commits. Default: the system's clock. */
  now?: () => number
  /** Signs commits; unsigned without it. */
  sign?: CommitSigner | null
  /** Another repository that holds the status branch, with credentials of its own. */
  history?: { url: string; credentials?: Credentials }
  /** Longest silence of a remote; default 30 s. */
  idleTimeoutMs?: number
  /** Longest request as a whole; default 15 minutes. */
  totalTimeoutMs?: number
  /** Variables that name proxies, `HTTPS_PROXY` and the like, as in the environment; none without it. */
  proxies?: ProxyVariables
  /** How many files are kept of a remote before they are tidied up. */
  bounds?: GenerationBounds
  /** Whether a folder that does not have the status branch has it where its `origin` had it last. Not for who owns the branch. */
  orOfOrigin?: boolean
  /** Largest answer of a remote; default 512 MiB. */
  maxBytes?: number
}

/** Both ports of one repository, or of two. */
export interface OpenedRepository {
  /** The URL as it may be shown: without credentials. */
  url: string
  source: SourceRepository
  status: StatusBranch
  /** Reads the status branch commit by commit. */
  log: CommitLog
  /** Branches of review of what is to be merged into a branch, in the repository of the status branch. */
  reviews(into: string): ReviewBranches
  /** Cuts off what is under way. When it resolves nothing is written to the data folder any more. */
  close(): Promise<void>
}

/** Folder below `dataFolder` for what is read to verify a history. */
const LOG_FOLDER = 'log'

const IDLE_TIMEOUT_MS = 30_000
const TOTAL_TIMEOUT_MS = 15 * 60_000
const MAX_BYTES = 512 * 2 ** 20

/**
 * Opens a repository without looking at it yet: what is wrong with it, `fetchTip` says. Rejects with GitError for a URL
 * or branch name that can never work.
 */
export async function openRepository(options: OpenRepositoryOptions): Promise<OpenedRepository> {
  branchRef(options.statusBranch)
  if (options.branch !== null) branchRef(options.branch)
  const isElsewhere = options.history !== undefined && nameOfPlace(options.history.url) !== nameOfPlace(options.url)
  if (!isElsewhere && options.branch === options.statusBranch) throw isFollowed(options.url, options.statusBranch)
  const repository = openPlace(options.url, options.credentials, options)
  if (options.history === undefined) return { ...repository, status: besideSource(repository, repository.status, options.statusBranch) }
  const { url, credentials } = options.history
  const { status, log, reviews, close } = openPlace(url, credentials, options)
  return {
    url: repository.url,
    source: repository.source,
    status: isElsewhere ? status : besideSource(repository, status, options.statusBranch),
    log,
    reviews,
    async close() {
      await Promise.all([repository.close(), close()])
    },
  }
}

/** A default branch shows its name only when it is looked at: no record is ever written to the branch that is followed. */
function besideSource({ url, source }: OpenedRepository, status: StatusBranch, branch: string): StatusBranch {
  return {
    ...status,
    async commit(parent, changes, message, signal) {
      if (source.branch === branch) throw isFollowed(url, branch)
      return status.commit(parent, changes, message, signal)
    },
  }
}

function isFollowed(url: string, branch: string): GitError {
  return new GitError(
    'PushRefused',
    `${branch} of ${showUrl(url)} is the branch that is followed, and records need one of their own: name another in history.branch`,
  )
}

/**
 * Equal for what is one repository, as far as its URLs tell: who asks for it does not count, nor a `.git` or a slash at the end. Of folders `x` and
 * `x.git` are two, and `x/.git` is where `x` keeps its own.
 */
function nameOfPlace(url: string): string {
  const place = parseRepositoryUrl(url)
  const trimmed = (path: string): string => path.replace(/\/+$/, '').replace(/\.git$/, '')
  switch (place.kind) {
    case 'folder':
      return resolve(place.path).replace(/\/\.git$/, '')
    case 'http':
      return `${place.url.protocol}//${place.url.host}${trimmed(place.url.pathname)}`
    case 'ssh':
      return `ssh://${place.place.host.toLowerCase()}:${place.place.port}/${trimmed(place.place.path).replace(/^\/+/, '')}`
  }
}

function openPlace(url: string, credentials: Credentials | undefined, options: OpenRepositoryOptions): OpenedRepository {
  const style: CommitStyle = { author: FUSEE_AUTHOR, now: options.now ?? Date.now, sign: options.sign ?? null }
  const place = parseRepositoryUrl(url)
  if (place.kind === 'folder') return openFolder(place.path, options, style)
  return openRemote(openTransport(place, credentials ?? {}, options), options, style)
}

/** Which folders below `dataFolder` hold what was fetched of such a repository: none for a folder of this machine. Throws GitError. */
export function fetchedFolders({ url, history }: { url: string; history: { url: string } | null }): string[] {
  const isRemote = (place: string): boolean => parseRepositoryUrl(place).kind !== 'folder'
  return [...(isRemote(url) ? [SOURCE_FOLDER] : []), ...(isRemote(history?.url ?? url) ? [STATUS_FOLDER, REVIEWS_FOLDER, LOG_FOLDER] : [])]
}

/** Where a repository is. */
export type RepositoryPlace = { kind: 'folder'; path: string } | { kind: 'http'; url: URL } | { kind: 'ssh'; place: SshPlace }

/** Tells folders from remotes. Throws GitError for what this version cannot reach. */
export function parseRepositoryUrl(url: string): RepositoryPlace {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1]?.toLowerCase()
  // Read as host and path of ssh, or as a folder, a URL with a slash too few would show its password wherever it is named.
  if (scheme === undefined && /^(?:https?|ssh|ftp|file):/i.test(url)) throw noUrl(url)
  const ssh = parseSshUrl(url)
  if (ssh !== null) return { kind: 'ssh', place: ssh }
  if (scheme === undefined && (CREDENTIALS.test(url) || USER_AND_HOST.test(url))) throw noUrl(url)
  if (scheme === undefined) return { kind: 'folder', path: url }
  if (scheme === 'file') return { kind: 'folder', path: readFileUrl(url) }
  if ((scheme === 'http' || scheme === 'https') && URL.canParse(url)) return { kind: 'http', url: new URL(url) }
  throw noUrl(url)
}

function noUrl(url: string): GitError {
  return new GitError('RepositoryNotFound', `${showUrl(url)} is no URL that Fusee can follow: use https://, http://, ssh:// or the path of a folder`)
}

function readFileUrl(url: string): string {
  try {
    return fileURLToPath(url)
  } catch (error) {
    throw new GitError('RepositoryNotFound', `${showUrl(url)} names no folder of this machine: use file:///path or the path alone`, { cause: error })
  }
}

function openFolder(path: string, options: OpenRepositoryOptions, style: CommitStyle): OpenedRepository {
  const repository = createLocalRepository(path)
  return {
    url: path,
    source: createLocalSource(repository, path, options.branch),
    status: createLocalStatus(repository, path, options.statusBranch, style, options.orOfOrigin),
    log: createLocalLog(path),
    reviews: (into) => createReviewBranches(createLocalReviewPlace(repository, path), options.statusBranch, into, style),
    close: () => repository.close(),
  }
}

function openRemote(transport: GitTransport, options: OpenRepositoryOptions, style: CommitStyle): OpenedRepository {
  const uploadPack = createUploadPack(transport)
  const remote: Remote = { transport, uploadPack, dataFolder: options.dataFolder, bounds: options.bounds, closing: [] }
  const statusObjects = createStatusObjects(remote, options.statusBranch)
  return {
    url: transport.where,
    source: createRemoteSource(remote, options.branch),
    status: createRemoteStatus(remote, options.statusBranch, style, statusObjects),
    reviews: (into) => createReviewBranches(createRemoteReviewPlace(remote, options.statusBranch, statusObjects), options.statusBranch, into, style),
    log: createRemoteLog(uploadPack, transport.where, join(options.dataFolder, LOG_FOLDER)),
    async close() {
      transport.close()
      await Promise.all(remote.closing.map((close) => close()))
    },
  }
}

function openTransport(place: Exclude<RepositoryPlace, { kind: 'folder' }>, given: Credentials, options: OpenRepositoryOptions): GitTransport {
  const bounds = {
    idleTimeoutMs: options.idleTimeoutMs ?? IDLE_TIMEOUT_MS,
    totalTimeoutMs: options.totalTimeoutMs ?? TOTAL_TIMEOUT_MS,
    maxBytes: options.maxBytes ?? MAX_BYTES,
  }
  if (place.kind === 'ssh') return createSshTransport(place.place, given, bounds)
  const { url, credentials } = splitCredentials(place.url, given)
  return createHttpTransport(url, credentials, createHttpClient({ ...bounds, caCert: credentials.caCert, proxies: options.proxies ?? {} }))
}

import { fileURLToPath } from 'node:url'
import type { CommitStyle } from './build-commit.ts'
import { FUSEE_AUTHOR } from './build-commit.ts'
import type { Credentials } from './credentials.ts'
import { splitCredentials } from './credentials.ts'
import { showUrl } from './failures.ts'
import { createHttpClient } from './http-client.ts'
import { createLocalRepository, createLocalSource, createLocalStatus } from './local.ts'
import type { Author } from './objects.ts'
import type { SourceRepository, StatusBranch } from './ports.ts'
import { GitError } from './ports.ts'
import { branchRef } from './refs.ts'
import { createRemoteSource, createRemoteStatus } from './remote.ts'
import { createSmartHttp } from './smart-http.ts'
import { createUploadPack } from './upload-pack.ts'

/** Which repository to open, and how. */
export interface OpenRepositoryOptions {
  /** An http or https URL, a file URL, or the path of a folder. User name and password in it are used when `credentials` has none. */
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
  /** Author and committer of commits. */
  author?: Author
  /** Longest silence of a remote; default 30 s. */
  idleTimeoutMs?: number
  /** Largest answer of a remote; default 512 MiB. */
  maxBytes?: number
}

/** Both ports of one repository. */
export interface OpenedRepository {
  /** The URL as it may be shown: without credentials. */
  url: string
  source: SourceRepository
  status: StatusBranch
  /** Lets go of kept connections. */
  close(): void
}

const IDLE_TIMEOUT_MS = 30_000
const MAX_BYTES = 512 * 2 ** 20

/**
 * Opens a repository without looking at it yet: what is wrong with it, `fetchTip` says. Rejects with GitError for a URL
 * or branch name that can never work.
 */
export async function openRepository(options: OpenRepositoryOptions): Promise<OpenedRepository> {
  const style: CommitStyle = { author: options.author ?? FUSEE_AUTHOR, now: options.now ?? Date.now }
  branchRef(options.statusBranch)
  if (options.branch !== null) branchRef(options.branch)
  const place = parseRepositoryUrl(options.url)
  return place.kind === 'folder' ? openFolder(place.path, options, style) : openRemote(place.url, options, style)
}

/** Where a repository is. */
export type RepositoryPlace = { kind: 'folder'; path: string } | { kind: 'http'; url: URL }

/** Tells folders from remotes. Throws GitError for what this version cannot reach. */
export function parseRepositoryUrl(url: string): RepositoryPlace {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1]?.toLowerCase()
  // As git reads it: a colon before the first slash is a host to reach by ssh.
  if (scheme === undefined && !/^[^/\\]{2,}:/.test(url)) return { kind: 'folder', path: url }
  if (scheme === undefined || ['ssh', 'git+ssh', 'ssh+git'].includes(scheme)) {
    throw new GitError('RepositoryNotFound', `${showSshUrl(url)}: ssh is not supported by this version yet; use the repository's https URL`)
  }
  if (scheme === 'file') return { kind: 'folder', path: readFileUrl(url) }
  if ((scheme === 'http' || scheme === 'https') && URL.canParse(url)) return { kind: 'http', url: new URL(url) }
  throw new GitError('RepositoryNotFound', `${showUrl(url)} is no URL that Fusee can follow: use https://, http:// or the path of a folder`)
}

function readFileUrl(url: string): string {
  try {
    return fileURLToPath(url)
  } catch (error) {
    throw new GitError('RepositoryNotFound', `${showUrl(url)} names no folder of this machine: use file:///path or the path alone`, { cause: error })
  }
}

/** `user:password@host:path` may hold a password, too. */
function showSshUrl(url: string): string {
  return url.includes('://') ? showUrl(url) : url.replace(/^[^@]*@/, '')
}

function openFolder(path: string, options: OpenRepositoryOptions, style: CommitStyle): OpenedRepository {
  const repository = createLocalRepository(path)
  return {
    url: path,
    source: createLocalSource(repository, path, options.branch),
    status: createLocalStatus(repository, path, options.statusBranch, style),
    close: () => undefined,
  }
}

function openRemote(parsed: URL, options: OpenRepositoryOptions, style: CommitStyle): OpenedRepository {
  const { url, credentials } = splitCredentials(parsed, options.credentials ?? {})
  const client = createHttpClient({
    caCert: credentials.caCert,
    idleTimeoutMs: options.idleTimeoutMs ?? IDLE_TIMEOUT_MS,
    maxBytes: options.maxBytes ?? MAX_BYTES,
  })
  const http = createSmartHttp(url, credentials, client)
  const remote = { http, uploadPack: createUploadPack(http), dataFolder: options.dataFolder }
  return {
    url: http.where,
    source: createRemoteSource(remote, options.branch),
    status: createRemoteStatus(remote, options.statusBranch, style),
    close: () => http.close(),
  }
}

import { GitError } from './ports.ts'

/** Where a repository is that ssh reaches. */
export interface SshPlace {
  /** Null when the URL names none. */
  user: string | null
  host: string
  port: number
  /** As the server's git is to be given it. */
  path: string
  /** For messages: without the user. */
  where: string
}

const DEFAULT_PORT = 22
const SCHEMES = ['ssh:', 'git+ssh:', 'ssh+git:']

/** `user@host:path` as git reads it, or an ssh URL; null when it is neither. Throws GitError for one that cannot be read. */
export function parseSshUrl(url: string): SshPlace | null {
  const scheme = /^([a-z][a-z0-9+.-]*:)\/\//i.exec(url)?.[1]?.toLowerCase()
  if (scheme === undefined) return parseScpLike(url)
  if (!SCHEMES.includes(scheme)) return null
  // Only of schemes that it knows does the URL class read user and port as git does.
  const text = url.replace(/^[^/]+/, 'http:')
  if (!URL.canParse(text)) throw unreadable('an ssh URL')
  const parsed = new URL(text)
  const port = /^[^/]+\/\/(?:[^/]*@)?(?:\[[^\]]*\]|[^/:]*):(\d+)/.exec(url)?.[1]
  const path = decode(parsed.pathname)
  return checked({
    user: parsed.username === '' ? null : decode(parsed.username),
    host: parsed.hostname.replace(/^\[|\]$/g, ''),
    port: port === undefined ? DEFAULT_PORT : Number(port),
    // As git does it: `/~ann/jobs.git` lies in a home folder.
    path: path.startsWith('/~') ? path.slice(1) : path,
    where: `ssh://${parsed.hostname}${port === undefined ? '' : `:${port}`}${parsed.pathname}`,
  })
}

/** As git reads it: a colon before the first slash. One letter before it is a drive of Windows. */
function parseScpLike(url: string): SshPlace | null {
  const [, user, bracketed, plain, path] = /^(?:([^@/]*)@)?(?:\[([^\]]+)\]|([^/\\:[\]]{2,})):(.*)$/s.exec(url) ?? []
  const host = bracketed ?? plain
  if (host === undefined || path === undefined) return null
  return checked({
    user: user?.split(':')[0] ?? null,
    host,
    port: DEFAULT_PORT,
    path,
    // It may be user, password and host of a URL without its beginning.
    where: `${bracketed === undefined ? host : `[${host}]`}:${path.replace(/^[^/@]*@(?=[^/]+\/)/, '***@')}`,
  })
}

/** What a shell of the server, or ssh itself, would take for something else is refused, as git refuses it. */
function checked(place: SshPlace): SshPlace {
  const { host, path, user } = place
  if (host === '' || path === '' || path === '/') throw unreadable('an ssh URL')
  if (host.startsWith('-') || path.startsWith('-') || user?.startsWith('-') === true) throw unreadable('a URL whose host or path starts with a dash')
  if (/[\u0000-\u001f\u007f]/.test(host + path + (user ?? ''))) throw unreadable('a URL with control characters')
  return place
}

function unreadable(what: string): GitError {
  return new GitError('RepositoryNotFound', `${what} that cannot be read: write it as ssh://git@host/path or git@host:path`)
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

import type { Credentials } from './credentials.ts'
import { authorizationHeader, mayCarryCredentials, secretsOf } from './credentials.ts'
import { oneLine, showUrl } from './failures.ts'
import type { HttpClient, HttpResponse } from './http-client.ts'
import { GitError } from './ports.ts'
import type { GitService, GitTransport } from './transport.ts'

const MOST_REDIRECTS = 5
const USER_AGENT = 'git/2.0 (fusee)'
const VERSION_2 = { 'git-protocol': 'version=2' }

/** Speaks with the repository at `url`, which carries no credentials, over HTTP. Redirects of a greeting are followed, and remembered for what is asked. */
export function createHttpTransport(url: string, credentials: Credentials, client: HttpClient): GitTransport {
  const original = url.replace(/\/+$/, '')
  const authorization = authorizationHeader(credentials)
  const secrets = secretsOf(credentials)
  const where = showUrl(original)
  let base = original

  function headersFor(target: string, headers: Readonly<Record<string, string>>): Record<string, string> {
    const login = authorization !== null && mayCarryCredentials(original, target) ? { authorization } : {}
    return { 'user-agent': USER_AGENT, ...headers, ...login }
  }

  async function follow(
    path: string,
    headers: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ): Promise<{ response: HttpResponse; target: string }> {
    let target = original + path
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
      const response = await client.request({ method: 'GET', url: target, where, headers: headersFor(target, headers), signal })
      const location = response.headers.location
      if (![301, 302, 303, 307, 308].includes(response.status) || location === undefined) {
        if (response.status === 200) base = rebase(target, path)
        return { response, target }
      }
      response.discard()
      target = nextTarget(target, location)
    }
    throw new GitError('Unreachable', `${where} redirects more than ${MOST_REDIRECTS} times: use the URL that it leads to`)
  }

  function rebase(target: string, path: string): string {
    if (target.endsWith(path)) return target.slice(0, -path.length)
    throw new GitError('Corrupt', `${where} redirects to ${showUrl(target)}, which is no Git repository: correct the URL`)
  }

  async function check(response: HttpResponse, target: string, service: GitService, wantType: string): Promise<HttpResponse> {
    const type = response.headers['content-type'] ?? 'nothing'
    if (response.status === 200 && type.split(';')[0]?.trim() === wantType) return response
    if (response.status === 200) {
      response.discard()
      throw new GitError('Corrupt', `${where} answers with ${oneLine(type, [], 80)}, not as a Git server: check the URL`)
    }
    const text = await readErrorText(response)
    const said = text === '' ? '' : ` (it says: ${oneLine(text, secrets)})`
    const login = authorization === null ? 'none' : mayCarryCredentials(original, target) ? 'sent' : 'withheld'
    throw statusError({ status: response.status, service, where, login, said })
  }

  return {
    where,
    quote: (text) => oneLine(text, secrets),
    close: () => client.close(),
    async greet(service, signal) {
      const { response, target } = await follow(`/info/refs?service=${service}`, VERSION_2, signal)
      return (await check(response, target, service, `application/x-${service}-advertisement`)).body
    },
    async ask(service, body, version, signal) {
      const target = `${base}/${service}`
      const types = { 'content-type': `application/x-${service}-request`, accept: `application/x-${service}-result` }
      const response = await client.request({
        method: 'POST',
        url: target,
        where,
        headers: headersFor(target, { ...types, ...(version === 2 ? VERSION_2 : {}) }),
        body,
        signal,
      })
      return (await check(response, target, service, `application/x-${service}-result`)).body
    },
  }
}

function nextTarget(from: string, location: string): string {
  const next = URL.canParse(location, from) ? new URL(location, from) : null
  if (next === null || !['http:', 'https:'].includes(next.protocol)) {
    throw new GitError('Corrupt', `${showUrl(from)} redirects to something that is no HTTP URL: use another URL`)
  }
  if (from.startsWith('https:') && next.protocol === 'http:') {
    throw new GitError(
      'Unreachable',
      `${showUrl(from)} redirects to ${showUrl(next.href)}, which is not encrypted: refused, use a URL that stays with https`,
    )
  }
  next.username = ''
  next.password = ''
  return next.href
}

async function readErrorText(response: HttpResponse): Promise<string> {
  if (response.headers['content-type']?.startsWith('text/plain') !== true) {
    response.discard()
    return ''
  }
  let text = ''
  try {
    for await (const chunk of response.body) {
      text += Buffer.from(chunk).toString()
      if (text.length > 1000) break
    }
  } catch {
    // The status says enough.
  }
  return text
}

interface BadStatus {
  status: number
  service: GitService
  where: string
  /** Whether there are credentials, and whether this host was given them. */
  login: 'none' | 'sent' | 'withheld'
  /** Text of the answer, in parentheses; empty when there is none. */
  said: string
}

function statusError(bad: BadStatus): GitError {
  const { status, service, where, said } = bad
  if (status === 401) return new GitError('Unauthorized', `${where} ${UNAUTHORIZED[bad.login]}${said}`)
  if (status === 407)
    return new GitError('Unauthorized', `the proxy on the way to ${where} asks for credentials: put them into the proxy's URL${said}`)
  if (status === 403 && service === 'git-receive-pack') {
    return new GitError('PushRefused', `${where} does not let these credentials write: give them the right to push${said}`)
  }
  if (status === 403) return new GitError('Unauthorized', `${where} does not let these credentials read: give them the right${said}`)
  if (status === 404 || status === 410) {
    return new GitError(
      'RepositoryNotFound',
      `no repository at ${where}, or none that these credentials may see: check the URL and the credentials${said}`,
    )
  }
  if (status === 413) return new GitError('TooLarge', `${where} does not take a push of that size: raise the server's limit${said}`)
  if (status >= 300 && status < 400) return new GitError('Unreachable', `${where} has moved (HTTP ${status}): it is looked up again`)
  if (status >= 500 || status === 429 || status === 408) {
    return new GitError('Unreachable', `${where} is in trouble (HTTP ${status}); it is tried again${said}`)
  }
  return new GitError('Corrupt', `${where} answers HTTP ${status}, not as a Git server: check the URL${said}`)
}

const UNAUTHORIZED: Readonly<Record<BadStatus['login'], string>> = {
  none: 'asks for credentials: name their Secret in secretRef of the Repository document (--repository FILE, --secrets DIR), or put them into the URL',
  sent: 'does not accept the credentials: check user name, password or token',
  withheld: 'redirects to another host, which gets no credentials: use the URL of that host',
}

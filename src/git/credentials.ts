/** How to log in to a remote. A bearer token goes before user name and password. */
export interface Credentials {
  username?: string
  password?: string
  bearerToken?: string
  /** Certificates in PEM that are trusted beside the usual ones. */
  caCert?: string
  /** A private key for ssh; `password` is its passphrase when it has one. */
  identity?: string
  /** Keys of hosts, in OpenSSH's format of known_hosts. */
  knownHosts?: string
}

/** The header that logs in; null when there is nothing to log in with. */
export function authorizationHeader(credentials: Credentials): string | null {
  const { username, password, bearerToken } = credentials
  if (bearerToken !== undefined && bearerToken !== '') return `Bearer ${bearerToken}`
  if (username === undefined && password === undefined) return null
  // Forges that take a token as the password want some user name.
  const user = username === undefined || username === '' ? 'git' : username
  return `Basic ${Buffer.from(`${user}:${password ?? ''}`).toString('base64')}`
}

/** Whatever must not show up in a message. */
export function secretsOf(credentials: Credentials): string[] {
  const secrets = [credentials.password, credentials.bearerToken, authorizationHeader(credentials)?.split(' ')[1]]
  return secrets.filter((secret): secret is string => secret !== undefined && secret !== '')
}

/** Takes user name and password out of a URL; given credentials go before those. The URL comes back without them, and without query and fragment. */
export function splitCredentials(url: URL, given: Credentials): { url: string; credentials: Credentials } {
  const bare = new URL(url)
  bare.username = ''
  bare.password = ''
  bare.search = ''
  bare.hash = ''
  const hasLogin = given.username !== undefined || given.password !== undefined || given.bearerToken !== undefined
  if (hasLogin || (url.username === '' && url.password === '')) return { url: bare.href, credentials: given }
  const credentials = { ...given, username: decode(url.username), password: decode(url.password) }
  return { url: bare.href, credentials }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // A stray percent sign: taken as it stands.
    return text
  }
}

/** Whether a log-in meant for one URL may be sent to another: the same origin, or the same host after it insists on TLS. */
export function mayCarryCredentials(from: string, to: string): boolean {
  const [meant, asked] = [new URL(from), new URL(to)]
  if (meant.origin === asked.origin) return true
  return meant.protocol === 'http:' && asked.protocol === 'https:' && meant.hostname === asked.hostname && meant.port === '' && asked.port === ''
}

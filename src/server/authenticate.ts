import type { ListenAddress } from '../config/listen-address.ts'

/** Who asks. */
export interface Identity {
  /** As it goes into records: `by`. */
  name: string
  groups: string[]
}

/** What a request wants to do, in the words of Kubernetes' authorization: a verb on `runs` or `repositories` of `fusee.dev`. */
export interface Access {
  verb: 'get' | 'list' | 'create' | 'update' | 'delete'
  resource: 'runs' | 'repositories'
}

/** One object, or all of a namespace, or all. */
export interface AccessTarget {
  namespace?: string
  name?: string
}

/** What a request carries to say who asks. */
export interface Credentials {
  bearerToken: string | null
  header(name: string): string | null
}

/** Says who asks and what they may. Both methods may reject in passing: the request is then answered with 503. */
export interface Authenticator {
  /** Null when the request does not say who asks, or when it is not so. */
  authenticate(credentials: Credentials): Promise<Identity | null>
  isAllowed(identity: Identity, access: Access, target: AccessTarget): Promise<boolean>
}

/** The header in which a client on this machine says whose name is to go into records. */
export const USER_HEADER = 'fusee-user'

const LONGEST_NAME = 200

/** Whoever reaches the loopback address is this machine's own: they may do everything, under the name that they give. */
export const loopbackAuthenticator: Authenticator = {
  authenticate(credentials) {
    const name = decoded(credentials.header(USER_HEADER) ?? '')
      .trim()
      .slice(0, LONGEST_NAME)
    return Promise.resolve({ name: name === '' ? 'api' : name, groups: [] })
  },
  isAllowed: () => Promise.resolve(true),
}

/** Percent-encoded, since a header has no other letters than those of English. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}

/** Nobody can say who they are: without something that asks a cluster, nothing is open beyond loopback. */
export const refusingAuthenticator: Authenticator = {
  authenticate: () => Promise.resolve(null),
  isAllowed: () => Promise.resolve(false),
}

/** Whether nobody but this machine can reach the address. */
export function isLoopback({ host }: Pick<ListenAddress, 'host'>): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host)
}

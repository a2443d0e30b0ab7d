import { readFileSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import type { RequestOptions } from 'node:https'

/** Credentials and certificates are looked at again this often: tokens rotate, exec plugins answer for a while. */
const REFRESH_MS = 10_000
/** Requests that are under way at once, beside watches; the rest wait for a connection. */
const MOST_CONNECTIONS = 100

/** Where the API server is, and how to show who we are. */
export interface Connection {
  server: URL
  /** Namespace of the context, or of the pod that this process runs in; null when neither says. */
  namespace: string | null
  /** What a request needs besides its path: credentials as they are now, on connections that are kept alive. `isRefused` after a 401: ask for new ones. */
  options(isRefused?: boolean): Promise<Pick<RequestOptions, 'headers' | 'agent'>>
  close(): void
}

/** There is no kubeconfig, or it cannot be used. The message says what to do. */
class KubeconfigError extends Error {
  override name = 'KubeconfigError'
}

/** What client-node's KubeConfig does for us: kubeconfigs in all their forms, exec plugins, OIDC, the pod's own token. */
interface Kubeconfig {
  getCurrentCluster(): { server: string; skipTLSVerify?: boolean; tlsServerName?: string; proxyUrl?: string } | null
  getContextObject(name: string): { namespace?: string } | null
  getCurrentContext(): string
  applyToHTTPSOptions(options: RequestOptions): Promise<void>
}

/**
 * The API server that `$KUBECONFIG`, `~/.kube/config` or the pod's service account names. Throws KubeconfigError.
 * The library is loaded only here: it takes a third of a second, which commands without a cluster need not spend.
 */
export async function connect(env: Readonly<Record<string, string | undefined>>): Promise<Connection> {
  const { KubeConfig } = await import('@kubernetes/client-node/dist/config.js')
  const config = new KubeConfig()
  try {
    config.loadFromDefault()
  } catch (error) {
    throw new KubeconfigError(`cannot read the kubeconfig ${env['KUBECONFIG'] ?? '~/.kube/config'}: ${messageOf(error)}`, { cause: error })
  }
  return connectTo(config)
}

function connectTo(config: Kubeconfig): Connection {
  const cluster = config.getCurrentCluster()
  if (cluster === null || cluster.server === 'http://localhost:8080') {
    throw new KubeconfigError('no cluster to talk to: set KUBECONFIG, write ~/.kube/config, or run in a pod with a service account')
  }
  const server = new URL(cluster.server)
  const library = server.protocol === 'http:' ? http : https
  let known: { headers: RequestOptions['headers']; agent: http.Agent; tls: string; untilMs: number } | null = null

  async function refresh(): Promise<NonNullable<typeof known>> {
    const found: RequestOptions = { headers: {} }
    // Without TLS there is nothing but the headers to be had, and client-node refuses plain http unless it is told so.
    await config.applyToHTTPSOptions(found)
    const { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername } = found
    const tls = { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername: servername ?? cluster?.tlsServerName }
    const given = Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined && value !== null))
    const fingerprint = JSON.stringify(given)
    const authorization = typeof found.auth === 'string' ? { authorization: `Basic ${Buffer.from(found.auth).toString('base64')}` } : {}
    const agent = known?.tls === fingerprint ? known.agent : createAgent(found, given)
    // Requests that are under way keep the old agent; its idle connections end by themselves.
    known = { headers: { ...found.headers, ...authorization }, agent, tls: fingerprint, untilMs: performance.now() + REFRESH_MS }
    return known
  }

  /** A proxy's agent is client-node's; otherwise ours, which keeps connections. */
  function createAgent(found: RequestOptions, tls: Record<string, unknown>): http.Agent {
    if (cluster?.proxyUrl !== undefined && found.agent instanceof http.Agent) return found.agent
    return new library.Agent({ keepAlive: true, maxSockets: Infinity, maxFreeSockets: MOST_CONNECTIONS, ...tls })
  }

  return {
    server,
    namespace: config.getContextObject(config.getCurrentContext())?.namespace ?? podNamespace(),
    async options(isRefused = false) {
      const { headers, agent } = known === null || isRefused || performance.now() > known.untilMs ? await refresh() : known
      return { headers, agent }
    },
    close() {
      known?.agent.destroy()
    },
  }
}

function podNamespace(): string | null {
  try {
    return readFileSync('/var/run/secrets/kubernetes.io/serviceaccount/namespace', 'utf8').trim()
  } catch {
    return null
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

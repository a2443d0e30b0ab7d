import http from 'node:http'
import https from 'node:https'
import { rootCertificates } from 'node:tls'
import { HttpProxyAgent } from 'http-proxy-agent'
import { HttpsProxyAgent } from 'https-proxy-agent'

/** Kept connections, one pool for each way out. */
export interface HttpAgents {
  /** What a request to the URL is to be made with. */
  get(url: string, proxy: URL | null): Pick<https.RequestOptions, 'agent' | 'ca'>
  close(): void
}

/** `caCert` is trusted beside the usual authorities, of the remote as of the proxy. */
export function createHttpAgents(caCert: string | undefined): HttpAgents {
  const ca = caCert === undefined ? {} : { ca: [...rootCertificates, caCert] }
  const agents = new Map<string, http.Agent>()

  function create(isSecure: boolean, proxy: URL | null): http.Agent {
    if (proxy === null) return isSecure ? new https.Agent({ keepAlive: true, ...ca }) : new http.Agent({ keepAlive: true })
    return isSecure ? new HttpsProxyAgent(proxy, { keepAlive: true, ...ca }) : new HttpProxyAgent(proxy, { keepAlive: true, ...ca })
  }

  return {
    get(url, proxy) {
      const isSecure = url.startsWith('https:')
      const key = `${String(isSecure)} ${proxy?.href ?? ''}`
      const agent = agents.get(key) ?? create(isSecure, proxy)
      agents.set(key, agent)
      // Of an agent for a proxy, only the way to the proxy would know the authority.
      return { agent, ...ca }
    },
    close() {
      for (const agent of agents.values()) agent.destroy()
      agents.clear()
    },
  }
}

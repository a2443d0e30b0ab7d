import { BlockList, isIP } from 'node:net'
import { showUrl } from './failures.ts'
import { GitError } from './ports.ts'

/** Variables of the environment by name; those in lower case go before those in upper case, as most programs have it. */
export type ProxyVariables = Readonly<Record<string, string | undefined>>

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' }

/**
 * The proxy for a URL by `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`; null for none. Own code because the usual package
 * reads the process's environment, and knows no networks (`10.0.0.0/8`) in NO_PROXY, which clusters are full of. Throws GitError for
 * a proxy that cannot be used.
 */
export function proxyFor(url: string, variables: ProxyVariables): URL | null {
  const target = new URL(url)
  const scheme = target.protocol.slice(0, -1)
  const written = variable(variables, `${scheme}_proxy`) ?? variable(variables, 'all_proxy')
  if (written === undefined || isExcluded(target, variable(variables, 'no_proxy') ?? '')) return null
  const text = written.includes('://') ? written : `http://${written}`
  const proxy = URL.canParse(text) ? new URL(text) : null
  if (proxy !== null && ['http:', 'https:'].includes(proxy.protocol) && proxy.hostname !== '') return proxy
  throw new GitError(
    'Unreachable',
    `the proxy ${showUrl(text)} for ${showUrl(url)} cannot be used: ${scheme.toUpperCase()}_PROXY must be an http or https URL`,
  )
}

function variable(variables: ProxyVariables, name: string): string | undefined {
  const value = variables[name] ?? variables[name.toUpperCase()]
  return value === '' ? undefined : value
}

/** `*`, hosts with their sub-domains, addresses and networks, each with a port if wished. */
function isExcluded({ hostname, port, protocol }: URL, list: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '').toLowerCase()
  const targetPort = port === '' ? DEFAULT_PORTS[protocol] : port
  const entries = list.toLowerCase().split(/[\s,]+/)
  return entries.some((entry) => {
    if (entry === '' || entry === '*') return entry === '*'
    const { name, port: wantedPort } = splitPort(entry)
    if (wantedPort !== null && wantedPort !== targetPort) return false
    if (isIP(host) !== 0) return isInNetwork(host, name)
    const domain = name.replace(/^\*?\./, '')
    return host === domain || host.endsWith(`.${domain}`)
  })
}

/** IPv6 addresses have colons of their own: only in brackets can a port follow them. */
function splitPort(entry: string): { name: string; port: string | null } {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(entry) ?? []
  return { name: bracketed ?? plain ?? entry, port: port ?? null }
}

function isInNetwork(address: string, entry: string): boolean {
  const [network = '', bits] = entry.split('/')
  const family = isIP(network) === 6 ? 'ipv6' : 'ipv4'
  const prefix = Number(bits ?? (family === 'ipv6' ? 128 : 32))
  if (isIP(network) === 0 || isIP(network) !== isIP(address) || !(prefix >= 0 && prefix <= (family === 'ipv6' ? 128 : 32))) return false
  const networks = new BlockList()
  networks.addSubnet(network, prefix, family)
  return networks.check(address, family)
}

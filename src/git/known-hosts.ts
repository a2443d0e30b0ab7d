import { createHmac } from 'node:crypto'

/** A line of known_hosts: keys that hosts may show, or must not. */
interface KnownHost {
  matches: (name: string) => boolean
  type: string
  blob: Buffer
  isRevoked: boolean
}

/** What known_hosts says of one host. */
export interface HostKeys {
  /** Types of the keys that it may show, as in `ssh-ed25519`. */
  types: string[]
  judge(blob: Uint8Array): 'Known' | 'Revoked' | 'Other'
}

const DEFAULT_PORT = 22

/**
 * The keys of a host in a text of OpenSSH's format: plain, patterned and hashed names, ports in brackets, revoked keys. Lines of
 * certificate authorities do not count, since host certificates are not supported; neither do lines that cannot be read.
 */
export function findHostKeys(knownHosts: string, host: string, port: number): HostKeys {
  const names = port === DEFAULT_PORT ? [host] : [`[${host}]:${port}`]
  const lines = knownHosts.split('\n').flatMap((line) => parseLine(line.trim()))
  const found = lines.filter((line) => names.some((name) => line.matches(name.toLowerCase())))
  return {
    types: [...new Set(found.filter((line) => !line.isRevoked).map((line) => line.type))],
    judge(blob) {
      const same = found.filter((line) => line.blob.equals(blob))
      if (same.some((line) => line.isRevoked)) return 'Revoked'
      return same.length > 0 ? 'Known' : 'Other'
    },
  }
}

function parseLine(line: string): KnownHost[] {
  if (line === '' || line.startsWith('#')) return []
  const words = line.split(/\s+/)
  const marker = line.startsWith('@') ? words.shift() : undefined
  if (marker === '@cert-authority') return []
  const [names = '', type, base64] = words
  if (type === undefined || base64 === undefined) return []
  return [{ matches: createMatcher(names), type, blob: Buffer.from(base64, 'base64'), isRevoked: marker === '@revoked' }]
}

function createMatcher(names: string): (name: string) => boolean {
  const [, salt, hash] = /^\|1\|([^|]+)\|(.+)$/.exec(names) ?? []
  if (salt !== undefined && hash !== undefined) {
    return (name) => createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash
  }
  const patterns = names.toLowerCase().split(',')
  const [refused, allowed] = [patterns.filter((pattern) => pattern.startsWith('!')), patterns.filter((pattern) => !pattern.startsWith('!'))]
  return (name) => allowed.some((pattern) => isMatch(pattern, name)) && !refused.some((pattern) => isMatch(pattern.slice(1), name))
}

/** `*` is any text, `?` one character. Without going back and forth, so that no pattern takes long. */
function isMatch(pattern: string, name: string): boolean {
  const [first = '', ...parts] = pattern.split('*')
  const last = parts.pop()
  if (last === undefined) return first.length === name.length && fits(first, name, 0)
  if (!fits(first, name, 0)) return false
  let at = first.length
  for (const part of parts) {
    while (at + part.length <= name.length && !fits(part, name, at)) at++
    if (at + part.length > name.length) return false
    at += part.length
  }
  return name.length - last.length >= at && fits(last, name, name.length - last.length)
}

function fits(part: string, name: string, at: number): boolean {
  if (at + part.length > name.length) return false
  for (let index = 0; index < part.length; index++) if (part[index] !== '?' && part[index] !== name[at + index]) return false
  return true
}

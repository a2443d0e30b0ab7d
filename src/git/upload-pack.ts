import type { Packet } from './pkt-line.ts'
import { CutStreamError, packetText, readPackets } from './pkt-line.ts'
import { GitError } from './ports.ts'
import type { GitTransport } from './transport.ts'
import type { Advertisement, FetchRequest, FetchResult, PackSink, RemoteRefs } from './fetch-protocol.ts'
import { RemoteRefusalError, checkPacket } from './fetch-protocol.ts'
import { fetchVersion0, parseVersion0 } from './upload-pack-v0.ts'
import { fetchVersion2, listRefsVersion2, parseVersion2 } from './upload-pack-v2.ts'

/** The reading half of a git server. Throws GitError; RemoteRefusalError when the server has no such objects, or does not give them. */
export interface UploadPack {
  /** Refs whose names start with one of the prefixes; one small request, except for the first. */
  refs(prefixes: readonly string[], signal?: AbortSignal): Promise<RemoteRefs>
  /** Whether filters, and fetching what they left out by id, are allowed. */
  canFilter(signal?: AbortSignal): Promise<boolean>
  fetch(request: FetchRequest, sink: PackSink, signal?: AbortSignal): Promise<FetchResult>
}

/** Speaks version 2 of the protocol, and version 0 with servers that know no better. */
export function createUploadPack(remote: GitTransport): UploadPack {
  let known: Advertisement | null = null

  async function discover(signal?: AbortSignal): Promise<Advertisement> {
    known = parseAdvertisement(await readAllPackets(remote, await remote.greet('git-upload-pack', signal)), remote.where)
    return known
  }

  /** What fails may fail because the server has changed: the next request starts from the beginning. */
  async function forgetting<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof RemoteRefusalError)) known = null
      throw error instanceof CutStreamError ? cutError(remote.where, error) : error
    }
  }

  return {
    refs: (prefixes, signal) =>
      forgetting(async () => {
        // Version 0 lists its refs in the greeting only.
        const greeting = known === null || known.version === 0 ? await discover(signal) : known
        if (greeting.version === 2) return listRefsVersion2(remote, greeting.capabilities, prefixes, signal)
        const refs = [...greeting.refs].filter(([ref]) => prefixes.some((prefix) => ref.startsWith(prefix)))
        return { refs: new Map(refs), headBranch: greeting.headBranch }
      }),
    canFilter: (signal) =>
      forgetting(async () => {
        const { version, capabilities } = known ?? (await discover(signal))
        if (version === 2) return (capabilities.get('fetch') ?? '').split(' ').includes('filter')
        return ['filter', 'allow-tip-sha1-in-want', 'allow-reachable-sha1-in-want'].every((name) => capabilities.has(name))
      }),
    fetch: (request, sink, signal) =>
      forgetting(async () => {
        const { version, capabilities } = known ?? (await discover(signal))
        return version === 2 ? fetchVersion2(remote, request, sink, signal) : fetchVersion0(remote, capabilities, request, sink, signal)
      }),
  }
}

/** The connection ended too early. */
function cutError(where: string, cause: unknown): GitError {
  return new GitError('Unreachable', `cannot reach ${where}: the connection was cut in the middle of the answer; it is tried again`, { cause })
}

async function readAllPackets(remote: GitTransport, answer: AsyncIterable<Uint8Array>): Promise<Packet[]> {
  const packets: Packet[] = []
  for await (const packet of readPackets(answer, remote.where)) packets.push(checkPacket(remote, packet))
  if (packets.at(-1)?.kind !== 'flush') throw new CutStreamError('the answer ends before its end')
  return packets
}

function parseAdvertisement(packets: readonly Packet[], where: string): Advertisement {
  const lines = packets.flatMap((packet) => (packet.kind === 'data' ? [packetText(packet)] : []))
  const content = lines[0]?.startsWith('# service=') === true ? lines.slice(1) : lines
  const greeting = content[0] === 'version 2' ? parseVersion2(content.slice(1)) : parseVersion0(content)
  const format = greeting.capabilities.get('object-format') ?? 'sha1'
  if (format === 'sha1') return greeting
  throw new GitError('Corrupt', `${where} has ${format} object ids, which this version cannot read: use a repository with SHA-1 ids`)
}
